/** The revocation lists of a configuration by the names in their URLs. */
import { equalBytes } from '../core/bytes.ts';
import { ConfigError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import type { RevocationList, RevocationListOptions } from '../revocation/revocation-list.ts';
import type { Authority } from './loaded-authority.ts';
import type { NamedAuthorities } from './named-authorities.ts';

/** How the list of a CA is made; undefined when its certificate does not allow it to sign one. */
type ListMaker = (store: Store, shard?: RevocationListOptions['shard']) => RevocationList | undefined;

/** The CAs before the present one of an authority, each with the name of its list. */
export const previousLists = (name: string, { previous }: Pick<Authority, 'previous'>) =>
  previous.map((each, index) => ({ list: `${name}-${index + 1}`, ...each }));

/** The name of the list of the present CA of an authority. */
export const listName = (name: string, { list }: Pick<Authority, 'list'>): string => list ?? name;

/** Every list by the name in its URL: of each authority, and of the CAs before it. Throws ConfigError for a name used twice. */
export function listsOf(authorities: NamedAuthorities): Map<string, { certificate: Uint8Array; crl: ListMaker }> {
  const lists = new Map<string, { certificate: Uint8Array; crl: ListMaker }>();
  const all = [...authorities.values()].flatMap(({ name, authority }) => [
    {
      list: listName(name, authority),
      certificate: authority.certificate,
      crl: authority.crl,
    },
    ...previousLists(name, authority),
    ...authority.above.map(({ list, certificate, crl }) => ({ list, certificate, crl: () => crl })),
  ]);
  for (const { list, certificate, crl } of all) {
    // Authorities under one root name the same list of it.
    const same = lists.get(list);
    if (same && isAbove(same.certificate, authorities) && equalBytes(same.certificate, certificate)) continue;
    if (same)
      throw new ConfigError(
        `two revocation lists with the name ${list}`,
        'Give each previous CA, and each list of a CA above, a `list` of its own.',
      );
    lists.set(list, { certificate, crl });
  }
  return lists;
}

const isAbove = (certificate: Uint8Array, authorities: NamedAuthorities): boolean =>
  [...authorities.values()].some(({ authority: { above } }) =>
    above.some((each) => equalBytes(each.certificate, certificate)),
  );
