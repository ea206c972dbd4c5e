/** Options of the commands that work on keys of people: what is not given is as `pfx.people` says. */
import type { Command } from 'commander';
import { keyTimes, type PfxPlace, readPeople } from '../app/pfx-work.ts';
import { ConfigError } from '../core/errors.ts';
import type { PfxPurpose } from '../core/imported-pfx.ts';
import type { UserKeyTimes } from '../pfx/follow-user-keys.ts';
import type { UserPurpose } from '../pfx/user-pfx.ts';
import { CONFIG } from './options.ts';

/** What every command that works on keys is given. */
export type PfxOptions = { config: string; tenant?: string; endpoint?: string };

/** What it works by. `mostGone`: users who may go at once. */
export type PeopleRules = { place: PfxPlace; times: UserKeyTimes; mostGone: number; purposes: readonly PfxPurpose[] };

const PURPOSES = { encryption: 'smimeEncryption', signing: 'smimeSigning' } as const;
const TENANT = ['--tenant <name>', 'the tenant whose app may import, when it is not that of `pfx.people`'] as const;
const ENDPOINT = [
  '--endpoint <name>',
  'the endpoint whose authority and profile issue, when it is not that of `pfx.people`',
] as const;

/** The options of `PfxOptions`. */
export const withPfxOptions = (command: Command): Command =>
  command
    .option(...TENANT)
    .option(...ENDPOINT)
    .option(...CONFIG);

/** Throws ConfigError when neither the options nor the configuration name tenant and endpoint. */
export function peopleRules(options: PfxOptions): PeopleRules {
  const people = readPeople(options.config);
  const { tenant = people?.tenant, endpoint = people?.endpoint } = options;
  if (tenant === undefined || endpoint === undefined)
    throw new ConfigError(
      `neither \`--${tenant === undefined ? 'tenant' : 'endpoint'}\` was given nor \`pfx.people\` is configured`,
      'Add `people: { tenant: NAME, endpoint: NAME }` to the section `pfx`; docs/pfx.md says what goes there.',
    );
  return {
    place: { file: options.config, tenant, endpoint },
    times: keyTimes(people),
    mostGone: people?.mostGone ?? 20,
    purposes: (people?.purposes ?? ['encryption']).map((each) => PURPOSES[each]),
  };
}

/** Throws ConfigError for another word. */
export function purposeIn(text: string): UserPurpose {
  if (text === 'encryption' || text === 'signing') return PURPOSES[text];
  throw new ConfigError('`--purpose` is neither encryption nor signing', 'Give one of the two.');
}
