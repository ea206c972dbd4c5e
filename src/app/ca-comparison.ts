/** Compares the CA of an authority with the profiles that use it, and reports what verifiers would reject. */
import { readCaCertificate } from '../ca/ca-certificate.ts';
import { type Unfit, unfitChain, unfitProfile } from '../ca/fitness.ts';
import type { Profile } from '../ca/profile.ts';
import { ConfigError } from '../core/errors.ts';
import { systemClock } from '../embed/system.ts';
import type { Authority, LoadTools } from './loaded-authority.ts';
import { isListUrl } from './own-list.ts';

/** An authority by its name, and a profile of one of its endpoints. */
export type Compared = { name: string; authority: Authority; profile: Profile };

/** What makes every certificate unusable is a problem at the authority, anything else a warning there. */
export async function compareCa(
  { name, authority, profile }: Compared,
  { attempt, warn }: Pick<LoadTools, 'attempt' | 'warn'>,
): Promise<void> {
  const now = systemClock();
  const chain = authority.chain.map((der) => readCaCertificate(der, now));
  const ownList = (uri: string): boolean => isListUrl(uri, authority.list ?? name);
  const key = ['authorities', name, 'certificate'];
  for (const unfit of [...unfitChain(chain, now), ...unfitProfile(chain, profile, ownList)])
    if (unfit.fatal) await attempt(key, () => refuse(unfit));
    else warn(key, unfit);
}

function refuse({ what, remedy }: Unfit): never {
  throw new ConfigError(what, remedy);
}
