/** A clock that goes back: what is said, what is tolerated, and the way out. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import * as pkijs from 'pkijs';
import { ConfigError } from '../../src/core/errors.ts';
import { signingClock } from '../../src/core/signing-clock.ts';
import { revocationList } from '../../src/revocation/revocation-list.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor } from '../../src/testing/store-samples.ts';
import { handClock } from '../kit/clock.ts';
import { DAY, issuing } from '../kit/pki.ts';
import { ocspRequest, readResponse, underTest } from '../ocsp/ocsp-under-test.ts';

const MINUTE = 60_000;
const BACK =
  /the clock went back: it is 2026-03-01T11:54:59\.999Z, and something was signed at 2026-03-01T12:00:00\.000Z/;

async function opened(t: TestContext) {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const { issuerId: _, serial: __, ...audit } = auditFor(1, 'clock-accepted');
  return { clock, store, accept: () => store.acceptClock(clock(), audit) };
}

test('five minutes back are tolerated and more are not, also by another process', async (t) => {
  const { clock, store } = await opened(t);
  const [one, other] = [signingClock(store), signingClock(store)];
  await one(clock());
  clock.forward(-5 * MINUTE);
  await one(clock());
  await other(clock());
  clock.forward(-1);
  for (const assertClock of [one, other, signingClock(store)])
    await assert.rejects(assertClock(clock()), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, BACK);
      assert.match(error.remedy, /openndes clock --accept/);
      return true;
    });
  clock.forward(10 * MINUTE);
  await one(clock());
});

test('the store is written once a minute, and not while the clock is behind', async (t) => {
  const { clock, store } = await opened(t);
  const noted: string[] = [];
  const assertClock = signingClock({
    lastSigned: () => store.lastSigned(),
    noteSigning(at) {
      noted.push(at.toISOString().slice(11, 19));
      return store.noteSigning(at);
    },
  });
  for (const step of [0, 30_000, 29_999, 1, -2 * MINUTE, 3 * MINUTE]) {
    clock.forward(step);
    await assertClock(clock());
  }
  assert.deepEqual(noted, ['12:00:00', '12:01:00', '12:02:00']);
});

test('after a clock that was ahead, nothing is signed until the right one is accepted', async (t) => {
  const { clock, store, accept } = await opened(t);
  const assertClock = signingClock(store);
  clock.forward(400 * DAY);
  await assertClock(clock());
  clock.forward(-400 * DAY);
  await assert.rejects(assertClock(clock()), /the clock went back/);
  await accept();
  await assertClock(clock());
});

test('no list is signed: the last one is served while it is valid, and the reason is known', async (t) => {
  const { clock, store, accept } = await opened(t);
  const deadline = (): AbortSignal => AbortSignal.timeout(5_000);
  const list = revocationList({ issuer: issuing, store, validity: 7 * DAY, clock, deadline });
  const first = await list();
  clock.forward(4 * DAY);
  await store.noteSigning(clock());
  clock.forward(-DAY / 4);
  const fresh = revocationList({ issuer: issuing, store, validity: 7 * DAY, clock, deadline });
  await assert.rejects(fresh(), /the clock went back/);
  assert.equal(await list(), first);
  assert.match(list.failure!()!.message, /the clock went back/);
  await accept();
  assert.notEqual(await list(), first);
  assert.equal(list.failure!(), undefined);
});

test('a list that was signed by a clock that was ahead is replaced when the right one is accepted', async (t) => {
  const { clock, store, accept } = await opened(t);
  const deadline = (): AbortSignal => AbortSignal.timeout(5_000);
  const list = revocationList({ issuer: issuing, store, validity: 7 * DAY, clock, deadline });
  clock.forward(30 * DAY);
  const ahead = await list();
  clock.forward(-30 * DAY);
  assert.equal(await list(), ahead);
  assert.match(list.failure!()!.message, /the clock went back/);
  await accept();
  const right = pkijs.CertificateRevocationList.fromBER(new Uint8Array(await list()));
  assert.equal(right.thisUpdate.value.toISOString(), '2026-03-01T11:50:00.000Z');
});

test('no OCSP response is signed, and none of before is given', async (t) => {
  const { clock, store, answer, issue } = await underTest(t);
  const request = ocspRequest([await issue(1)]);
  assert.equal(readResponse((await answer(request)).body).answers[0]?.status, 'good');
  clock.forward(-5 * MINUTE - 1);
  await assert.rejects(async () => answer(request), BACK);
  const { issuerId: _, serial: __, ...audit } = auditFor(1, 'clock-accepted');
  await store.acceptClock(clock(), audit);
  assert.equal(readResponse((await answer(request)).body).producedAt, '2026-03-01T11:54:59.000Z');
});
