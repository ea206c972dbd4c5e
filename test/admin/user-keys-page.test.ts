/** The pages of keys of people. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { later } from '../../src/testing/store-samples.ts';
import { SAMPLE_ESCROW, userKey } from '../kit/user-keys.ts';
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
