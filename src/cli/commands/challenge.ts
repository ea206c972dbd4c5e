/** `openndes challenge`: one-time passwords from the command line. Writes to the store, whether the server runs or not. */
import type { Command } from 'commander';
import { challengeIssuers } from '../../app/challenge-issuers.ts';
import { readPasswordEndpoints } from '../../app/configuration-file.ts';
import { openStore } from '../../app/configured-store.ts';
import { BindingError, bindingOf } from '../../manage/challenge-binding.ts';
import type { AuditStore } from '../../core/store.ts';
import { systemClock } from '../../embed/system.ts';
import type { Management } from '../../manage/administrator.ts';
import { type ChallengeIssuer, issuerFor, passwordEntry } from '../../manage/one-time-passwords.ts';
import { commandLineUser } from '../command-line-user.ts';
import { collect, CONFIG, example } from '../options.ts';
import type { Output } from '../output.ts';
import { failed } from './certs-store.ts';

type ChallengeOptions = { config: string; endpoint?: string; subject?: string; san: string[]; json?: true };

/** Registers the group and its command. */
export function registerChallenge(program: Command, output: Output): void {
  program
    .command('challenge')
    .description('one-time passwords for endpoints with the policy oneTime')
    .command('new')
    .description('issue a one-time password and print it')
    .option(...CONFIG)
    .option('--endpoint <path>', 'name or path of the endpoint; not needed when only one has such passwords')
    .option('--subject <dn>', 'bind the password to this subject; a request for another one is refused')
    .option(
      '--san <name>',
      'with --subject: dns:, email:, upn:, uri: or ip: and a name that the request may have; may be repeated',
      collect,
      [],
    )
    .option('--json', 'one JSON object: challenge, expiresAt, endpoint, id')
    .addHelpText(...example('openndes challenge new --endpoint /scep/routers --json'))
    .action((options: ChallengeOptions) => issue(options, output));
}

async function issue(options: ChallengeOptions, output: Output): Promise<void> {
  const config = readPasswordEndpoints(options.config);
  const store = await openStore(config);
  try {
    const issuers = challengeIssuers(config, store);
    const issuer = issuerFor(issuers, options.endpoint) ?? unknownEndpoint(issuers, output.err);
    const management = { store, clock: systemClock, ...commandLineUser() };
    await printPassword(issuer, { management, options }, output);
  } finally {
    await store.close();
  }
}

async function printPassword(
  issuer: ChallengeIssuer,
  { management, options }: { management: Management<AuditStore>; options: ChallengeOptions },
  { out, err }: Output,
): Promise<void> {
  const { endpoint } = issuer;
  const { json } = options;
  const challenge = await bound(() => issuer.issue(management, bindingOf(options)), err);
  if (challenge === 'full')
    return failed(
      `The password cache of ${endpoint} is full: wait until a password is used or expires, or raise \`max\`.`,
      err,
    );
  const { password, id, expires } = challenge;
  await management.store.addEntry(passwordEntry(management, endpoint, id));
  const expiresAt = expires?.at.toISOString() ?? null;
  if (json) return out(JSON.stringify({ challenge: password, expiresAt, endpoint, id }));
  // Standard output has the password alone, so that a script can read it.
  out(password);
  err(
    `For ${endpoint}, ${expiresAt ? `once, until ${expiresAt}` : 'any number of times'}.${id === undefined ? '' : ` Its id in certs show: ${id}`}`,
  );
}

/** What a password cannot be bound to is a sentence, without a stack. */
async function bound<T>(issue: () => Promise<T>, err: Output['err']): Promise<T> {
  try {
    return await issue();
  } catch (error) {
    if (error instanceof BindingError) return failed(error.message, err);
    throw error;
  }
}

function unknownEndpoint(issuers: readonly ChallengeIssuer[], err: Output['err']): never {
  const paths = issuers.map(({ endpoint }) => endpoint).join(', ');
  return failed(
    paths === ''
      ? 'No endpoint of this configuration has the policy `oneTime`.'
      : `Name with --endpoint one of the endpoints that have one-time passwords: ${paths}`,
    err,
  );
}
