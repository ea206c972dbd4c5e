/** `openndes pfx issue`, `list`, `renew` and `reconcile`: keys of people in Intune. */
import type { Command } from 'commander';
import { openExistingStore } from '../../app/configured-store.ts';
import { readTextFile } from '../../app/files.ts';
import { withUserKeys } from '../../app/pfx-work.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';
import type { UserKey } from '../../core/user-key-store.ts';
import { systemClock } from '../../embed/system.ts';
import { auditEntry, type Management } from '../../manage/administrator.ts';
import { followUserKeys } from '../../pfx/follow-user-keys.ts';
import { makeUserKeys } from '../../pfx/make-user-keys.ts';
import type { UserKeyServices } from '../../pfx/user-key-services.ts';
import { comparisonNoted, departedNoted, type TurnServices } from '../../pfx/user-key-turn.ts';
import { type AskingParts, wantUserKey } from '../../pfx/wanted-user-key.ts';
import { commandLineUser } from '../command-line-user.ts';
import { EXIT, Exit } from '../exit.ts';
import { CONFIG, example } from '../options.ts';
import { type PeopleRules, peopleRules, type PfxOptions, purposeIn, withPfxOptions } from '../people-options.ts';
import { counted, jsonText, type Output, printable } from '../output.ts';
import { assertStore, failed, withStore } from './certs-store.ts';

type IssueOptions = PfxOptions & { purpose?: string; users?: string; dryRun?: true };

/** Registers them below `pfx`. */
export function registerPfxKeys(pfx: Command, output: Output): void {
  for (const register of [registerIssue, registerList, registerRenew, registerReconcile]) register(pfx, output);
}

function registerIssue(pfx: Command, output: Output): void {
  withPfxOptions(pfx.command('issue'))
    .description('make keys for users and import them into Intune; run it again to go on after an interruption')
    .argument('[users...]', 'user principal names')
    .option('--users <file>', 'a file with one user principal name in each line')
    .option('--purpose <purpose>', 'encryption or signing, when it is not `pfx.people.purposes`')
    .option('--dry-run', 'say for whom a key would be made, and record nothing')
    .addHelpText(...example('openndes pfx issue jane@contoso.example'))
    .action((users: string[], options: IssueOptions) => issue(users, options, output));
}

async function issue(given: string[], options: IssueOptions, output: Output): Promise<void> {
  const rules = peopleRules(options);
  const purposes = options.purpose === undefined ? rules.purposes : [purposeIn(options.purpose)];
  const wanted = namesIn(given, options.users).flatMap((name) => purposes.map((purpose) => ({ name, purpose })));
  if (options.dryRun) return wanted.forEach(({ name, purpose }) => output.out(printable(`${name}: ${purpose}`)));
  await working(rules, output, async (services, signal, management) => {
    const entryOf = entriesFor(management, rules.place);
    for (const { name, purpose } of wanted) {
      const { kind } = await wantUserKey({ userPrincipalName: name, purpose }, { ...services, entryOf });
      if (kind !== 'wanted') output.err(printable(`${name} ${SKIPPED[kind]}`));
    }
    await made(services, output, signal);
  });
}

function namesIn(given: readonly string[], file: string | undefined): string[] {
  const lines = file === undefined ? [] : readTextFile(file, 'the list of users').split('\n');
  const names = new Map([...given, ...lines].map((each) => [each.trim().toLowerCase(), each.trim()]));
  names.delete('');
  const wrong = [...names.values()].find((name) => !/^[^@\s]+@[^@\s]+$/.test(name));
  if (wrong !== undefined)
    throw new ConfigError(`${printable(wrong)} is no user principal name`, 'Give names such as jane@contoso.example.');
  return [...names.values()];
}

/** Why no key is wanted now, so that a list can be given again after an interruption. */
const SKIPPED = { has: 'has a key', underWay: 'is under way' } as const;

/** Exit 1 when a key has failed or is to be tried again: `pfx list` says why. */
async function made(services: UserKeyServices, { out }: Output, signal: AbortSignal): Promise<void> {
  const { imported, failed: final, later } = await makeUserKeys(services, signal);
  out(`imported: ${counted(imported)}, failed: ${counted(final)}, to be tried again: ${counted(later)}`);
  if (final + later > 0) throw new Exit(EXIT.failed);
}

