/** The OCSP responder: what it says of certificates, what it keeps, and when it says nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ocspResponder } from '../../src/ocsp/ocsp-responder.ts';
import { issuerIdentity } from '../../src/pkix/issuer-id.ts';
import type { Store } from '../../src/core/store.ts';
import { auditFor } from '../../src/testing/store-samples.ts';
import { rsaKey } from '../kit/keys.ts';
import { issuing, nextCa, root } from '../kit/pki.ts';
import { ISSUER_ID, ocspRequest, readResponse, signerOf, underTest } from './ocsp-under-test.ts';

const NEVER = 'abcdef';
const EXTENDED_REVOKE = '1.3.6.1.5.5.7.48.1.9';

test('good, revoked with reason and moment, and unknown; signed by a certificate of the CA', async (t) => {
  const { ask, issue, revoke, clock } = await underTest(t);
  const [good, revoked] = [await issue(1), await issue(2)];
  await revoke(revoked);
  clock.forward(600_500);
  const { status, answers, producedAt, signed, extensions } = await ask([good, revoked, NEVER]);
  assert.deepEqual([status, signed, extensions, producedAt], ['successful', true, [], '2026-03-01T12:10:00.000Z']);
  const times = { thisUpdate: '2026-03-01T12:05:00.000Z', nextUpdate: '2026-03-01T13:10:00.000Z' };
  assert.deepEqual(answers, [
    { serial: good, status: 'good', ...times },
    { serial: revoked, status: 'revoked', revoked: '2026-03-01T12:00:00.000Z', reason: 1, ...times },
    { serial: NEVER, status: 'unknown', ...times },
  ]);
});

test('without a reason where none was given, and true from the revocation on', async (t) => {
  const { ask, issue, revoke, clock } = await underTest(t);
  const serial = await issue(1);
  clock.forward(100_000);
  await revoke(serial, 'unspecified');
  clock.forward(20_000);
  const [answer] = (await ask([serial])).answers;
  assert.deepEqual(answer, {
    serial,
    status: 'revoked',
    revoked: '2026-03-01T12:01:40.000Z',
    thisUpdate: '2026-03-01T12:01:40.000Z',
    nextUpdate: '2026-03-01T13:02:00.000Z',
  });
});

test('a serial number that was never issued is revoked where that is wanted, and the answer says what that means', async (t) => {
  const { ask, issue } = await underTest(t, { nonIssued: 'revoked' });
  const good = await issue(1);
  const { answers, extensions } = await ask([NEVER, good]);
  assert.deepEqual(
    answers.map(({ status, revoked, reason }) => [status, revoked, reason]),
    [
      ['revoked', '1970-01-01T00:00:00.000Z', 6],
      ['good', undefined, undefined],
    ],
  );
  assert.deepEqual(extensions, [EXTENDED_REVOKE]);
  assert.deepEqual((await ask([good])).extensions, []);
});

test('a CA is found by SHA-1 and by SHA-256; another one is not answered for', async (t) => {
  const { ask, issue } = await underTest(t);
  const serial = await issue(1);
  for (const hash of ['sha1', 'sha256'] as const)
    assert.equal((await ask([serial], { hash })).answers[0]?.status, 'good', hash);
  assert.equal((await ask([serial], { ca: nextCa.certificate })).status, 'unauthorized');
  const other = [serial, { ca: nextCa.certificate }] as [string, { ca: Uint8Array }];
  const { answers } = await ask([other, serial]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['unknown', 'good'],
  );
});

test('of two CAs the one that the request names answers and signs', async (t) => {
  const [own, earlier] = [await signerOf(issuing), await signerOf(root, rsaKey('ocsp of root'))];
  const cas = [
    { certificate: issuing.certificate, signer: () => own },
    { certificate: root.certificate, signer: () => earlier },
  ];
  const { answer, issue, revoke } = await underTest(t, { cas });
  const { issuerId } = issuerIdentity(root.certificate);
  const [mine, old] = [await issue(1), await issue(2, issuerId)];
  await revoke(old, 'superseded', issuerId);
  const statusOf = async (serial: string, ca: Uint8Array): Promise<unknown[]> => {
    const { answers, signed } = readResponse((await answer(ocspRequest([serial], { ca }))).body, ca);
    return [answers[0]?.status, signed];
  };
  assert.deepEqual(await statusOf(mine, issuing.certificate), ['good', true]);
  assert.deepEqual(await statusOf(old, root.certificate), ['revoked', true]);
  assert.deepEqual(await statusOf(old, issuing.certificate), ['unknown', true]);
});

test('a nonce of 1 to 32 octets is repeated, a longer one up to 128 is left out, and any other is malformed', async (t) => {
  const { ask, issue } = await underTest(t);
  const serial = await issue(1);
  const answered = async (length: number): Promise<unknown> => {
    const { status, nonce } = await ask([serial], { nonce: Buffer.alloc(length, 0xa5) });
    return status === 'successful' ? (nonce?.length ?? 0) / 2 : status;
  };
  assert.deepEqual(
    [await answered(1), await answered(32), await answered(33), await answered(128), await answered(129)],
    [1, 32, 0, 0, 'malformedRequest'],
  );
  assert.equal(await answered(0), 'malformedRequest');
});

test('an answer is signed once in a minute, one with a nonce each time', async (t) => {
  const { answer, issue, clock } = await underTest(t);
  const request = ocspRequest([await issue(1)]);
  const first = await answer(request);
  clock.forward(59_000);
  assert.equal(await answer(request), first);
  assert.deepEqual(
    [first.kept?.lastModified, first.kept?.expires],
    ['Sun, 01 Mar 2026 12:00:00 GMT', 'Sun, 01 Mar 2026 13:00:00 GMT'],
  );
  clock.forward(1_000);
  const next = await answer(request);
  assert.notEqual(next.kept?.etag, first.kept?.etag);
  const withNonce = ocspRequest(['01'], { nonce: Buffer.alloc(16, 1) });
  assert.equal((await answer(withNonce)).kept, undefined);
  assert.notEqual(await answer(withNonce), await answer(withNonce));
});

test('the answer to a long request is signed each time, so that many of them fill no memory', async (t) => {
  const { answer, issue } = await underTest(t);
  const serials = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((n) => issue(n)));
  const short = ocspRequest(serials.slice(0, 4));
  const long = ocspRequest(serials);
  assert.ok(short.length <= 512 && long.length > 512);
  assert.equal(await answer(short), await answer(short));
  assert.notEqual(await answer(long), await answer(long));
});

test('a revocation and the end of a hold show after a second, also of another server; what is unknown is never kept', async (t) => {
  const { ask, answer, issue, revoke, clock, store } = await underTest(t);
  const serial = await issue(1);
  const statusOf = async (each: string): Promise<string | undefined> => (await ask([each])).answers[0]?.status;
  assert.equal(await statusOf(serial), 'good');
  await revoke(serial);
  clock.forward(1_000);
  assert.equal(await statusOf(serial), 'revoked');
  const held = await issue(2);
  await revoke(held, 'certificateHold');
  clock.forward(1_000);
  assert.deepEqual([await statusOf(held), (await ask([held])).answers[0]?.reason], ['revoked', 6]);
  await store.release({ issuerId: ISSUER_ID, serial: held }, auditFor(2, 'released'));
  clock.forward(1_000);
  assert.equal(await statusOf(held), 'good');
  const { kept } = await answer(ocspRequest(['b2']));
  assert.equal(kept, undefined);
});

test('an answer that was being made while its certificate was revoked is not kept', async (t) => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let holds = true;
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const { answer, issue, revoke, clock } = await underTest(t, {
    wrap: (store) => ({
      ...store,
      async revocationStatus(id) {
        const found = await store.revocationStatus(id);
        begin();
        if (holds) await held;
        return found;
      },
    }),
  });
  const serial = await issue(1);
  const slow = answer(ocspRequest([serial]));
  await begun;
  await revoke(serial);
  clock.forward(1_000);
  holds = false;
  assert.equal(readResponse((await answer(ocspRequest([serial]))).body).answers[0]?.status, 'revoked');
  release();
  assert.equal(readResponse((await slow).body).answers[0]?.status, 'good');
  assert.equal(readResponse((await answer(ocspRequest([serial]))).body).answers[0]?.status, 'revoked');
});

test('without a signer, and with one that has ended or not begun, verifiers are to ask again later', async (t) => {
  const made = await signerOf(issuing);
  let signer: typeof made | undefined;
  const cas = [{ certificate: issuing.certificate, signer: () => signer }];
  // As after `openndes clock --accept`.
  const wrap = (store: Store): Store => ({ ...store, lastSigned: async () => undefined });
  const { ask, issue, clock } = await underTest(t, { cas, wrap });
  const serial = await issue(1);
  assert.equal((await ask([serial])).status, 'tryLater');
  signer = made;
  clock.forward(10 * 86_400_000 - 1_800_000);
  // The answer ends with the certificate that signs it.
  assert.equal((await ask([serial])).answers[0]?.nextUpdate, '2026-03-11T12:00:00.000Z');
  clock.forward(1_800_000);
  assert.equal((await ask([serial])).status, 'tryLater');
  clock.forward(-20 * 86_400_000);
  assert.equal((await ask([serial])).status, 'tryLater');
});

test('a key that signs later gets so many signatures at a time; beyond them verifiers are to come later', async (t) => {
  const signer = await signerOf(issuing);
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const key = {
    ...signer.key,
    sign: (input: Parameters<typeof signer.key.sign>[0]) => held.then(() => signer.key.sign(input)),
  };
  const cas = [{ certificate: issuing.certificate, signer: () => slow }];
  const slow = { ...signer, key };
  const { answer, issue } = await underTest(t, { cas });
  const serial = await issue(1);
  const all = Array.from({ length: 257 }, (_, n) =>
    Promise.resolve(answer(ocspRequest([serial], { nonce: Buffer.of(1, n & 0xff, n >> 8) }))),
  );
  const last = await Promise.race(all);
  release();
  assert.equal(readResponse(last.body).status, 'tryLater');
  // One without a signature has five octets.
  assert.equal((await Promise.all(all)).filter(({ body }) => body.length > 5).length, 256);
});

test('what is malformed, a request for nothing, for too many, and a critical extension get malformedRequest', async (t) => {
  const { answer } = await underTest(t);
  const serials = (length: number): string[] => Array.from({ length }, (_, n) => (n + 1).toString(16).padStart(4, '0'));
  const whole = ocspRequest(['01']);
  const critical = Buffer.from(ocspRequest(['01'], { nonce: Buffer.alloc(4) }));
  // id-pkix-ocsp-nonce becomes id-pkix-ocsp 3, and its OCTET STRING of 6 octets a critical one of 3.
  const at = critical.indexOf(Buffer.from('2b0601050507300102', 'hex'));
  critical[at + 8] = 3;
  critical.set([1, 1, 0xff, 4, 3, 4, 1, 0], at + 9);
  const requests = {
    empty: new Uint8Array(),
    cut: whole.subarray(0, -1),
    longer: Buffer.concat([whole, Buffer.of(0)]),
    none: ocspRequest([]),
    'thirty-three': ocspRequest(serials(33)),
    long: Buffer.alloc(20_000, 0x30),
    critical,
  };
  for (const [what, request] of Object.entries(requests))
    assert.equal(readResponse((await answer(request)).body).status, 'malformedRequest', what);
  assert.equal(readResponse((await answer(ocspRequest(serials(32)))).body).answers.length, 32);
});

test('when the store does not answer it throws, and asks again at the next request', async (t) => {
  let broken = true;
  const { answer, issue } = await underTest(t, {
    wrap: (store) => ({
      ...store,
      revocationStanding: (id) => (broken ? Promise.reject(new Error('gone')) : store.revocationStanding(id)),
    }),
  });
  const request = ocspRequest([await issue(1)]);
  await assert.rejects(async () => answer(request), /gone/);
  broken = false;
  assert.equal(readResponse((await answer(request)).body).answers[0]?.status, 'good');
});

test('a certificate that is none of a CA is refused when the responder is made', () => {
  const options = { validity: 1, maxAge: 1, nonIssued: 'unknown', clock: () => new Date(0) } as const;
  const cas = [{ certificate: Buffer.from('3000', 'hex'), signer: () => undefined }];
  assert.throws(() => ocspResponder({ cas, store: {} as never, ...options }), /truncated|expected/);
});
