/** The overview: what it counts, and that a role with limits sees its own part. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Desk } from '../../src/actions/action.ts';
import type { Overview } from '../../src/actions/overview-actions.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { seenCondition } from '../../src/core/condition.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { recordWaiting } from '../kit/waiting-request.ts';
import { desk } from './desk.ts';
import { done } from './running-desk.ts';

const overview = (desk: Desk, grant: RoleGrant) => done<Overview>('overview.read', { desk, grant });

async function seeded(): Promise<Desk> {
  const on = await desk();
  const { store } = on;
  await store.recordIssued(issuanceFor(1));
  await store.recordIssued(issuanceFor(2));
  await recordWaiting(store, 3, { subject: 'CN=c', endpoint: '/lab' });
  const seen = [
    seenCondition('tenant-unusable', {
      of: 'corp',
      what: 'corp: no answer',
      subject: { kind: 'tenant', name: 'corp' },
    }),
    seenCondition('store-unavailable', { what: 'no space is left' }),
  ];
  await store.recordConditions({ server: 'one', alone: true, closes: true, seen });
  await store.claimJob({ name: 'crl', owner: 'first', leaseMs: 60_000 });
  await store.finishJob({ name: 'crl', owner: 'first', fence: 1, dueAt: new Date('2026-03-02'), error: 'disk full' });
  return on;
}

test('it counts certificates and what waits, and names what is wrong and which job fails', async () => {
  const { certificates, waiting, conditions, jobs } = await overview(await seeded(), { role: 'viewer' });
  assert.deepEqual(certificates, {
    valid: { number: 2, more: false },
    ending: { number: 0, more: false },
    revoked: { number: 0, more: false },
    days: 30,
  });
  assert.equal(waiting, 1);
  assert.deepEqual(
    conditions.conditions.map(({ what }) => what),
    ['no space is left', 'corp: no answer'],
  );
  assert.deepEqual(
    jobs.map(({ name, lastError }) => `${name}: ${lastError}`),
    ['crl: disk full'],
  );
});

test('a certificate that ends within thirty days is counted as ending', async () => {
  const on = await seeded();
  const later = () => new Date('2027-02-10T12:00:00Z');
  const { certificates } = await overview({ ...on, clock: later }, { role: 'viewer' });
  assert.deepEqual(certificates.ending, { number: 2, more: false });
});

test('a role that is limited to a tenant or an endpoint sees no more than that', async () => {
  const on = await seeded();
  const tenant = await overview(on, { role: 'viewer', tenants: ['corp'] });
  assert.deepEqual(
    [
      tenant.conditions.conditions.map(({ what }) => what),
      tenant.waiting,
      tenant.certificates.valid.number,
      tenant.jobs,
    ],
    [['corp: no answer'], 0, 0, []],
  );
  const lab = await overview(on, { role: 'viewer', endpoints: ['/lab'] });
  assert.deepEqual([lab.waiting, lab.conditions.conditions, lab.certificates.valid.number], [1, [], 0]);
});

test('without a running server it says nothing of authorities, tenants and endpoints', async () => {
  const { authorities, tenants, endpoints } = await overview(await desk(), { role: 'viewer' });
  assert.deepEqual([authorities, tenants, endpoints], [undefined, undefined, undefined]);
});

test('what was refused in the last day is counted by its code, within reach', async () => {
  const on = await desk();
  const now = on.clock();
  const attempt = {
    at: now,
    ms: 1,
    operation: 'PKIOperation',
    outcome: 'refused' as const,
    address: '192.0.2.1',
    names: [],
  };
  await on.store.recordAttempts([
    { ...attempt, times: 1, endpoint: '/one', code: 'wrong_challenge' },
    { ...attempt, times: 3, endpoint: '/two', code: 'policy_denied' },
    { ...attempt, times: 1, endpoint: '/one', code: 'policy_denied', at: new Date(now.getTime() - 25 * 3_600_000) },
  ]);
  const { refused } = await overview(on, { role: 'viewer' });
  assert.deepEqual(refused, {
    hours: 24,
    more: false,
    causes: [
      { code: 'policy_denied', number: 3 },
      { code: 'wrong_challenge', number: 1 },
    ],
  });
  const one = await overview(on, { role: 'viewer', endpoints: ['/one'] });
  assert.deepEqual(one.refused.causes, [{ code: 'wrong_challenge', number: 1 }]);
});

test('requests of the last 24 hours are counted by hour and outcome, within reach', async () => {
  const on = await desk();
  const count = (hour: string, endpoint: string, outcome: 'issued' | 'refused' | 'waiting', number: number) => ({
    hour: new Date(hour),
    endpoint,
    outcome,
    number,
  });
  const counts = [
    count('2026-02-28T12:00:00Z', '/one', 'issued', 100),
    count('2026-02-28T13:00:00Z', '/one', 'issued', 5),
    count('2026-03-01T12:00:00Z', '/one', 'refused', 2),
    count('2026-03-01T12:00:00Z', '/two', 'refused', 1),
    count('2026-03-01T12:00:00Z', '/two', 'waiting', 4),
  ];
  await on.store.recordAttempts([], counts);
  const { hours } = await overview(on, { role: 'viewer' });
  assert.equal(hours.length, 24);
  assert.deepEqual(
    [hours[0], hours[1], hours[23]],
    [
      { hour: '2026-02-28T13:00:00.000Z', issued: 5, refused: 0, waiting: 0 },
      { hour: '2026-02-28T14:00:00.000Z', issued: 0, refused: 0, waiting: 0 },
      { hour: '2026-03-01T12:00:00.000Z', issued: 0, refused: 3, waiting: 4 },
    ],
  );
  const one = await overview(on, { role: 'viewer', endpoints: ['/one'] });
  assert.deepEqual(one.hours[23], { hour: '2026-03-01T12:00:00.000Z', issued: 0, refused: 2, waiting: 0 });
});

test('the store says what it is, whether it takes writes, and which servers were seen', async () => {
  const on = await desk();
  const look = { alone: false, closes: true };
  await on.store.recordConditions({ ...look, server: 'one', seen: [] });
  const after = () => new Date('2026-03-01T12:02:01Z');
  const { store } = await overview({ ...on, clock: after }, { role: 'viewer' });
  assert.deepEqual(store, {
    kind: 'SQLite',
    schema: 4,
    writes: true,
    servers: [{ id: 'one', seen: '2026-03-01T12:00:00.000Z', late: true }],
  });
  const seen = [seenCondition('store-unavailable', { what: 'no space is left' })];
  await on.store.recordConditions({ ...look, server: 'two', seen });
  const full = await overview(on, { role: 'viewer' });
  assert.deepEqual(
    [full.store?.writes, full.store?.servers.map(({ id, late }) => [id, late])],
    [
      false,
      [
        ['one', false],
        ['two', false],
      ],
    ],
  );
  const limited = await overview(on, { role: 'viewer', endpoints: ['/one'] });
  assert.equal(limited.store, undefined);
});
