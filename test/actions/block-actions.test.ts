/** The block list by actions: what each caller may do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { perform, type Caller } from '../../src/actions/action.ts';
import { actionNamed } from '../../src/actions/all-actions.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { desk } from './desk.ts';

const caller = (...grants: RoleGrant[]): Caller => ({ actor: { kind: 'person', name: 'ada' }, source: 'page', grants });
const NAME = 'user:bob@example.com';

test('an operator blocks a user, a viewer reads who did it, and the history has it', async () => {
  const on = await desk();
  const added = await perform(actionNamed('blocks.add'), {
    desk: on,
    caller: caller({ role: 'operator' }),
    sent: { name: NAME, comment: 'left' },
  });
  assert.deepEqual(added, { kind: 'done', output: { added: true } });
  const list = await perform(actionNamed('blocks.list'), { desk: on, caller: caller({ role: 'viewer' }), sent: {} });
  assert.deepEqual(list, {
    kind: 'done',
    output: { blocks: [{ name: NAME, at: '2026-03-01T12:00:00.000Z', by: 'ada', comment: 'left' }] },
  });
  const [entry] = await on.store.listAudit({});
  assert.equal(`${entry?.event} ${entry?.actor?.name} ${entry?.source}`, 'blocked ada page');
});

for (const [who, grant, code] of [
  ['a viewer', { role: 'viewer' }, 'forbidden'],
  ['an auditor', { role: 'auditor' }, 'forbidden'],
  ['a program that collects metrics', { role: 'metrics' }, 'forbidden'],
  ['an operator of one endpoint', { role: 'operator', endpoints: ['/a'] }, 'forbidden'],
] as const)
  test(`${who} blocks nothing`, async () => {
    const on = await desk();
    const blocking = perform(actionNamed('blocks.add'), { desk: on, caller: caller(grant), sent: { name: NAME } });
    await assert.rejects(blocking, { name: 'ActionError', code, status: 403 });
    assert.deepEqual(await on.store.listBlocks(), []);
  });

test('an input of another shape is refused by the name of its member, without its value', async () => {
  const on = await desk();
  const sent = { name: NAME, comment: 7_654_321 };
  const blocking = perform(actionNamed('blocks.add'), { desk: on, caller: caller({ role: 'admin' }), sent });
  await assert.rejects(
    blocking,
    (error: Error) => error.message.startsWith('comment: ') && !/7654321/.test(error.message),
  );
});

test('an entry that is not in the list is not found', async () => {
  const removing = perform(actionNamed('blocks.remove'), {
    desk: await desk(),
    caller: caller({ role: 'admin' }),
    sent: { name: NAME },
  });
  await assert.rejects(removing, { code: 'not_found', status: 404 });
});

test('an action that needs two persons is proposed, and not done', async () => {
  const on = await desk();
  const proposed: unknown[] = [];
  const secondPerson = { propose: async (each: unknown) => `${proposed.push(each)}` };
  const adding = { ...actionNamed('blocks.add'), needsTwo: () => true };
  const ada = caller({ role: 'operator' });
  const result = await perform(adding, { desk: { ...on, secondPerson }, caller: ada, sent: { name: NAME } });
  assert.deepEqual(result, { kind: 'proposed', id: '1' });
  assert.deepEqual(proposed, [{ action: 'blocks.add', input: { name: NAME }, caller: ada }]);
  assert.deepEqual(await on.store.listBlocks(), []);
});
