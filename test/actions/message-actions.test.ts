/** Messages by actions: a test goes to receivers of the configuration alone, and the history has what was done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoleGrant } from '../../src/core/access.ts';
import { desk } from './desk.ts';
import { done } from './running-desk.ts';

const grant: RoleGrant = { role: 'operator' };

test('a test goes to a receiver of the configuration, and the history names both', async () => {
  const on = { ...(await desk()), receivers: ['webhook:ops', 'mail'] };
  await done('messages.test', { desk: on, grant, sent: { receiver: 'mail' } });
  assert.equal((await on.store.listMessages({ limit: 10 })).length, 1);
  const [entry] = await on.store.listAudit({});
  assert.deepEqual([entry?.event, entry?.detail, entry?.actor.kind], ['message-tested', 'mail', 'person']);
});

for (const [receivers, remedy] of [
  [['webhook:ops', 'mail'], /webhook:ops, mail/],
  [[], /has none/],
] as const)
  test(`a receiver that is none of ${receivers.length} is refused by name, and nothing is sent`, async () => {
    const on = { ...(await desk()), receivers };
    const asked = done('messages.test', { desk: on, grant, sent: { receiver: 'webhook:opps' } });
    await assert.rejects(asked, { code: 'not_found', message: /no receiver is called webhook:opps/, remedy });
    assert.deepEqual(await on.store.listMessages({ limit: 10 }), []);
    assert.deepEqual(await on.store.listAudit({}), []);
  });

test('sending again is in the history with how many were made due, and not when there was none', async () => {
  const on = await desk();
  await done('messages.retry', { desk: on, grant });
  assert.deepEqual(await on.store.listAudit({}), []);
  const at = on.clock().toISOString();
  await on.store.enqueueMessages([{ receiver: 'mail', message: { kind: 'test', at, by: 'ada' } }]);
  await done('messages.retry', { desk: on, grant });
  const [entry] = await on.store.listAudit({});
  assert.deepEqual([entry?.event, entry?.detail], ['messages-retried', '1 of all']);
});
