/** The PostgreSQL store keeps the contract of every store: on both versions, and at both levels of isolation. */
import { randomBytes } from 'node:crypto';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { openPostgresStore } from '../../src/store/postgres.ts';
import { storeContract } from '../../src/testing/store-contract.ts';
import { NOON } from '../../src/testing/store-samples.ts';

for (const version of [15, 18] as const) {
  // None of the tests looks at the disk.
  const server = await cluster({ version, settings: { fsync: 'off', max_connections: '200' } });
  const database = await server.database();
  const place = server.place(database);
  const common = { password: () => ROLE.password, random: () => 0.5 };
  await (await openPostgresStore({ ...common, place, clock: () => NOON })).close();

  for (const [isolation, sealing] of [
    ['read committed', undefined],
    ['serializable', { keys: [randomBytes(32)], random: randomBytes }],
  ] as const)
    storeContract(`PostgreSQL ${version}, ${isolation}, ${sealing ? 'sealed' : 'not sealed'}`, async (clock) => {
      await server.empty(database);
      const open = (claimed?: 'alone') => openPostgresStore({ ...common, place, clock, isolation, claimed, sealing });
      let store = await open();
      return {
        store,
        reopen: async (how) => {
          await store.close();
          store = await open(how === 'claimed' ? 'alone' : undefined);
          return store;
        },
        beside: () => open(),
      };
    });
}
