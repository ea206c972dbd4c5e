/** When the page of an endpoint says that requests wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestsWait } from '../../src/app/served-endpoints.ts';
import type { PolicyConfig } from '../../src/config/policy-kinds.ts';
import type { TenantConfig } from '../../src/config/tenants.ts';

const tenant = (name: string) => ({ name, value: {} as TenantConfig });
const intune: PolicyConfig = {
  kind: 'intune',
  tenant: tenant('corp'),
  notify: 'strict',
  onUnreachable: 'pending',
  precheck: 'on',
};
const fixed: PolicyConfig = { kind: 'static', challenge: 'a-long-challenge' };
const isCorp = (name: string): boolean => name === 'corp';

for (const [what, policy, keyStanding, expected] of [
  ['the key of the CA fails', fixed, () => 'the token is gone', true],
  ['the key of the CA works', fixed, () => undefined, false],
  ['its tenant cannot be used', intune, undefined, true],
  ['one of all its policies needs such a tenant', { kind: 'allOf', policies: [fixed, intune] }, undefined, true],
  ['one of several may allow without such a tenant', { kind: 'anyOf', policies: [fixed, intune] }, undefined, false],
] as const)
  test(`${expected ? 'requests wait' : 'no request waits'} when ${what}`, () => {
    const authority = keyStanding ? { keyStanding } : {};
    assert.equal(requestsWait(policy, authority, isCorp), expected);
  });

test('no request waits while the tenant works', () => {
  assert.equal(
    requestsWait(intune, {}, () => false),
    false,
  );
});