function registerList(pfx: Command, { out, err }: Output): void {
  pfx
    .command('list')
    .description('the keys of people that were made, oldest first, and what is wrong with them')
    .option('--user <name>', 'of this user principal name')
    .option('--json', 'one JSON array')
    .option(...CONFIG)
    .addHelpText(...example('openndes pfx list --user jane@contoso.example'))
    .action(({ config, user, json }: { config: string; user?: string; json?: true }) =>
      withStore(config, { err }, async ({ store }) => {
        const keys = await store.listUserKeys(user === undefined ? {} : { user });
        if (json) return out(jsonText(keys.map(shown)));
        for (const key of keys) out(lineOf(key));
      }),
    );
}

/** What is in escrow is for `pfx escrow` alone. */
const shown = ({ escrow, ...key }: UserKey): object => ({ ...key, inEscrow: escrow !== undefined });

const lineOf = ({ id, userPrincipalName, purpose, state, ends, fault }: UserKey): string =>
  printable(
    [id, userPrincipalName, purpose, state, ends?.toISOString().slice(0, 10) ?? '-', ...(fault ? [fault] : [])].join(
      '  ',
    ),
  );

function registerRenew(pfx: Command, output: Output): void {
  withPfxOptions(pfx.command('renew'))
    .description(
      'what is due: successors of keys that end, keys that are to be tried again, old keys out of Intune, certificates of users who have gone. Run it every day',
    )
    .option(
      '--most-gone <number>',
      'when more users than this have gone at once, none of their keys is touched; when it is not that of `pfx.people`',
    )
    .addHelpText(...example('openndes pfx renew'))
    .action((options: PfxOptions & { mostGone?: string }) => {
      const rules = peopleRules(options);
      const mostGone = options.mostGone === undefined ? rules.mostGone : mostIn(options.mostGone);
      return working(rules, output, (services, signal) => renew(services, { output, ...rules, mostGone }, signal));
    });
}

function mostIn(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new ConfigError('`--most-gone` is no whole number', 'Give a number such as 20.');
}

async function renew(
  services: TurnServices,
  { output, times, mostGone }: { output: Output } & Pick<PeopleRules, 'times' | 'mostGone'>,
  signal: AbortSignal,
): Promise<void> {
  const { out, err } = output;
  const { users, left } = await departedNoted(services, mostGone, signal);
  out(`users who have gone: ${counted(users)}`);
  if (left > 0)
    err(
      `${counted(left)} users have gone at once: nothing was touched. Look at the directory, then raise --most-gone.`,
    );
  const { wanted, removed, ending } = await followUserKeys(services, times, signal);
  out(`successors wanted: ${counted(wanted)}, old keys taken out: ${counted(removed)}`);
  for (const key of ending) err(printable(`ends soon without a successor: ${lineOf(key)}`));
  await made(services, output, signal);
  if (left > 0) throw new Exit(EXIT.failed);
}

function registerReconcile(pfx: Command, output: Output): void {
  const { out } = output;
  withPfxOptions(pfx.command('reconcile'))
    .description('compare what Intune lists with the store; nothing is changed. Exit 1 when they differ')
    .addHelpText(...example('openndes pfx reconcile'))
    .action((options: PfxOptions) =>
      working(peopleRules(options), output, async (services, signal) => {
        const { same, unknown, missing } = await comparisonNoted(services, signal);
        out(`the same: ${counted(same)}`);
        for (const each of unknown)
          out(printable(`only Intune has: ${each.id}  ${each.userPrincipalName}  ${each.purpose}`));
        for (const key of missing) out(printable(`only the store has: ${lineOf(key)}`));
        if (unknown.length + missing.length > 0) throw new Exit(EXIT.failed);
      }),
    );
}

type Work = (services: TurnServices, signal: AbortSignal, management: Management<Store>) => Promise<void>;

/** Entries of the history by who runs the command, under the endpoint that issues. */
export const entriesFor =
  (management: Management<Store>, { endpoint }: PeopleRules['place']): NonNullable<AskingParts['entryOf']> =>
  (fields) =>
    auditEntry(management, { ...fields, endpoint });

/** Runs the work with the lease of the tenant, and exits after it was given back. */
export async function working({ place }: Pick<PeopleRules, 'place'>, { err }: Output, work: Work): Promise<void> {
  const store = await openExistingStore(place.file, assertStore);
  const management: Management<Store> = { store, clock: systemClock, ...commandLineUser() };
  let exit: Exit | undefined;
  try {
    const done = await withUserKeys(place, management, (services, signal) =>
      work(services, signal, management).catch((error: unknown) => {
        if (!(error instanceof Exit)) throw error;
        exit = error;
      }),
    );
    if (!done) failed('another process works on the keys of this tenant at this moment', err);
  } finally {
    await store.close();
  }
  if (exit) throw exit;
}
