/** Keys of people by actions: what each caller sees of them, and what nobody does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Desk } from '../../src/actions/action.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { later } from '../../src/testing/store-samples.ts';
import { SAMPLE_ESCROW, userKey } from '../kit/user-keys.ts';
import { desk } from './desk.ts';
import { done } from './running-desk.ts';

const VIEWER: RoleGrant = { role: 'viewer' };
type List = { keys: { id: string }[]; next?: string };

/** Two tenants; `people` is the endpoint of the keys of one of them. */
async function withKeys(): Promise<Desk> {
  const on = await desk();
  const joe = 'joe@contoso.example';
  const keys = [
    userKey('a', {
      escrow: SAMPLE_ESCROW,
      userId: '6f2b1c34',
      certificate: { issuerId: 'f'.repeat(64), serial: '0a' },
    }),
    userKey('b', { at: later(1), state: 'wanted', renews: 'a' }),
    userKey('c', { at: later(1), tenant: 'fabrikam', userPrincipalName: 'eve@fabrikam.example', state: 'failed' }),
    userKey('d', { at: later(2), userPrincipalName: joe, purpose: 'smimeSigning', ends: later(2000) }),
  ];
  for (const key of keys) await on.store.addUserKey(key);
  await on.store.changeUserKey('c', 'failed', { fault: 'the directory has no user eve.', tries: 1 });
  const places = [{ tenant: 'contoso', endpoint: 'people' }, { tenant: 'fabrikam' }];
  return { ...on, userKeys: { isConfigured: true, places } };
}

const ids = async (on: Desk, sent: object, grant: RoleGrant = VIEWER): Promise<string> =>
  (await done<List>('userKeys.list', { desk: on, grant, sent })).keys.map(({ id }) => id).join('');

test('keys are listed by user, tenant, state, purpose and end', async () => {
  const on = await withKeys();
  for (const [sent, expected] of [
    [{}, 'abcd'],
    [{ user: 'jane@CONTOSO.example' }, 'ab'],
    [{ tenant: 'fabrikam' }, 'c'],
    [{ state: 'imported' }, 'ad'],
    [{ purpose: 'smimeSigning' }, 'd'],
    [{ endsBefore: later(1500).toISOString(), state: 'imported' }, 'a'],
    [{ user: 'jane@contoso.example', state: 'failed' }, ''],
  ] as const)
    assert.equal(await ids(on, sent), expected, JSON.stringify(sent));
});

test('a long list comes in pages, also where several keys are of one moment', async () => {
  const on = await withKeys();
  const pages: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const sent = { limit: 1, ...(cursor && { cursor }) };
    const page: List = await done<List>('userKeys.list', { desk: on, grant: VIEWER, sent });
    pages.push(...page.keys.map(({ id }) => id));
    cursor = page.next;
  }
  assert.deepEqual(pages, ['a', 'b', 'c', 'd']);
  const wrong = done('userKeys.list', { desk: on, grant: VIEWER, sent: { cursor: 'a' } });
  await assert.rejects(wrong, { code: 'invalid', message: /no cursor of this list/ });
});

test('one key is shown with its successor and the officers who can open it together', async () => {
  const on = await withKeys();
  const shown = await done<{ others: { id: string }[] }>('userKeys.read', {
    desk: on,
    grant: VIEWER,
    sent: { id: 'a' },
  });
  assert.deepEqual(shown, {
    key: {
      id: 'a',
      tenant: 'contoso',
      user: 'Jane@contoso.example',
      userId: '6f2b1c34',
      purpose: 'smimeEncryption',
      origin: 'made',
      state: 'imported',
      wantedAt: '2026-03-01T12:00:00.123Z',
      changedAt: '2026-03-01T12:00:00.123Z',
      tries: 0,
      issuerId: 'f'.repeat(64),
      serial: '0a',
      thumbprint: '01'.repeat(20),
      starts: '2026-03-01T12:00:00.123Z',
      ends: later(1000).toISOString(),
      inEscrow: true,
    },
    escrow: {
      required: 2,
      officers: [
        { name: 'alice', sha256: '0c'.repeat(32) },
        { name: 'bob', sha256: '1c'.repeat(32) },
      ],
    },
    others: shown.others,
  });
  assert.deepEqual(
    shown.others.map(({ id }) => id),
    ['b'],
  );
});

test('what is in escrow is in no answer', async () => {
  const on = await withKeys();
  for (const [name, sent] of [
    ['userKeys.list', {}],
    ['userKeys.read', { id: 'a' }],
  ] as const) {
    const text = JSON.stringify(await done(name, { desk: on, grant: { role: 'admin' }, sent }));
    assert.match(text, /"inEscrow":true/);
    for (const octets of ['share', 'the sealed file'])
      assert.ok(!text.includes(Buffer.from(octets).toString('base64')));
  }
});

test('one that failed says why, and one that is wanted when it is worked on', async () => {
  const on = await withKeys();
  const read = async (id: string) =>
    (await done<{ key: object }>('userKeys.read', { desk: on, grant: VIEWER, sent: { id } })).key;
  const { fault, tries, nextAt } = (await read('c')) as Record<string, unknown>;
  assert.deepEqual([fault, tries, nextAt], ['the directory has no user eve.', 1, undefined]);
  assert.equal(((await read('b')) as Record<string, unknown>)['nextAt'], '2026-03-01T12:00:00.123Z');
});

for (const [who, grant, expected] of [
  ['a viewer of one tenant', { role: 'viewer', tenants: ['fabrikam'] }, 'c'],
  ['an auditor of another tenant', { role: 'auditor', tenants: ['contoso'] }, 'abd'],
  ['a viewer of the endpoint that issues', { role: 'viewer', endpoints: ['people'] }, 'abd'],
  ['a viewer of another endpoint', { role: 'viewer', endpoints: ['/scep'] }, ''],
  ['a viewer of a tenant that is not there', { role: 'viewer', tenants: ['other'] }, ''],
] as const)
  test(`${who} sees the keys there, and no other one exists`, async () => {
    const on = await withKeys();
    assert.equal(await ids(on, {}, grant), expected);
    for (const id of 'abcd') {
      const reading = done('userKeys.read', { desk: on, grant, sent: { id } });
      if (expected.includes(id)) await reading;
      else await assert.rejects(reading, { code: 'not_found', message: 'no key of a person has this id' });
    }
  });

test('without a running server a role with limits sees no key', async () => {
  const { userKeys: _, ...on } = await withKeys();
  assert.equal(await ids(on, {}, { role: 'viewer', tenants: ['contoso'] }), '');
  assert.equal(await ids(on, {}), 'abcd');
});
