/** The pages "Waiting" and "One-time passwords": what they show and what their forms do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { challengeIssuer } from '../../src/manage/one-time-passwords.ts';
import { random } from '../kit/pki.ts';
import { recordWaiting } from '../kit/waiting-request.ts';
import { pagesUnderTest, session } from './pages-under-test.ts';

const EVIL = '<img src=x onerror=alert(1)>';
const idsOn = (body: string): string[] => [...body.matchAll(/name="id" value="(\w+)"/g)].map(([, id = '']) => id);

test('a request that waits is shown with all that was asked, and every text of a device is text', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  await recordWaiting(store, 0, { subject: `CN=${EVIL}`, san: [`dns:${EVIL}`], transactionId: EVIL });
  const { statusCode, body } = await get('/admin/waiting');
  assert.equal(statusCode, 200);
  assert.doesNotMatch(body, /<img/);
  for (const text of ['Waits for approval', 'dns:&#60;img', 'RSA 2048', 'what would be issued is known'])
    assert.ok(body.includes(text), text);
});

test('each request says why it waits', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  const reasons = ['unreachable', 'undecided', 'issuer'] as const;
  for (const [n, reason] of reasons.entries()) await recordWaiting(store, n, { subject: `CN=${reason}`, reason });
  const { body } = await get('/admin/waiting');
  for (const text of ['Its policy could not be asked', 'Its policy has not decided', 'The CA has not issued yet'])
    assert.ok(body.includes(text), text);
});

test('an operator approves one and rejects another with a reason; a viewer sees no button', async (t) => {
  const { get, post, store, current } = await pagesUnderTest(t);
  await recordWaiting(store, 0, { subject: 'CN=a' });
  await recordWaiting(store, 1, { subject: 'CN=b' });
  const ids = [...new Set(idsOn((await get('/admin/waiting')).body))];
  assert.equal(ids.length, 2);
  const [a = '', b = ''] = ids;
  const approved = await post('/admin/waiting/approve', { id: a });
  assert.match((await get(String(approved.headers.location))).body, /Approved\. The device gets its certificate/);
  const unexplained = await post('/admin/waiting/reject', { id: b });
  assert.equal(unexplained.statusCode, 400);
  const rejected = await post('/admin/waiting/reject', { id: b, reason: 'unknown device' });
  assert.equal(rejected.statusCode, 303);
  assert.deepEqual(
    (await store.listAudit({})).slice(0, 2).map(({ event, detail }) => [event, detail]),
    [
      ['rejected', 'unknown device'],
      ['approved', undefined],
    ],
  );
  await recordWaiting(store, 2, { subject: 'CN=c' });
  current.session = session({ role: 'viewer' });
  const { body } = await get('/admin/waiting');
  assert.match(body, /CN&#61;c/);
  assert.doesNotMatch(body, /action="\/admin\/waiting/);
});

test('a new password is shown once, in the answer, and is in no URL and no log line', async (t) => {
  const { get, post, store, log, current } = await pagesUnderTest(t);
  const rules = { validity: 3_600_000, max: 5, length: 8 };
  const clock = () => new Date('2026-03-01T12:00:00Z');
  const passwords = [challengeIssuer('/lab', rules, { store, clock, random })];
  const other = await pagesUnderTest(t, { desk: { store, clock, passwords } });
  assert.match((await other.get('/admin/passwords')).body, /<option value="\/lab">/);
  const { statusCode, headers, body } = await other.post('/admin/passwords/issue', {
    endpoint: '/lab',
    subject: 'CN=router-7',
    san: 'dns:router-7.example\r\n',
  });
  assert.deepEqual([statusCode, headers['cache-control'], headers.location], [200, 'no-store', undefined]);
  const [, password = ''] = /class="secret"><code class="copyable" data-copy>([0-9A-F]{16})</.exec(body) ?? [];
  assert.deepEqual((await store.findChallenge('/lab', password))?.binding, {
    subject: 'CN=router-7',
    san: ['dns:router-7.example'],
  });
  assert.doesNotMatch((await other.get('/admin/passwords')).body, new RegExp(password));
  assert.ok(!log.lines.concat(other.log.lines).join('').includes(password));
  current.session = session({ role: 'viewer' });
  assert.equal((await get('/admin/passwords')).statusCode, 403);
  assert.equal((await post('/admin/passwords/issue', { endpoint: '/lab' })).statusCode, 403);
});
