/** A certificate that does not fit its request is revoked at the CA that made it, and only where it was made for this request. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { EndpointIssuer, Issued, Issuer, RevocationOrder, Revoker } from '../../src/core/issuer.ts';
import { type CertificatePlan, readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { basicConstraints, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { handClock } from '../kit/clock.ts';
import { authority, endpointUnderTest, PATH, read, refusalIn, stored, type Under } from '../kit/endpoint-under-test.ts';
import { ecKey } from '../kit/keys.ts';
import { DAY, HOUR, issuing, NOW, root } from '../kit/pki.ts';
import { allows } from '../kit/policy.ts';
import { requestMessage, TRANSACTION_ID } from '../kit/requests.ts';
import { serverOnFile } from '../kit/server-on-file.ts';
import { temporaryFile } from '../store/temporary.ts';

const REQUEST = await requestMessage();
const ADMIN = subjectAltName([generalNameFromText('upn:admin@example.com')]);
const ADDED = 'the issuer added the subjectAltName otherName:"admin@example.com"';

/** A CA that certifies a name that was not requested, or what else is given; each serial number is one more than 0x70. */
function lying(different: Partial<CertificatePlan> = {}, key = issuing.key): Issuer {
  let serial = 0x70;
  return {
    async issue({ csr }) {
      const plan: CertificatePlan = {
        serialNumber: Buffer.of(++serial),
        issuer: readCertificate(issuing.certificate).subject,
        subject: csr.subject,
        notBefore: new Date(NOW.getTime() - HOUR),
        notAfter: new Date(NOW.getTime() + 400 * DAY),
        spki: csr.spki,
        extensions: [ADMIN],
        ...different,
      };
      const certificate = await writeCertificate(plan, key);
      return { kind: 'issued', certificate, chain: [issuing.certificate, root.certificate], reference: 'order 7' };
    },
  };
}

type Ca = Revoker & { isDown: boolean; taken: RevocationOrder[] };
function ca(isDown = false): Ca {
  const revoker: Ca = {
    isDown,
    taken: [],
    async revoke(order) {
      if (revoker.isDown) throw new Error('connection refused');
      revoker.taken.push(order);
    },
  };
  return revoker;
}

const told = ({ taken }: Ca) => taken.map(({ serial, reason, reference }) => [serial, reason, reference]);
const refusedEvents = ({ log }: Under) =>
  log.lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'certificate-refused')
    .map(({ serial, revoked, transactionId }) => [serial, revoked, transactionId]);

const serverOn = (t: TestContext, path: string, revoker: Ca, clock: () => Date) =>
  serverOnFile(t, path, { policy: allows('none'), issuer: lying(), revoker }, clock);

test('Q08 a CA that added a name is told to revoke the certificate, also when it was down and the server was started again', async (t) => {
  const [path, revoker, clock] = [temporaryFile(), ca(true), handClock()];
  const first = await serverOn(t, path, revoker, clock);
  const answer = await fetch(first.url, { method: 'POST', body: Buffer.from(REQUEST) });
  const reply = await read({ body: Buffer.from(await answer.arrayBuffer()) });
  assert.equal(reply.status, 'failure');
  const [audit, ...others] = await first.store.listAudit({});
  assert.deepEqual(others, []);
  assert.deepEqual(audit, {
    at: NOW,
    event: 'discarded',
    endpoint: PATH,
    transactionId: TRANSACTION_ID,
    serial: '71',
    actor: { kind: 'system' },
    source: 'scep',
    detail: ADDED,
  });
  await first.logged('revocation-postponed');
  await first.stop();
  assert.deepEqual(revoker.taken, []);

  revoker.isDown = false;
  clock.forward(30_000);
  const next = await serverOn(t, path, revoker, clock);
  await next.logged('revocation-taken');
  assert.deepEqual(told(revoker), [['71', 'cessationOfOperation', 'order 7']]);
  assert.deepEqual(await next.store.listCertificates({}), []);
});

const REVOKED: readonly [string, Issuer][] = [
  ['the rights of a CA', lying({ extensions: [basicConstraints(true)] })],
  ['a validity that has ended', lying({ notAfter: NOW })],
];
for (const [what, issuer] of REVOKED)
  test(`Q08 a certificate with ${what} is revoked at its CA`, async () => {
    const revoker = ca();
    const under = await endpointUnderTest(allows('none'), { issuer, revoker });
    assert.equal(await refusalIn(await under.service.pkiOperation(REQUEST)), 'issuer_failed');
    await under.revocations();
    assert.deepEqual(told(revoker), [['71', 'cessationOfOperation', 'order 7']]);
    assert.deepEqual(refusedEvents(under), [['71', true, TRANSACTION_ID]]);
  });

