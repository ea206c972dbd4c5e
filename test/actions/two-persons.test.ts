/** Actions that a second person confirms: who may, once, in the name of both, and only where both may. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { z } from 'zod';
import { action, type AnyAction, type Caller, type Desk, perform, type Running } from '../../src/actions/action.ts';
import { actionNamed } from '../../src/actions/all-actions.ts';
import { proposalActions } from '../../src/actions/proposal-actions.ts';
import { mayBeSame } from '../../src/actions/same-person.ts';
import { secondPerson } from '../../src/actions/two-persons.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { desk } from './desk.ts';

const OPERATOR: RoleGrant = { role: 'operator' };
const caller = (name: string, ...grants: RoleGrant[]): Caller => ({
  actor: { kind: 'person', name, address: '203.0.113.7' },
  source: 'page',
  grants: grants.length > 0 ? grants : [OPERATOR],
});

/** Two persons are asked for; `ran` is how the action was run. */
async function underTest() {
  const ran: Running<{ what: string }>[] = [];
  const dangerous: AnyAction = action({
    name: 'things.destroy',
    about: 'Of the test.',
    permission: 'operate',
    route: 'POST /things',
    input: z.object({ what: z.string() }),
    output: z.object({ destroyed: z.string() }),
    needsTwo: ({ input: { what } }) => what !== 'a small one',
    async run(running) {
      ran.push(running);
      return { destroyed: running.input.what };
    },
  });
  const [list, confirm, withdraw] = proposalActions((name) => (name === dangerous.name ? dangerous : undefined));
  const plain = await desk();
  const on: Desk = { ...plain, secondPerson: secondPerson({ ...plain, random: randomBytes }) };
  const propose = async (by: Caller, what = 'everything'): Promise<string> => {
    const performed = await perform(dangerous, { desk: on, caller: by, sent: { what } });
    return performed.kind === 'proposed' ? performed.id : assert.fail('done at once');
  };
  const confirmed = (by: Caller, id: string) => perform(confirm, { desk: on, caller: by, sent: { id } });
  const withdrawn = (by: Caller, id: string) => perform(withdraw, { desk: on, caller: by, sent: { id } });
  const listed = async (by: Caller) => {
    const performed = await perform(list, { desk: on, caller: by, sent: {} });
    return performed.kind === 'done' ? performed.output.proposals : [];
  };
  const history = async () =>
    (await on.store.listAudit({})).toReversed().map(({ event, actor, detail }) => `${event} ${actor.name}: ${detail}`);
  return { on, plain, dangerous, ran, propose, confirmed, withdrawn, listed, history };
}

test('one proposes, nothing is done; another confirms, and it is done once in the name of both', async () => {
  const { propose, confirmed, listed, ran, history } = await underTest();
  const id = await propose(caller('ada'));
  assert.equal(ran.length, 0);
  assert.deepEqual(await listed(caller('carol', { role: 'viewer' })), [
    {
      id,
      action: 'things.destroy',
      input: { what: 'everything' },
      by: 'ada',
      source: 'page',
      at: '2026-03-01T12:00:00.000Z',
      until: '2026-03-02T12:00:00.000Z',
    },
  ]);
  assert.deepEqual(await confirmed(caller('bob'), id), {
    kind: 'done',
    output: { action: 'things.destroy', result: { destroyed: 'everything' } },
  });
  assert.deepEqual(
    ran.map(({ input, caller: by, desk: at }) => [input, by.actor, at.secondPerson]),
    [[{ what: 'everything' }, { kind: 'person', name: 'bob (proposed by ada)', address: '203.0.113.7' }, undefined]],
  );
  await assert.rejects(confirmed(caller('bob'), id), /no such proposal/);
  assert.equal(ran.length, 1);
  assert.deepEqual(await history(), [
    `proposed ada: ${id}: things.destroy`,
    `confirmed bob: ${id}: things.destroy, proposed by ada`,
  ]);
});

test('what needs no second person is done at once, and everything is where two are not asked for', async () => {
  const { on, plain, dangerous, ran } = await underTest();
  await perform(dangerous, { desk: on, caller: caller('ada'), sent: { what: 'a small one' } });
  await perform(dangerous, { desk: plain, caller: caller('ada'), sent: { what: 'everything' } });
  assert.equal(ran.length, 2);
});

test('of two who confirm at once one does it', async () => {
  const { propose, confirmed, ran } = await underTest();
  const id = await propose(caller('ada'));
  const both = await Promise.allSettled(['bob', 'carol'].map((name) => confirmed(caller(name), id)));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  assert.equal(ran.length, 1);
});

for (const [what, by, expected] of [
  ['the one who proposed it', caller('ada'), /you proposed this/],
  ['the same one by another login', caller('Ada@example.com (oidc 5f2c)'), /you proposed this/],
  ['the same one at the command line', caller('root (uid 0, sudo: ada)'), /you proposed this/],
  ['a program', { ...caller('bot'), actor: { kind: 'program', name: 'bot' } } as Caller, /a program confirms nothing/],
  ['an auditor', caller('bob', { role: 'auditor' }), /asks for the permission/],
  ['a viewer', caller('bob', { role: 'viewer' }), /asks for the permission/],
] as const)
  test(`it is not confirmed by ${what}`, async () => {
    const { propose, confirmed, ran, listed } = await underTest();
    const id = await propose(caller('ada'));
    await assert.rejects(confirmed(by, id), expected);
    assert.equal(ran.length, 0);
    assert.equal((await listed(caller('bob'))).length, 1);
  });

