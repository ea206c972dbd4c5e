/** Policies, issuers, revokers and keys of others: a plain answer is an answer, and what hangs is left at the deadline. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { keyWithin } from '../../src/core/key-within.ts';
import type { Issued, Issuer, RevocationOrder, Revoker } from '../../src/core/issuer.ts';
import type { KeyProvider } from '../../src/core/keys.ts';
import type { Store } from '../../src/core/store.ts';
import type { Facts, Policy } from '../../src/core/policy.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { messageCodec } from '../../src/scep/codec.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { handClock } from '../kit/clock.ts';
import {
  authority,
  type Different,
  endpointUnderTest,
  issuedIn,
  refusalIn,
  stored,
  type Under,
} from '../kit/endpoint-under-test.ts';
import { issuing, ra, random } from '../kit/pki.ts';
import { allows } from '../kit/policy.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';

const REQUEST = await requestMessage();
const GET_CRL = await requestMessage({
  messageType: 'GetCRL',
  content: issuerAndSubject(readCertificate(issuing.certificate).subject, REQUEST_PLAN.subject),
});
const hangs = <T>(): Promise<T> => new Promise<T>(() => {});

/** An endpoint whose requests have 50 milliseconds. */
async function hurried(policy: Policy, different: Different = {}): Promise<Under> {
  const under = await endpointUnderTest(policy, different);
  under.services.deadline = () => AbortSignal.timeout(50);
  return under;
}

test('a policy and an issuer that answer plainly, without a promise: a certificate, and it is notified', async () => {
  const notified: string[] = [];
  const clock = handClock();
  const plain = {
    name: 'plain',
    decide: () => ({ kind: 'allow', notify: 'strict' }),
    notify: ({ kind }: { kind: string }): Facts => (notified.push(kind), { rack: 'B7' }),
  } as unknown as Policy;
  // Issued for this request before, so that it can be returned without a promise.
  let prepared: Issued | undefined;
  const issuer = {
    issue: (...args: Parameters<Issuer['issue']>) => prepared ?? prepare(...args),
  } as unknown as Issuer;
  const prepare = async (...args: Parameters<Issuer['issue']>): Promise<never> => {
    prepared = (await authority(clock).issue(...args)) as Issued;
    throw new Error('not yet');
  };
  const under = await endpointUnderTest(plain, { issuer, clock });
  assert.equal(await refusalIn(await under.service.pkiOperation(REQUEST)), 'issuer_failed');
  await issuedIn(await under.service.pkiOperation(REQUEST));
  assert.deepEqual(notified, ['success']);
});

test('a revoker that returns nothing at all has taken the revocation', async () => {
  const taken: RevocationOrder[] = [];
  const revoker = { revoke: (order: RevocationOrder) => void taken.push(order) } as unknown as Revoker;
  const refuses = () => Promise.reject(new Error('not accepted'));
  const under = await endpointUnderTest(allows('strict', refuses), { revoker });
  await refusalIn(await under.service.pkiOperation(REQUEST));
  assert.equal(await under.revocations(), 1);
  assert.equal(taken.length, 1);
});

test('an issuer that never answers: PENDING at the deadline, and the next request is not held up by it', async () => {
  const clock = handClock();
  let asked = 0;
  const issuer: Issuer = { issue: (...args) => (asked++ === 0 ? hangs() : authority(clock).issue(...args)) };
  const under = await hurried(allows('none'), { issuer, clock });
  const answer = await under.service.pkiOperation(REQUEST);
  assert.deepEqual(
    [answer.outcome, answer.facts.reason],
    ['pending', 'unreachable: the issuer gave no answer within the time of the request'],
  );
  await issuedIn(await under.service.pkiOperation(REQUEST));
  assert.equal(asked, 2);
});

for (const [idempotent, told] of [
  [false, 1],
  [true, 0],
] as const)
  test(`a certificate that comes after the deadline, from a CA that ${idempotent ? 'gives it again' : 'makes a new one each time'}: the CA is told ${told} revocations`, async () => {
    const clock = handClock();
    const { promise, resolve } = Promise.withResolvers<void>();
    const issuer: Issuer = {
      capabilities: { idempotent },
      async issue(request, decision) {
        await promise;
        return authority(clock).issue(request, decision, AbortSignal.timeout(5_000));
      },
    };
    const taken: RevocationOrder[] = [];
    const revoker: Revoker = { revoke: async (order) => void taken.push(order) };
    const under = await hurried(allows('none'), { issuer, revoker, clock });
    assert.equal((await under.service.pkiOperation(REQUEST)).outcome, 'pending');
    resolve();
    await new Promise((done) => setTimeout(done, 100));
    await under.revocations();
    assert.deepEqual([taken.length, (await stored(under)).length], [told, 0]);
  });

test('a strict notification that is never acknowledged: refused at the deadline, and the certificate is revoked', async () => {
  const under = await hurried(allows('strict', () => hangs<Facts>()));
  assert.equal(await refusalIn(await under.service.pkiOperation(REQUEST)), 'notification_failed');
  assert.deepEqual(
    (await stored(under)).map(({ state }) => state),
    ['revoked'],
  );
});

test('a revocation list that never comes: GetCRL ends at the deadline', async () => {
  const under = await hurried(allows('none'), { crl: () => hangs<Uint8Array>() });
  await assert.rejects(under.service.pkiOperation(GET_CRL), /the request could not be finished/);
});

for (const call of ['keyStanding', 'findRequest', 'recordIssued'] as const)
  test(`a store whose ${call} never answers: 503 at its deadline, and the same request is served when it answers again`, async () => {
    let stuck = true;
    const wrap = (store: Store): Store =>
      new Proxy(store, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name);
          if (typeof method !== 'function') return method;
          return name === call && stuck ? hangs : (method.bind(target) as unknown);
        },
      });
    const under = await endpointUnderTest(allows('none'), { wrap });
    under.services.storeDeadline = () => AbortSignal.timeout(stuck ? 100 : 60_000);
    await assert.rejects(under.service.pkiOperation(REQUEST), {
      code: 'unavailable',
      message: 'the store gave no answer in time',
    });
    stuck = false;
    await issuedIn(await under.service.pkiOperation(REQUEST));
  });

for (const operation of ['sign', 'decrypt'] as const)
  test(`an RA key whose ${operation} never answers: the request ends at the deadline`, async () => {
    const stuck: KeyProvider = { ...ra.key, [operation]: () => hangs<Uint8Array>() };
    const key = keyWithin(stuck, () => AbortSignal.timeout(50));
    const rules = { legacy: new Set<never>(), signingTime: undefined, renewal: true };
    const codec = messageCodec({
      ra: registrationAuthority({ certificate: ra.certificate, key }),
      rules,
      clock: handClock(),
      random,
    });
    const under = await endpointUnderTest(allows('none'), { codec });
    await assert.rejects(under.service.pkiOperation(REQUEST), { name: 'TimeoutError' });
  });

test('a key in memory answers at once, without a promise', () => {
  const key = keyWithin(ra.key, () => AbortSignal.abort());
  const signed = key.sign({ data: Buffer.from('x'), digest: 'sha256', scheme: 'pkcs1' });
  assert.ok(signed instanceof Uint8Array);
});
