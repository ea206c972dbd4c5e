/** Which keys of a configuration need a restart. */
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../core/errors.ts';

/** Keys that belong to what stays open: the listeners and the store. */
const FIXED: Readonly<Record<string, (config: Config) => unknown>> = {
  'listen, the number of its entries,': ({ listen }) => listen.places.length,
  'listen.host': ({ listen }) => listen.places.map(({ host }) => host).join(),
  'listen.port': ({ listen }) => listen.places.map(({ port }) => port).join(),
  'listen.tls, from or to plain HTTP,': ({ listen }) => listen.places.map(({ tls }) => tls === undefined).join(),
  store: ({ store }) => (store.kind === 'sqlite' ? store.path : JSON.stringify(store.place)),
  'store.secretsKey': ({ store }) => (store.kind === 'sqlite' ? '' : String(store.secretsKeys)),
  'admin, from or to none,': ({ admin }) => admin === undefined,
  'admin.tls, from or to plain HTTP,': ({ admin }) => admin?.tls === undefined,
  'admin.tls.clientCa, from or to none,': ({ admin }) => admin?.tls?.clientCa === undefined,
  'admin.host': ({ admin }) => admin?.host,
  'admin.port': ({ admin }) => admin?.port,
  'metrics, from or to none,': ({ metrics }) => metrics === undefined,
  'metrics.host': ({ metrics }) => metrics?.host,
  'metrics.port': ({ metrics }) => metrics?.port,
};

/** Throws ConfigError when one of them was changed. */
export function assertReloadable(old: Config, now: Config): void {
  const changed = Object.entries(FIXED).flatMap(([key, valueIn]) => (valueIn(old) === valueIn(now) ? [] : [key]));
  if (changed.length > 0)
    throw new ConfigError(
      `${changed.join('; ')} was changed, which a running server cannot take over`,
      'Restart the server.',
    );
}
