/** An endpoint of two tenants belongs to both: who is limited to one of them sees and does nothing there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoleGrant } from '../../src/core/access.ts';
import { issuingSection } from '../wiring/files.ts';
import { tenantNamed } from '../wiring/tenant.ts';
import { done, runningDesk } from './running-desk.ts';

const [one, two] = [await tenantNamed('first of two'), await tenantNamed('second of two')];
const running = await runningDesk({
  authorities: { issuing: issuingSection },
  tenants: { one: one.section, two: two.section },
  endpoints: [
    { path: '/one', name: 'one', policy: { allOf: [{ intune: 'one' }, { oneTime: {} }] } },
    { path: '/both', name: 'both', policy: { allOf: [{ intune: 'one' }, { intune: 'two' }, { oneTime: {} }] } },
    { path: '/plain', name: 'plain', policy: { oneTime: {} } },
  ],
});
const desk = running.desk();
const attempt = { at: new Date(), times: 1, ms: 1, operation: 'GetCACaps', address: '192.0.2.1', names: [] };
await desk.store.recordAttempts(
  ['one', 'both', 'plain'].map((endpoint) => ({ ...attempt, endpoint, outcome: 'answered' as const })),
);

type Places = { endpoints: { endpoint: string }[] };
type Attempts = { attempts: { endpoint: string }[] };

for (const [limit, endpoints] of [
  [{ tenants: ['one'] }, ['one']],
  [{ tenants: ['two'] }, []],
  [{ tenants: ['one', 'two'] }, ['both', 'one']],
  [{}, ['both', 'one', 'plain']],
] as const)
  test(`limited to ${JSON.stringify(limit)} an operator has ${endpoints.join(', ') || 'nothing'}`, async () => {
    const grant: RoleGrant = { role: 'operator', ...limit };
    const passwords = await done<Places>('passwords.endpoints', { desk, grant });
    assert.deepEqual(passwords.endpoints.map(({ endpoint }) => endpoint).toSorted(), endpoints);
    const { attempts } = await done<Attempts>('attempts.list', { desk, grant });
    assert.deepEqual(attempts.map(({ endpoint }) => endpoint).toSorted(), endpoints);
  });
