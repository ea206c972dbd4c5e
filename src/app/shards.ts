/** The shards of the revocation lists of a configuration: what is written into certificates, and which lists are served. */
import type { Profile } from '../ca/profile.ts';
import type { Shards } from '../core/records.ts';
import { ConfigError } from '../core/errors.ts';
import type { IssuerStore } from '../core/store.ts';
import { isListUrl } from './own-list.ts';

/** The profile whose certificates name one of `number` shards in place of the list of this name. */
export function withShards(profile: Profile, list: string, number: number | undefined): Profile {
  if (number === undefined) return profile;
  const { byUsage } = profile;
  return {
    ...profile,
    shards: { number, urls: listUrls(profile, list) },
    ...(byUsage && {
      byUsage: Object.fromEntries(
        Object.entries(byUsage).map(([usage, other]) => [usage, withShards(other, list, number)]),
      ),
    }),
  };
}

const listUrls = ({ crl = [] }: Profile, list: string): string[] => crl.filter((url) => isListUrl(url, list));

/** Every URL of the list of this name in a profile, whatever the use of the key is. */
export const allListUrls = (profile: Profile, list: string): string[] => [
  ...listUrls(profile, list),
  ...Object.values(profile.byUsage ?? {}).flatMap((other) => listUrls(other, list)),
];

/**
 * The shards of a CA, with those from before. Throws ConfigError when fewer are configured than certificates may name: a program that
 * checks one of those would find no list.
 */
export async function knownShards(
  store: Pick<IssuerStore, 'addShards'>,
  { issuerId, name, shards }: { issuerId: string; name: string; shards: Shards },
): Promise<Shards> {
  const known = await store.addShards(issuerId, shards);
  if (known.number > shards.number)
    throw new ConfigError(
      `authorities.${name}.crl.shards: ${shards.number === 0 ? 'none' : shards.number}, but there are ${known.number} shards already, and certificates name them`,
      `Write \`shards: ${known.number}\` or more. The number can only be raised.`,
    );
  return known;
}
