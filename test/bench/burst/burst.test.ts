/** What the bench of a burst is built on: how clients wait, when they arrive, and that its proof sees what is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrivals, seededChance } from './arrivals.ts';
import { kindOf, waitAfter } from './clients.ts';
import { meaningOf } from './exchange.ts';
import { type Holder, type ListedCertificate, holds, proofOf } from './proof.ts';
import type { Notified } from './tenant.ts';

test('after PENDING each kind of client comes again at its own interval, however often', () => {
  const after = (failures: number) =>
    (['windows', 'ios', 'android', 'router'] as const).map((name) => waitAfter({ kind: 'pending' }, name, failures));
  assert.deepEqual(after(1), [300, 10, 30, 60]);
  assert.deepEqual(after(9), [300, 10, 30, 60]);
});

test('after 503 a client waits as long as Retry-After says, and without it 30 seconds, twice as long each time, at most 300', () => {
  assert.equal(waitAfter({ kind: 'busy', retryAfter: 17 }, 'windows', 4), 17);
  const without = [1, 2, 3, 4, 5, 6, 60].map((failures) => waitAfter({ kind: 'busy' }, 'ios', failures));
  assert.deepEqual(without, [30, 60, 120, 240, 300, 300, 300]);
  assert.deepEqual(
    [1, 5].map((failures) => waitAfter({ kind: 'unreachable', reason: 'ECONNREFUSED' }, 'router', failures)),
    [30, 300],
  );
});

test('of each hundred devices 50 run Windows, 30 iOS, 15 Android, and 5 are routers, in no order', () => {
  const kinds = Array.from({ length: 300 }, (_, n) => kindOf(n));
  const count = (name: string) => kinds.filter((kind) => kind === name).length;
  assert.deepEqual(['windows', 'ios', 'android', 'router'].map(count), [150, 90, 45, 15]);
  assert.deepEqual(kinds.slice(0, 5), ['windows', 'windows', 'ios', 'windows', 'windows']);
});

test('devices arrive at the rate that was asked for, one after the other, and in each run at the same moments', () => {
  const times = arrivals(20_000, 100, seededChance(12));
  assert.deepEqual(times, arrivals(20_000, 100, seededChance(12)));
  assert.notDeepEqual(times, arrivals(20_000, 100, seededChance(13)));
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  const last = times.at(-1)!;
  assert.ok(last > 196 && last < 204, String(last));
});

test('an answer other than 200 means: not now; Retry-After is read from it', () => {
  const nothing = Uint8Array.of();
  assert.deepEqual(meaningOf(503, '12', nothing), { kind: 'busy', retryAfter: 12 });
  assert.deepEqual(meaningOf(502, undefined, nothing), { kind: 'busy' });
});

type Agreed = { holders: Holder[]; certificates: ListedCertificate[]; notified: Notified };
const AGREED: Agreed = {
  holders: [
    { subject: 'CN=a', held: 'aa' },
    { subject: 'CN=b', held: 'bb' },
  ],
  certificates: [
    { subject: 'CN=a', state: 'delivered', thumbprint: 'AA' },
    { subject: 'CN=b', state: 'delivered', thumbprint: 'BB' },
  ],
  notified: { count: 2, thumbprints: ['AA', 'BB'] },
};
const NOTHING = { without: 0, differing: 0, several: 0, unknown: 0, untold: 0, toldAgain: 0 };
const proofWith = ({ holders, certificates, notified }: Agreed) => proofOf(holders, certificates, notified);

test('the proof holds when each device holds the one certificate that is stored for it, and Intune was told of it', () => {
  const proof = proofWith(AGREED);
  assert.deepEqual(proof, NOTHING);
  assert.equal(holds(proof), true);
});

test('a notification that came twice is counted, and the proof holds', () => {
  const proof = proofWith({ ...AGREED, notified: { ...AGREED.notified, count: 5 } });
  assert.deepEqual(proof, { ...NOTHING, toldAgain: 3 });
  assert.equal(holds(proof), true);
});

test('a certificate that was revoked counts as none', () => {
  const revoked = { subject: 'CN=a', state: 'revoked', thumbprint: 'CC' };
  assert.deepEqual(proofWith({ ...AGREED, certificates: [...AGREED.certificates, revoked] }), NOTHING);
});

const WRONG: Record<string, { change: Partial<Agreed>; counted: Partial<typeof NOTHING> }> = {
  'a device without a certificate, although one is stored': {
    change: { holders: [AGREED.holders[0]!, { subject: 'CN=b', held: undefined }] },
    counted: { without: 1, unknown: 1 },
  },
  'a device with two certificates': {
    change: { certificates: [...AGREED.certificates, { subject: 'CN=a', state: 'issued', thumbprint: 'CC' }] },
    counted: { several: 1, unknown: 1 },
  },
  'a device whose certificate is stored for another one': {
    change: { certificates: AGREED.certificates.map((each) => ({ ...each, subject: 'CN=b' })) },
    counted: { differing: 1, several: 1 },
  },
  'a certificate that Intune was not told of': {
    change: { notified: { count: 1, thumbprints: ['AA'] } },
    counted: { untold: 1 },
  },
};
for (const [what, { change, counted }] of Object.entries(WRONG))
  test(`the proof fails for ${what}`, () => {
    const proof = proofWith({ ...AGREED, ...change });
    assert.deepEqual(proof, { ...NOTHING, ...counted });
    assert.equal(holds(proof), false);
  });
