/** The pages of keys of people. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { later } from '../../src/testing/store-samples.ts';
import { SAMPLE_ESCROW, userKey } from '../kit/user-keys.ts';
import { desk as emptyDesk } from '../actions/desk.ts';
import { NOTHING_LOADED, pagesUnderTest, session } from './pages-under-test.ts';

const EVIL = '<script>alert(1)</script>';

test('the list has each key with its state and the last fault, and nothing in it is markup', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  assert.match((await get('/admin/user-keys')).body, /No key was found\./);
  await store.addUserKey(userKey('a', { userPrincipalName: `${EVIL}@contoso.example`, state: 'failed' }));
  await store.changeUserKey('a', 'failed', { fault: EVIL, revokedAt: later(1) });
  const { body } = await get('/admin/user-keys');
  assert.match(body, /<a href="\/admin\/user-key\?id&#61;a">/);
  assert.match(body, /<\/span> failed<\/span>/);
  assert.match(body, /<\/span> revoked<\/span>/);
  assert.doesNotMatch(body, /<script>alert/);
  assert.equal(body.split('&#60;script&#62;alert(1)').length, 3);
});

test('the search finds by user, state, purpose and end, and keeps what was typed', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  await store.addUserKey(userKey('a'));
  await store.addUserKey(userKey('b', { userPrincipalName: 'joe@contoso.example', purpose: 'smimeSigning' }));
  const found = async (query: string) => {
    const { body } = await get(`/admin/user-keys?${query}`);
    return [...body.matchAll(/user-key\?id&#61;(\w)"/g)].map(([, id]) => id).join('');
  };
  assert.equal(await found('user=&state=&purpose=&endsBefore='), 'ab');
  assert.equal(await found('user=JOE%40contoso.example'), 'b');
  assert.equal(await found('purpose=smimeEncryption'), 'a');
  assert.equal(await found('state=wanted'), '');
  assert.equal(await found('endsBefore=2026-02-01'), '');
  const { body } = await get('/admin/user-keys?user=joe&state=imported&purpose=smimeSigning&endsBefore=2026-02-01');
  assert.match(body, /name="user"[^>]* value="joe"/);
  assert.match(body, /<option value="imported" selected>/);
  assert.match(body, /<option value="smimeSigning" selected>/);
  assert.match(body, /type="date"[^>]* value="2026-02-01"/);
  assert.equal((await get('/admin/user-keys?endsBefore=soon')).statusCode, 400);
});

test('more than fifty are on a next page, for the same search', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  for (let n = 0; n < 51; n++)
    await store.addUserKey(userKey(`k${n}`, { at: later(n), userPrincipalName: `u${n}@contoso.example` }));
  const first = (await get('/admin/user-keys?state=imported')).body;
  const [, next = ''] = /<a href="([^"]+)" rel="next">/.exec(first) ?? [];
  assert.match(next, /state&#61;imported/);
  assert.doesNotMatch(first, /u50@contoso/);
  const second = (await get(next.replaceAll('&#38;', '&').replaceAll('&#61;', '='))).body;
  assert.match(second, /u50@contoso/);
  assert.doesNotMatch(second, /u49@contoso/);
});

test('one key has its certificate, the officers who can open it, and the others of its user', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  await store.addUserKey(userKey('a', { escrow: SAMPLE_ESCROW, certificate: { issuerId: 'ff', serial: '0a' } }));
  await store.addUserKey(userKey('b', { at: later(1), state: 'wanted', renews: 'a' }));
  await store.changeUserKey('b', 'wanted', { tries: 2, fault: 'the CA is down.' });
  const { body } = await get('/admin/user-key?id=a');
  assert.match(body, /<a href="\/admin\/certificate\?issuer&#61;ff&#38;serial&#61;0a">0a<\/a>/);
  assert.match(body, /2 of these recovery officers can open it together/);
  for (const name of ['alice', 'bob']) assert.match(body, new RegExp(`>${name}<`));
  assert.match(body, /user-key\?id&#61;b"/);
  const successor = (await get('/admin/user-key?id=b')).body;
  assert.match(successor, /the CA is down\./);
  assert.match(successor, /Worked on next/);
  assert.match(successor, /Takes the place of<\/dt><dd><a href="\/admin\/user-key\?id&#61;a">/);
  assert.match(successor, /Nothing of this key is in escrow/);
  assert.equal((await get('/admin/user-key?id=nobody')).statusCode, 404);
});

test('the navigation has the page only with a section `pfx`; the page is there without one too', async (t) => {
  const link = /<a href="\/admin\/user-keys"[^>]*>Keys of people<\/a>/;
  const { get, store, clock } = await pagesUnderTest(t);
  assert.doesNotMatch((await get('/admin/user-keys')).body, link);
  for (const [isConfigured, seen] of [
    [false, false],
    [true, true],
  ]) {
    const desk = { store, clock, ...NOTHING_LOADED, userKeys: { isConfigured: isConfigured === true, places: [] } };
    const other = await pagesUnderTest(t, { desk });
    assert.equal(link.test((await other.get('/admin/')).body), seen);
    other.current.session = session({ role: 'metrics' });
    assert.doesNotMatch((await other.get('/admin/')).body, link);
  }
});

const WORK = {
  tenant: 'contoso',
  endpoint: 'people',
  random: (length: number) => Buffer.alloc(length, 7),
  revoke: async () => Promise.reject(new Error('Graph is not there')),
  reconcile: async () => ({ same: 2, unknown: [], missing: [{ ...userKey('m'), tries: 0 }] }),
};

async function working(t: TestContext) {
  const on = await emptyDesk();
  const userKeys = { isConfigured: true, places: [{ tenant: 'contoso' }], work: WORK };
  return { ...(await pagesUnderTest(t, { desk: { ...on, ...NOTHING_LOADED, userKeys } })), store: on.store };
}

test('an operator asks for a key and comes to its page; a viewer has no form', async (t) => {
  const { get, post, store, current } = await working(t);
  assert.match((await get('/admin/user-keys')).body, /action="\/admin\/user-keys\/issue"/);
  const asked = await post('/admin/user-keys/issue', { user: 'jane@contoso.example', purpose: 'smimeSigning' });
  assert.equal(asked.statusCode, 303);
  const { body } = await get(String(asked.headers.location));
  assert.match(body, /The key is wanted\. Load this page again/);
  assert.match(body, /mail signing/);
  const [key] = await store.listUserKeys({});
  assert.deepEqual([key?.state, key?.purpose], ['wanted', 'smimeSigning']);
  const refused = await post('/admin/user-keys/issue', { user: 'jane', purpose: 'smimeSigning' });
  assert.equal(refused.statusCode, 400);
  assert.match(refused.body, /no user principal name/);
  current.session = session({ role: 'viewer' });
  assert.doesNotMatch((await get('/admin/user-keys')).body, /method="post" action="\/admin\/user-keys|compare/);
});

test('an operator renews the newest key; an earlier one and one from a file have no form', async (t) => {
  const { get, post, store } = await working(t);
  await store.addUserKey(userKey('a'));
  await store.addUserKey(userKey('b', { starts: later(1) }));
  await store.addUserKey(userKey('f', { userPrincipalName: 'joe@contoso.example', origin: 'file' }));
  const form = /action="\/admin\/user-key\/renew"/;
  for (const [id, has] of [
    ['a', false],
    ['b', true],
    ['f', false],
  ] as const)
    assert.equal(form.test((await get(`/admin/user-key?id=${id}`)).body), has, id);
  const refused = await post('/admin/user-key/renew', { id: 'a' });
  assert.equal(refused.statusCode, 409);
  assert.match(refused.body, /href="\/admin\/user-key\?id&#61;a">Go back/);
  assert.equal((await post('/admin/user-key/renew', { id: 'b' })).statusCode, 303);
  assert.equal((await store.listUserKeys({ states: ['wanted'] }))[0]?.renews, 'b');
});

test('a comparison is shown when it is asked for', async (t) => {
  const { get } = await working(t);
  assert.doesNotMatch((await get('/admin/user-keys')).body, /Only Intune has/);
  const { body } = await get('/admin/user-keys?compare=yes');
  assert.match(body, /Intune and this server both have<\/dt><dd>2</);
  assert.match(body, /Intune has no key that this server does not know/);
  assert.match(body, /<a href="\/admin\/user-key\?id&#61;m">/);
});

test('an operator revokes a key with a reason, and is told that Intune may still have it', async (t) => {
  const { get, post, store, current } = await working(t);
  await store.addUserKey(userKey('a'));
  await store.addUserKey(userKey('i', { purpose: 'smimeSigning', state: 'issued' }));
  const form = /action="\/admin\/user-key\/revoke"/;
  assert.doesNotMatch((await get('/admin/user-key?id=i')).body, form);
  const { body } = await get('/admin/user-key?id=a');
  assert.match(body, form);
  assert.match(body, /<option value="keyCompromise">/);
  assert.doesNotMatch(body, /certificateHold/);
  const refused = await post('/admin/user-key/revoke', { id: 'a', reason: 'superseded', why: '' });
  assert.equal(refused.statusCode, 503);
  assert.match(refused.body, /Intune may still have the key: Graph is not there/);
  assert.match(refused.body, /Revoke the key again when Microsoft Graph answers/);
  current.session = session({ role: 'viewer' });
  assert.doesNotMatch((await get('/admin/user-key?id=a')).body, form);
});