test('it is done where both may, and nowhere else', async () => {
  const { propose, confirmed, ran, listed } = await underTest();
  const id = await propose(caller('ada', { role: 'operator', endpoints: ['a', 'b'] }));
  assert.equal((await listed(caller('bob', { role: 'operator', endpoints: ['c'] }))).length, 0);
  await confirmed(caller('bob', { role: 'operator', endpoints: ['b', 'c'] }), id);
  const [reach] = ran.map((each) => each.reach);
  assert.deepEqual(
    ['a', 'b', 'c'].map((endpoint) => reach?.covers({ endpoint })),
    [false, true, false],
  );
  const wide = await propose(caller('ada', { role: 'operator', endpoints: ['a'] }));
  await confirmed(caller('bob'), wide);
  assert.equal(ran[1]?.reach.everywhere, false);
  assert.equal(ran[1]?.reach.covers({ endpoint: 'b' }), false);
});

test('what the one who proposed may do now counts, and not what it was', async () => {
  const { propose, ran, on, dangerous } = await underTest();
  const [, confirming] = proposalActions(() => dangerous);
  const confirmedWith = (id: string, now: RoleGrant[]) =>
    perform(confirming, {
      desk: { ...on, grantsNow: ({ by }) => (by.name === 'ada' ? now : []) },
      caller: caller('bob'),
      sent: { id },
    });
  const id = await propose(caller('ada', { role: 'operator', endpoints: ['a', 'b'] }));
  await assert.rejects(confirmedWith(id, []), /asks both for/);
  await assert.rejects(confirmedWith(id, [{ role: 'viewer' }]), /asks both for/);
  assert.equal(ran.length, 0);
  await confirmedWith(id, [{ role: 'operator', endpoints: ['b'] }]);
  assert.deepEqual(
    ['a', 'b'].map((endpoint) => ran[0]?.reach.covers({ endpoint })),
    [false, true],
  );
});

test('where the one who proposed may only look, nobody sees the proposal or takes it back', async () => {
  const { propose, withdrawn, listed } = await underTest();
  const looking: RoleGrant = { role: 'viewer', endpoints: ['c'] };
  const id = await propose(caller('ada', { role: 'operator', endpoints: ['a'] }, looking));
  const bob = caller('bob', { role: 'operator', endpoints: ['c'] });
  assert.deepEqual(await listed(bob), []);
  await assert.rejects(withdrawn(bob, id), /no such proposal/);
  assert.equal((await listed(caller('carol', { role: 'viewer', endpoints: ['a'] }))).length, 1);
});

test('a proposal ends after a day, and when somebody who may operate takes it back', async () => {
  const { propose, confirmed, withdrawn, listed, on, history, ran } = await underTest();
  const id = await propose(caller('ada'));
  const tomorrow = { ...on, clock: () => new Date('2026-03-02T12:00:00Z') };
  await assert.rejects(
    perform(actionNamed('proposals.confirm'), { desk: tomorrow, caller: caller('bob'), sent: { id } }),
    /no such proposal/,
  );
  await assert.rejects(withdrawn(caller('eve', { role: 'viewer' }), id), /asks for the permission/);
  await withdrawn(caller('ada'), id);
  await assert.rejects(confirmed(caller('bob'), id), /no such proposal/);
  assert.deepEqual(await listed(caller('bob')), []);
  assert.equal((await history()).at(-1), `withdrawn ada: ${id}: things.destroy`);
  assert.equal(ran.length, 0);
});

test('a revocation of more than a hundred certificates needs two', async () => {
  const { on } = await underTest();
  const sent = { filter: {}, digest: 'ab'.repeat(32), reason: 'superseded' };
  const revokeMany = actionNamed('certificates.revokeMany');
  const performed = await perform(revokeMany, { desk: on, caller: caller('ada'), sent: { ...sent, confirm: 101 } });
  assert.equal(performed.kind, 'proposed');
  await assert.rejects(
    perform(revokeMany, { desk: on, caller: caller('ada'), sent: { ...sent, confirm: 100 } }),
    /the filter is empty/,
  );
});

for (const [one, other, same] of [
  ['ada', 'bob', false],
  ['ada', 'ADA', true],
  ['EXAMPLE\\ada', 'ada', true],
  ['ada@example.com (oidc 1)', 'ada@example.com (oidc 2)', false],
  ['ada@example.com (oidc 1)', 'new-name@example.com (oidc 1)', true],
  ['root (uid 0)', 'root (uid 0, sudo: ada)', true],
  ['bob (uid 1001)', 'root (uid 0, sudo: ada)', false],
  ['ada@example.com (oidc 1)', 'bob (oidc 2) (oidc 1)', true],
  ['root (uid 0, sudo: bob)', 'root (uid 0, sudo: ada)', false],
  ['ada (uid 1000)', 'root (uid 0, sudo: ada)', true],
  ['', '', true],
] as const)
  test(`${one} and ${other} ${same ? 'may be' : 'are not'} one person`, () => {
    const actors = [one, other].map((name) => ({ kind: 'person' as const, name }));
    assert.equal(mayBeSame(actors[0]!, actors[1]!), same);
    assert.equal(mayBeSame(actors[1]!, actors[0]!), same);
  });
