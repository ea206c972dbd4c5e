/** What the section `admin` grants now to somebody who proposed something earlier. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePasswordHash } from '../../src/access/password-hash.ts';
import { sha256 } from '../../src/access/bearer-tokens.ts';
import { grantsNowIn } from '../../src/app/operators.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { USERS } from '../wiring/administrator.ts';
import { TOTP } from '../wiring/operators.ts';
import { parseSecondFactor } from '../../src/access/totp.ts';

const AT = new Date('2026-03-01T12:00:00Z');
const hash = sha256('a token');
const admin: Parameters<typeof grantsNowIn>[0] = {
  tokens: {
    inventory: { hash, role: 'operator', endpoints: ['/a'] },
    old: { hash, role: 'operator', expires: AT },
  },
  users: {
    ada: { password: parsePasswordHash(USERS.ndes)!, totp: parseSecondFactor(TOTP)!, role: 'operator' },
    ndes: parsePasswordHash(USERS.ndes)!,
  },
  oidc: { roles: { HelpDesk: { role: 'viewer', tenants: ['corp'] }, Admin: 'admin' } },
};

const [ADMIN, HELP, WIDE]: readonly RoleGrant[] = [
  { role: 'admin' },
  { role: 'viewer', tenants: ['corp'] },
  { role: 'viewer' },
];

for (const [kind, name, then, expected] of [
  ['program', 'inventory', [], [{ role: 'operator', endpoints: ['/a'] }]],
  ['program', 'old', [WIDE!], []],
  ['program', 'ada', [WIDE!], []],
  ['person', 'ada', [], [{ role: 'operator' }]],
  ['person', 'ndes', [WIDE!], []],
  ['person', 'carol', [ADMIN!], []],
  ['person', 'carol@example.com (oidc 5f2c)', [ADMIN!, HELP!], [ADMIN!, HELP!]],
  ['person', 'carol@example.com (oidc 5f2c)', [WIDE!, HELP!], [HELP!]],
] as const)
  test(`${kind} ${name} with ${JSON.stringify(then)} has now ${JSON.stringify(expected)}`, () => {
    const now = grantsNowIn(admin, () => AT);
    assert.deepEqual(now({ by: { kind, name }, grants: then }), expected);
  });
