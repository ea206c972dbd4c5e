/** What the metrics say of the store: what waits, for how long, and the servers that use it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STORE_PROBES } from '../../src/app/store-probes.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { seenCondition } from '../../src/core/condition.ts';
import { pendingFor } from '../../src/testing/store-samples.ts';
import { handClock } from '../kit/clock.ts';

test('what waits is counted with the age of the oldest; conditions are counted by kind', async (t) => {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const settings = { config: { store: { kind: 'sqlite', path: '/' }, pfx: { people: { tenant: 'corp' } } } } as never;
  const sampled = async (): Promise<Record<string, number>> => {
    const samples = await Promise.all(STORE_PROBES.map((probe) => probe({ settings, store, clock })));
    const text = (labels: object): string => Object.values(labels).join();
    return Object.fromEntries(
      samples
        .flat()
        .filter(({ name, value }) => !name.includes('disk') && value !== 0)
        .map(({ name, labels = {}, value }) => [`${name} ${text(labels)}`.trim(), value]),
    );
  };
  assert.deepEqual(await sampled(), { openndes_store_up: 1 });

  const at = clock().toISOString();
  await store.enqueueMessages([{ receiver: 'webhook:ops', message: { kind: 'test', at, by: 'ada' } }]);
  const pending = pendingFor(1);
  await store.recordPending({ ...pending, audit: { ...pending.audit, at: clock() } });
  const server = { server: 'one', alone: true, closes: true };
  await store.recordConditions({ ...server, seen: [seenCondition('store-unavailable', { what: 'no space is left' })] });
  const key = {
    userPrincipalName: 'ada@example.com',
    purpose: 'smimeSigning',
    origin: 'made',
    at: clock(),
    dueAt: clock(),
  } as const;
  for (const [tenant, state] of [
    ['corp', 'imported'],
    ['corp', 'failed'],
    ['other', 'wanted'],
  ] as const)
    await store.addUserKey({ ...key, id: `${tenant} ${state}`, tenant, state });
  const { audit } = pending;
  await store.recordBackup(clock(), { ...audit, event: 'backed-up' });
  clock.forward(90_000);
  assert.deepEqual(await sampled(), {
    openndes_store_up: 1,
    'openndes_messages_pending webhook:ops': 1,
    'openndes_messages_oldest_seconds webhook:ops': 90,
    openndes_approval_pending: 1,
    openndes_approval_oldest_seconds: 90,
    'openndes_conditions store-unavailable,error': 1,
    openndes_replicas: 1,
    'openndes_user_keys corp,imported': 1,
    'openndes_user_keys corp,failed': 1,
    openndes_backup_timestamp_seconds: clock().getTime() / 1000 - 90,
  });
});