const giving = (certificate: Uint8Array): Issuer => ({
  issue: async () => ({ kind: 'issued', certificate, chain: [issuing.certificate, root.certificate] }),
});
const KEPT: readonly [string, Issuer, unknown[]][] = [
  [
    'another key, which can be in use elsewhere,',
    lying({ spki: ecKey('another').spki }),
    [['71', false, TRANSACTION_ID]],
  ],
  [
    'the signature of another CA, which this one did not make,',
    lying({}, ecKey('foreign CA')),
    [['71', false, TRANSACTION_ID]],
  ],
  ['no structure', giving(Buffer.of(1, 2, 3)), []],
];
for (const [what, issuer, events] of KEPT)
  test(`Q08 a certificate with ${what} is not sent and not revoked`, async () => {
    const revoker = ca();
    const under = await endpointUnderTest(allows('none'), { issuer, revoker });
    assert.equal(await refusalIn(await under.service.pkiOperation(REQUEST)), 'issuer_failed');
    assert.equal(await under.revocations(), 0);
    assert.deepEqual([revoker.taken, refusedEvents(under)], [[], events]);
  });

test('an issuer that returns the certificate of its CA: FAILURE, and the CA is not told to revoke itself', async () => {
  const revoker = ca();
  const under = await endpointUnderTest(allows('none'), { issuer: giving(issuing.certificate), revoker });
  assert.equal(await refusalIn(await under.service.pkiOperation(REQUEST)), 'issuer_failed');
  assert.equal(await under.revocations(), 0);
});

test('a recorded certificate that comes again and does not fit any more is not revoked', async () => {
  const [clock, revoker] = [handClock(), ca()];
  let first: Promise<Issued> | undefined;
  const issuer: Issuer = { issue: (...order) => (first ??= authority(clock).issue(...order) as Promise<Issued>) };
  const under = await endpointUnderTest(allows('none'), { issuer, revoker, clock });
  await under.service.pkiOperation(REQUEST);
  // It has expired, so a new message with the same request is certified again.
  clock.forward(800 * DAY);
  const again = await requestMessage({ senderNonce: Buffer.alloc(16, 7) });
  const answer = await under.service.pkiOperation(again);
  assert.equal(answer.facts.code, 'issuer_failed');
  assert.match(String(answer.facts.detail), /which has passed/);
  assert.equal(await under.revocations(), 0);
  assert.equal((await stored(under)).length, 1);
});

test('a certificate that comes after a wait, or after the deadline, is checked and revoked like any other', async () => {
  const revoker = ca();
  const liar = lying();
  const [orders, { promise, resolve }] = [[] as Parameters<Issuer['issue']>[], Promise.withResolvers<void>()];
  const waits: EndpointIssuer = {
    async issue(...order) {
      orders.push(order);
      return { kind: 'pending', reference: 'order 8', retryAfter: 0 };
    },
    poll: async () => liar.issue(...orders[0]!),
  };
  const under = await endpointUnderTest(allows('none'), { issuer: waits, revoker });
  assert.equal((await under.service.pkiOperation(REQUEST)).outcome, 'pending');
  under.clock.forward(HOUR);
  assert.equal(await refusalIn(await under.service.pkiOperation(REQUEST)), 'issuer_failed');

  const slow: Issuer = { issue: (...order) => promise.then(() => liar.issue(...order)) };
  const late = await endpointUnderTest(allows('none'), { issuer: slow, revoker });
  late.services.deadline = () => AbortSignal.timeout(50);
  assert.equal((await late.service.pkiOperation(REQUEST)).outcome, 'pending');
  resolve();
  await new Promise((done) => setTimeout(done, 100));
  await under.revocations();
  await late.revocations();
  assert.deepEqual(
    revoker.taken.map(({ serial }) => serial),
    ['71', '72'],
  );
});

test('a refused certificate and a store that records nothing: the CA is told at once', async () => {
  const revoker = ca();
  const diskFull = () => Promise.reject(new Error('disk full'));
  const under = await endpointUnderTest(allows('none'), {
    issuer: lying(),
    revoker,
    wrap: (store) => ({ ...store, queueRevocation: diskFull, findCertificate: diskFull }),
  });
  await under.service.pkiOperation(REQUEST);
  assert.deepEqual(told(revoker), [['71', 'cessationOfOperation', 'order 7']]);
});
