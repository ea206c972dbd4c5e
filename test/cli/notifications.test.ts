/** `openndes notifications` on a store with an outbox; and what an administrator sees at `/readyz` while old ones wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readinessOf } from '../../src/app/standings.ts';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { HOUR } from '../../src/core/durations.ts';
import { failureNotificationFor, successNotificationFor } from '../../src/testing/store-samples.ts';
import { installed, rows } from '../app/installation.ts';

test('notifications: list, retry and drop, with the administrator in the history', async (t) => {
  const { cli, config } = await installed(t);
  const store = await openConfiguredStore(config);
  t.after(() => store.close());
  const first = await store.recordNotification(failureNotificationFor(1));
  const second = await store.recordNotification(failureNotificationFor(2));
  const [claimed] = await store.claimNotifications({ owner: 'server', leaseMs: 60_000, mode: 'outbox', limit: 1 });
  const tomorrow = new Date(Date.now() + 24 * HOUR);
  await store.postponeNotification(claimed!, tomorrow, 'Intune\u001b[31m answered 503');

  const listed = rows(await cli('notifications', 'list', '--json'));
  assert.deepEqual(Object.keys(listed[0]!).toSorted(), [
    'attempts',
    'createdAt',
    'dueAt',
    'endpoint',
    'id',
    'kind',
    'lastError',
    'mode',
    'transactionId',
  ]);
  assert.deepEqual(
    listed.map(({ id, attempts }) => [id, attempts]),
    [
      [first, 1],
      [second, 0],
    ],
  );
  const { out } = await cli('notifications', 'list');
  assert.match(out, /^ID +REPORTS +MODE +SINCE +TRIED +DUE +ENDPOINT +TRANSACTION +SERIAL +LAST ERROR\n/);
  assert.match(out, /\n1 +failure +outbox +\S+ +1 +\S+ +\S+ +transaction-1 +- +Intune\\u\{1b\}\[31m answered 503\n/);
  assert.equal((await cli('notifications', 'list', '--limit', '1')).out.split('\n').length, 2);

  assert.deepEqual(await cli('notifications', 'retry', String(first), '999'), {
    code: 1,
    out: '1 due now',
    err: 'The others are done, or are being sent at this moment.',
  });
  const [due] = await store.listNotifications({ id: first, limit: 1 });
  assert.ok(due!.dueAt < new Date());
  assert.deepEqual(await cli('notifications', 'retry', '--all'), { code: 0, out: '2 due now', err: '' });
  assert.equal((await cli('notifications', 'retry')).code, 1);

  const dropped = await cli('notifications', 'drop', String(first));
  assert.deepEqual([dropped.code, dropped.err], [0, '']);
  assert.match(dropped.out, /^dropped 1: failure of /);
  const [entry] = await store.listAudit({});
  assert.deepEqual(
    [entry!.event, entry!.actor.kind, entry!.source, entry!.detail],
    ['notification-abandoned', 'person', 'cli', 'dropped after 1 attempts'],
  );
  assert.equal((await cli('notifications', 'drop', String(first))).code, 1);
  assert.deepEqual(
    rows(await cli('notifications', 'list', '--json')).map(({ id }) => id),
    [second],
  );
});

test('readyz: notifications that wait for an hour are in the detail; the challenge of none is in a list', async (t) => {
  const { cli, config } = await installed(t);
  const store = await openConfiguredStore(config);
  t.after(() => store.close());
  const detail = (at: Date) => {
    const parts = { watched: () => [], clients: new Map(), endpoints: { served: [], notServed: [] }, store };
    return readinessOf({ ...parts, clock: () => at }).detail!();
  };
  assert.equal((await detail(new Date()))['notifications'], undefined);
  await store.recordNotification(failureNotificationFor(1));
  const { createdAt } = (await store.listNotifications({ limit: 1 }))[0]!;
  const after = (milliseconds: number) => new Date(createdAt.getTime() + milliseconds);
  assert.equal((await detail(after(HOUR - 1)))['notifications'], undefined);
  assert.equal(
    (await detail(after(HOUR)))['notifications'],
    `1 wait in the outbox, the oldest since ${createdAt.toISOString()}: see openndes notifications list`,
  );
  const secret = Buffer.from(successNotificationFor(1).csr).toString('base64').slice(0, 40);
  assert.ok(!(await cli('notifications', 'list', '--json')).out.includes(secret));
});
