/** `openndes pfx revoke`. */
import { type Command, Option } from 'commander';
import { ConfigError } from '../../core/errors.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../core/issuer.ts';
import type { Store } from '../../core/store.ts';
import type { UserKey } from '../../core/user-key-store.ts';
import { revokeUserKey } from '../../pfx/revoke-user-key.ts';
import { EXIT, Exit } from '../exit.ts';
import { example } from '../options.ts';
import { counted, type Output, printable } from '../output.ts';
import { peopleRules, type PfxOptions, purposeIn, withPfxOptions } from '../people-options.ts';
import { entriesFor, working } from './pfx-keys.ts';

type RevokeOptions = PfxOptions & { purpose?: string; reason: RevocationReason; why?: string };

/** Registers it below `pfx`. */
export function registerPfxRevoke(pfx: Command, output: Output): void {
  withPfxOptions(pfx.command('revoke'))
    .description(
      'revoke keys of a person: the certificate here and at its CA, and the import in Intune. What is in escrow stays',
    )
    .argument('<user-or-id>', 'a user principal name, for all keys that are not ended; or the id of one key')
    .option('--purpose <purpose>', 'only encryption or signing')
    .addOption(
      new Option('--reason <reason>', 'reason in the revocation list')
        .choices(Object.keys(REVOCATION_REASONS))
        .default('unspecified'),
    )
    .option('--why <text>', 'for the history')
    .addHelpText(...example('openndes pfx revoke jane@contoso.example --purpose signing --reason keyCompromise'))
    .action((who: string, options: RevokeOptions) => revoke(who, options, output));
}

async function revoke(who: string, options: RevokeOptions, output: Output): Promise<void> {
  const { reason, why } = options;
  const purpose = options.purpose === undefined ? undefined : purposeIn(options.purpose);
  if (reason === 'certificateHold')
    throw new ConfigError(
      'a key of a person is not put on hold',
      'Name another reason; what was deleted in Intune does not come back.',
    );
  const rules = peopleRules(options);
  await working(rules, output, async (services, signal, management) => {
    const keys = (await keysOf(who, rules.place.tenant, management.store)).filter(
      (key) => purpose === undefined || key.purpose === purpose,
    );
    const asked = { reason, ...(why !== undefined && { why }), entryOf: entriesFor(management, rules.place) };
    let left = 0;
    for (const key of keys) {
      const result = await revokeUserKey(key, asked, { ...services, store: management.store }, signal);
      output.out(printable(`${key.id}  ${key.userPrincipalName}  ${key.purpose}  ${TOLD[result]}`));
      if (result === 'left') left++;
      if (key.origin === 'file')
        output.err(printable(`${key.id}: its certificate is of another CA, which has to revoke it`));
    }
    output.out(`revoked: ${counted(keys.length - left)}`);
    if (left > 0) throw new Exit(EXIT.failed);
  });
}

const TOLD = { revoked: 'revoked', ended: 'has ended already', left: 'was changed meanwhile: run it again' } as const;

/** Throws ConfigError when there is none. */
async function keysOf(who: string, tenant: string, store: Store): Promise<UserKey[]> {
  const one = await store.findUserKey(who);
  if (one?.tenant === tenant) return [one];
  const keys = await store.listUserKeys({ tenant, user: who, states: ['wanted', 'issued', 'imported', 'failed'] });
  if (keys.length > 0) return keys;
  throw new ConfigError(
    `${printable(who)}: no key of the tenant ${tenant} has this id or user`,
    '`openndes pfx list` has all keys; those that have ended are named by their id alone.',
  );
}
