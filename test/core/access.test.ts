/** Roles, grants and where they hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reachOf } from '../../src/core/access.ts';

test('a grant without limits holds everywhere', () => {
  const reach = reachOf([{ role: 'operator' }], 'operate');
  assert.equal(reach?.everywhere, true);
  assert.equal(reach?.covers({}), true);
});

test('a role has the permissions of its row and no other', () => {
  assert.equal(reachOf([{ role: 'auditor' }], 'operate'), undefined);
  assert.equal(reachOf([{ role: 'viewer' }], 'audit'), undefined);
  assert.equal(reachOf([{ role: 'metrics' }], 'view'), undefined);
  assert.notEqual(reachOf([{ role: 'admin' }], 'administer'), undefined);
});

test('a limited grant holds where every list names the place', () => {
  const reach = reachOf([{ role: 'viewer', endpoints: ['wifi'], tenants: ['contoso'] }], 'view');
  assert.equal(reach?.everywhere, false);
  assert.equal(reach?.covers({ endpoint: 'wifi', tenant: 'contoso' }), true);
  assert.equal(reach?.covers({ endpoint: 'wifi', tenant: 'fabrikam' }), false);
  assert.equal(reach?.covers({ endpoint: 'wifi' }), false);
  assert.equal(reach?.covers({}), false);
});

test('one limited grant does not widen another', () => {
  const grants = [{ role: 'viewer' }, { role: 'operator', endpoints: ['wifi'] }] as const;
  assert.equal(reachOf(grants, 'view')?.everywhere, true);
  assert.equal(reachOf(grants, 'operate')?.everywhere, false);
  assert.equal(reachOf(grants, 'operate')?.covers({ endpoint: 'vpn' }), false);
});
