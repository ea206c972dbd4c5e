/** Every revocation list that a configuration serves, by the name in its URL. */
import type { Store } from '../core/store.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { shardUrl } from '../pkix/shard-urls.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import { listName, listsOf } from './named-lists.ts';
import { profileOf } from './loaded-endpoints.ts';
import type { Settings } from './settings.ts';
import { allListUrls, knownShards } from './shards.ts';

/**
 * The whole list of each CA that may sign one, and its shards, `issuing/3`; those of CAs from before too. Throws ConfigError as
 * `knownShards`.
 */
export async function servedLists(settings: Settings, store: Store): Promise<Map<string, RevocationList>> {
  const lists = new Map<string, RevocationList>();
  for (const [name, { certificate, crl }] of listsOf(settings.authorities)) {
    const whole = crl(store);
    if (!whole) continue;
    lists.set(name, whole);
    const { number, urls } = await shardsOf(settings, { name, issuerId: issuerIdentity(certificate).issuerId }, store);
    for (let shard = 1; shard <= number; shard++) {
      const list = crl(store, { number: shard, urls: urls.map((url) => shardUrl(url, shard)) });
      if (list) lists.set(`${name}/${shard}`, list);
    }
  }
  return lists;
}

/** `list`: its name. Of a CA from before, what the store knows. */
async function shardsOf(settings: Settings, list: { name: string; issuerId: string }, store: Store) {
  const { issuerId } = list;
  const own = [...settings.authorities.values()].find(({ name, authority }) => listName(name, authority) === list.name);
  if (!own) return store.addShards(issuerId, { number: 0, urls: [] });
  const number = settings.config.authorities[own.name]?.crl.shards ?? 0;
  const endpoints = settings.config.endpoints.filter(({ authority }) => authority.name === own.name);
  const urls = number > 0 ? endpoints.flatMap((each) => allListUrls(profileOf(each), list.name)) : [];
  return knownShards(store, { issuerId, name: own.name, shards: { number, urls } });
}
