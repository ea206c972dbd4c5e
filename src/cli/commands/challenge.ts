/** `openndes challenge`: one-time passwords from the command line. Writes to the store; the server may run or not. */
import type { Command } from 'commander';
import { issuerFor } from '../../admin/api.ts';
import type { ChallengeIssuer } from '../../admin/challenge-issuer.ts';
import { challengeIssuers } from '../../app/challenge-issuers.ts';
import { EXIT, Exit } from '../exit.ts';
import { CONFIG } from '../options.ts';
import type { Output } from '../output.ts';
import { openStore, readConfig } from '../../app/settings.ts';

type ChallengeOptions = { config: string; endpoint?: string; json?: true };

export function registerChallenge(program: Command, output: Output): void {
  const challenge = program
    .command('challenge')
    .description('one-time passwords for endpoints with the policy oneTime');

  challenge
    .command('new')
    .description('issue a one-time password and print it')
    .option(...CONFIG)
    .option('--endpoint <path>', 'path of the endpoint; not needed where only one has such passwords')
    .option('--json', 'one JSON object: challenge, expiresAt, endpoint')
    .addHelpText('after', '\nExample:\n  openndes challenge new --endpoint /scep/routers --json')
    .action((options: ChallengeOptions) => run(options, output));
}

async function run({ config: file, endpoint, json }: ChallengeOptions, { out, err }: Output): Promise<void> {
  const { config } = readConfig(file);
  const store = await openStore(config);
  try {
    const issuers = challengeIssuers(config, store);
    const issuer = issuerFor(issuers, endpoint) ?? unknown(issuers, err);
    const challenge = await issuer.issue();
    if (challenge === 'full') return full(issuer, err);
    const { password, expires } = challenge;
    const expiresAt = expires?.at.toISOString() ?? null;
    if (json) return out(JSON.stringify({ challenge: password, expiresAt, endpoint: issuer.endpoint }));
    // Alone on standard output, so that a script can take it as it is.
    out(password);
    err(`For ${issuer.endpoint}, ${expiresAt ? `once, until ${expiresAt}` : 'as often as you like'}.`);
  } finally {
    await store.close();
  }
}

function unknown(issuers: readonly ChallengeIssuer[], err: Output['err']): never {
  const paths = issuers.map(({ endpoint }) => endpoint).join(', ');
  err(
    paths === ''
      ? 'No endpoint of this configuration has the policy `oneTime`.'
      : `Name with --endpoint one of the endpoints that have one-time passwords: ${paths}`,
  );
  throw new Exit(EXIT.failed);
}

function full({ endpoint }: ChallengeIssuer, err: Output['err']): never {
  err(`The password cache of ${endpoint} is full: wait until a password is used or expires, or raise \`max\`.`);
  throw new Exit(EXIT.failed);
}
