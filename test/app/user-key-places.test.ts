/** Which roles see the keys of people of a started server: by tenant, by the endpoint that issues, and by its authority. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoleGrant } from '../../src/core/access.ts';
import { done, runningDesk } from '../actions/running-desk.ts';
import { userKey } from '../kit/user-keys.ts';
import { CHALLENGE } from '../wiring/server.ts';
import { tenantNamed } from '../wiring/tenant.ts';

const { section } = await tenantNamed('of keys');
const running = await runningDesk({
  tenants: { contoso: section, fabrikam: section },
  pfx: { subject: 'CN={{UserPrincipalName}}', people: { tenant: 'contoso', endpoint: 'people' } },
  endpoints: [
    { path: '/people', name: 'people', policy: { static: CHALLENGE } },
    { path: '/devices', policy: { static: CHALLENGE } },
  ],
});
const { store } = running.desk();
await store.addUserKey(userKey('c'));
await store.addUserKey(userKey('f', { tenant: 'fabrikam' }));
await store.addUserKey(userKey('x', { tenant: 'a tenant of yesterday' }));

for (const [who, grant, expected] of [
  ['everything', {}, 'cfx'],
  ['the tenant', { tenants: ['contoso'] }, 'c'],
  ['the endpoint that issues', { endpoints: ['people'] }, 'c'],
  ['its authority', { authorities: ['issuing'] }, 'c'],
  ['another endpoint', { endpoints: ['/devices'] }, ''],
  ['both tenants', { tenants: ['contoso', 'fabrikam'] }, 'cf'],
  ['a tenant that is not configured any more', { tenants: ['a tenant of yesterday'] }, ''],
] as const)
  test(`who may view ${who} sees ${expected.length} of the three keys`, async () => {
    const sees: RoleGrant = { role: 'viewer', ...grant };
    const { keys } = await done<{ keys: { id: string }[] }>('userKeys.list', { desk: running.desk(), grant: sees });
    assert.equal(keys.map(({ id }) => id).join(''), expected);
  });

test('the navigation has the page of keys, because there is a section `pfx`', () => {
  assert.equal(running.desk().userKeys?.isConfigured, true);
});
