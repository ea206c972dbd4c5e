/** One-time passwords by actions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Desk } from '../../src/actions/action.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { challengeIssuer } from '../../src/manage/one-time-passwords.ts';
import { random } from '../kit/pki.ts';
import { desk } from './desk.ts';
import { done } from './running-desk.ts';

const OPERATOR: RoleGrant = { role: 'operator' };
const RULES = { validity: 3_600_000, max: 2, length: 8 };

async function passwordDesk(): Promise<Desk> {
  const on = await desk();
  const services = { ...on, random };
  return { ...on, passwords: ['/one', '/two'].map((endpoint) => challengeIssuer(endpoint, RULES, services)) };
}

const issue = (on: Desk, sent: object, grant = OPERATOR) => done('passwords.issue', { desk: on, grant, sent });

test('a password is valid at its endpoint and until its end; with a subject for its names only', async () => {
  const on = await passwordDesk();
  const issued = await issue(on, { endpoint: '/one', subject: 'cn=router-7', san: ['dns:router-7.example'] });
  assert.match(String(issued['password']), /^[0-9A-F]{16}$/);
  assert.deepEqual([issued['endpoint'], issued['expires']], ['/one', '2026-03-01T13:00:00.000Z']);
  const found = await on.store.findChallenge('/one', String(issued['password']));
  assert.deepEqual(found?.binding, { subject: 'CN=router-7', san: ['dns:router-7.example'] });
});

for (const [what, sent, code, message] of [
  ['an endpoint without passwords', { endpoint: '/three' }, 'not_found', /has this name/],
  ['no endpoint where there are two', {}, 'not_found', /has this name/],
  ['a name without a subject', { endpoint: '/one', san: ['dns:x'] }, 'invalid', /give the subject/],
  ['a malformed subject', { endpoint: '/one', subject: 'router-7' }, 'invalid', /router-7|subject|name/],
] as const)
  test(`${what} gets no password`, async () => {
    await assert.rejects(issue(await passwordDesk(), sent), { code, message });
  });

test('a full cache is a conflict with its remedy', async () => {
  const on = await passwordDesk();
  for (const _ of [1, 2]) await issue(on, { endpoint: '/one' });
  await assert.rejects(issue(on, { endpoint: '/one' }), { code: 'conflict', remedy: /raise `max`/ });
});

test('a role that is limited to an endpoint issues there only, and sees no other', async () => {
  const on = await passwordDesk();
  const grant: RoleGrant = { role: 'operator', endpoints: ['/two'] };
  assert.deepEqual(await done('passwords.endpoints', { desk: on, grant }), { endpoints: [{ endpoint: '/two' }] });
  assert.equal((await issue(on, {}, grant))['endpoint'], '/two');
  await assert.rejects(issue(on, { endpoint: '/one' }, grant), { code: 'not_found' });
});

test('only a running server has the rules of its endpoints', async () => {
  await assert.rejects(issue(await desk(), {}), { code: 'unavailable' });
});

test('the history names who got a password, and has its id and nothing of the password', async () => {
  const on = await passwordDesk();
  const { id, password } = await issue(on, { endpoint: '/one', subject: 'cn=router-7' });
  const [entry] = await on.store.listAudit({});
  assert.deepEqual(
    [entry?.event, entry?.endpoint, entry?.detail, entry?.actor.name],
    ['password-issued', '/one', id, 'ada'],
  );
  assert.ok(!JSON.stringify(entry).includes(String(password)));
});
