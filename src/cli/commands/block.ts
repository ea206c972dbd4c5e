/** `openndes block`: what gets no certificate, whatever the policy says. Works on the store, whether the server runs or not. */
import { type Command, InvalidArgumentError } from 'commander';
import type { BlockEntry, BlockName } from '../../core/records.ts';
import { addBlock, blockName, listBlocks, removeBlock } from '../../manage/block-list.ts';
import { CONFIG, example } from '../options.ts';
import { type Output, printable, table } from '../output.ts';
import { failed, withStore } from './certs-store.ts';

/** Registers the group and its commands. */
export function registerBlock(program: Command, output: Output): void {
  const group = program
    .command('block')
    .description(
      'the block list: devices, users, subjects, keys and certificates that get no certificate and no renewal',
    );
  for (const register of [registerAdd, registerList, registerRemove]) register(group, output);
}

const NAMES =
  'device:ID (of Intune or Entra), user:UPN, subject:"CN=…", key:SHA256 (of the SubjectPublicKeyInfo), serial:SERIAL (or ISSUERID/SERIAL)';

/** An argument parser for names that may be repeated. */
function names(text: string, before: BlockName[] | undefined): BlockName[] {
  const name = blockName(text);
  if (!name) throw new InvalidArgumentError(`One of ${NAMES} is needed.`);
  return [...(before ?? []), name];
}

function registerAdd(group: Command, { out, err }: Output): void {
  group
    .command('add')
    .description('block something: it is asked before the policy, also for renewals; what was issued stays valid')
    .argument('<name...>', NAMES, names)
    .option('--comment <text>', 'why, for the list and the history')
    .option(...CONFIG)
    .addHelpText(...example('openndes block add device:5f2c01aa-0000-4000-8000-000000000001 --comment "lost in Oslo"'))
    .action(async (wanted: BlockName[], { config, comment }: { config: string; comment?: string }) => {
      const more = comment === undefined ? {} : { comment };
      await each(wanted, { config, err }, async (name, management) => {
        const isNew = await addBlock(management, name, more);
        out(`${isNew ? 'blocked' : 'blocked already'}: ${printable(name)}`);
        return true;
      });
    });
}

function registerRemove(group: Command, { out, err }: Output): void {
  group
    .command('remove')
    .description('take something out of the list')
    .argument('<name...>', 'as `block list` shows it', names)
    .option(...CONFIG)
    .addHelpText(...example('openndes block remove user:ada@example.com'))
    .action(async (wanted: BlockName[], { config }: { config: string }) => {
      const all = await each(wanted, { config, err }, async (name, management) => {
        const removed = await removeBlock(management, name);
        if (removed) out(`removed: ${printable(name)}`);
        else err(`not in the list: ${printable(name)}`);
        return removed;
      });
      if (!all) failed('See openndes block list.', err);
    });
}

type Work = (name: BlockName, management: Parameters<Parameters<typeof withStore>[2]>[0]) => Promise<boolean>;

/** Returns whether it worked for all of them. */
const each = (
  wanted: readonly BlockName[],
  { config, err }: { config: string; err: Output['err'] },
  work: Work,
): Promise<boolean> =>
  withStore(config, { err }, async (management) => {
    let all = true;
    for (const name of wanted) all = (await work(name, management)) && all;
    return all;
  });

function registerList(group: Command, { out, err }: Output): void {
  group
    .command('list')
    .description('the list, with who added each entry, when and why')
    .option(...CONFIG)
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes block list --json'))
    .action(async ({ config, json }: { config: string; json?: true }) => {
      const entries = await withStore(config, { err }, listBlocks);
      out(json ? JSON.stringify(entries) : listing(entries));
    });
}

const listing = (entries: readonly BlockEntry[]): string =>
  table([
    ['NAME', 'SINCE', 'BY', 'COMMENT'],
    ...entries.map(({ name, at, by, comment = '-' }) => [name, at.toISOString().slice(0, 19), by, comment]),
  ]);
