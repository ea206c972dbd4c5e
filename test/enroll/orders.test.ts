/** An order at a CA elsewhere whose outcome is not known: the CA is asked what became of it, or given it again, or there may be an orphan. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { IssuerError, type IssuerErrorCode } from '../../src/core/errors.ts';
import type { EndpointIssuer, Issued, RevocationOrder } from '../../src/core/issuer.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import type { Store } from '../../src/core/store.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText, nameText } from '../../src/pkix/name.ts';
import { keyHash } from '../../src/enroll/identify.ts';
import {
  authority,
  type Different,
  endpointUnderTest,
  issuedIn,
  PATH,
  refusalIn,
  revoke,
  stored,
  type Under,
} from '../kit/endpoint-under-test.ts';
import { certificateFor, client, issuing, NOW, root } from '../kit/pki.ts';
import { handClock } from '../kit/clock.ts';
import { allows, policyThat } from '../kit/policy.ts';
import { REQUEST_PLAN, requestMessage, TRANSACTION_ID } from '../kit/requests.ts';

const REQUEST = await requestMessage();
const content = issuerAndSubject(readCertificate(issuing.certificate).subject, REQUEST_PLAN.subject);
const POLL = await requestMessage({ messageType: 'CertPoll', content });
const MINUTE = 60_000;

/** What is known of the CA: whether it can be asked for an order, or gives the same certificate for the same one. */
type Kind = 'find' | 'idempotent' | 'for four minutes' | 'neither';
/** A CA whose answers to the first orders are lost after it has made the certificates; `loses` says how many, and how. */
type Ca = EndpointIssuer & { made: Map<string, Issued[]>; finds: number; loses: number; remembers: boolean };

const failure = (code: IssuerErrorCode, retryable = true): IssuerError =>
  new IssuerError({ code, retryable, adminText: `the CA: ${code}`, clientText: 'Try again.' });

function losingCa(kind: Kind, loss: () => Error = () => failure('unknown-outcome')): Ca {
  const signer = authority(() => NOW);
  const make = async (request: EnrollmentRequest): Promise<Issued> => {
    const before = ca.made.get(request.requestKey) ?? [];
    const remembers = kind === 'idempotent' || (kind === 'for four minutes' && ca.remembers);
    if (remembers && before[0]) return before[0];
    const issued = await signer.issue(request, { kind: 'allow', notify: 'none' }, new AbortController().signal);
    ca.made.set(request.requestKey, [...before, issued as Issued]);
    return issued as Issued;
  };
  const ca: Ca = {
    made: new Map(),
    finds: 0,
    loses: 1,
    remembers: true,
    ...(kind === 'idempotent' && { capabilities: { idempotent: true } }),
    ...(kind === 'for four minutes' && { capabilities: { idempotentFor: 4 * MINUTE } }),
    async issue(request) {
      const issued = await make(request);
      if (ca.loses-- > 0) throw loss();
      return issued;
    },
    ...(kind === 'find' && { find: async ({ requestKey }) => (ca.finds++, ca.made.get(requestKey)?.[0]) }),
  };
  return ca;
}

const status = async (under: Under, message = POLL): Promise<string> =>
  (await under.service.pkiOperation(message)).outcome;
const madeBy = (ca: Ca): number => [...ca.made.values()].flat().length;
const ordersOf = ({ store }: Under) => store.listOrders({ limit: 9 });

for (const [kind, certificates, finds, orphans] of [
  ['find', 1, 1, 0],
  ['idempotent', 1, 0, 0],
  ['neither', 2, 0, 1],
] as const)
  test(`the answer is lost at a CA with ${kind}: ${certificates} certificate(s) there, ${orphans} orphan(s) here, and the policy is asked once`, async () => {
    const [policy, issuer] = [allows('none'), losingCa(kind)];
    const under = await endpointUnderTest(policy, { issuer });
    assert.equal(await status(under, REQUEST), 'pending');
    const [order] = await ordersOf(under);
    const { requestKey } = policy.asked[0]!;
    const publicKeyHash = keyHash(client.key.spki);
    const sent = { requestKey, endpoint: PATH, transactionId: TRANSACTION_ID, publicKeyHash, at: NOW };
    assert.deepEqual(order, { ...sent, id: order?.id, state: 'sent' });
    const certificate = await issuedIn(await under.service.pkiOperation(POLL));
    assert.deepEqual([madeBy(issuer), issuer.finds, policy.asked.length], [certificates, finds, 1]);
    assert.deepEqual(certificate, Buffer.from(issuer.made.get(requestKey)!.at(-1)!.certificate));
    assert.deepEqual(
      (await ordersOf(under)).map(({ state }) => state),
      Array.from({ length: orphans }, () => 'orphan'),
    );
  });

for (const [minutes, certificates, orphans] of [
  [3, 1, 0],
  [5, 2, 1],
] as const)
  test(`the answer is lost at a CA that remembers an order for four minutes, and the device comes after ${minutes}: ${certificates} certificate(s) there, ${orphans} orphan(s) here`, async () => {
    const issuer = losingCa('for four minutes');
    const clock = handClock();
    const under = await endpointUnderTest(allows('none'), { issuer, clock });
    assert.equal(await status(under, REQUEST), 'pending');
    clock.forward(minutes * MINUTE);
    issuer.remembers = minutes < 4;
    await issuedIn(await under.service.pkiOperation(POLL));
    assert.deepEqual([madeBy(issuer), (await ordersOf(under)).length], [certificates, orphans]);
  });

test('the answer is lost three times: each order but the last is an orphan', async () => {
  const issuer = losingCa('neither');
  issuer.loses = 3;
  const under = await endpointUnderTest(allows('none'), { issuer });
  for (const _ of [1, 2, 3]) assert.equal(await status(under, REQUEST), 'pending');
  await issuedIn(await under.service.pkiOperation(POLL));
  assert.equal(madeBy(issuer), 4);
  assert.deepEqual(
    (await ordersOf(under)).map(({ state }) => state),
    ['orphan', 'orphan', 'orphan'],
  );
});

test('the CA cannot be asked what became of the order: nothing is ordered before it can', async () => {
  const issuer = losingCa('find');
  const under = await endpointUnderTest(allows('none'), { issuer });
  await status(under, REQUEST);
  const down: EndpointIssuer = { ...issuer, find: () => Promise.reject(new Error('socket hang up')) };
  const beside = await endpointUnderTest(allows('none'), { issuer: down, store: under.store, clock: under.clock });
  const answer = await beside.service.pkiOperation(POLL);
  assert.equal(
    answer.facts.reason,
    'unreachable: the issuer could not be asked what became of the order: socket hang up',
  );
  assert.deepEqual([madeBy(issuer), (await ordersOf(under)).length], [1, 1]);
  await issuedIn(await under.service.pkiOperation(POLL));
  assert.deepEqual([madeBy(issuer), (await ordersOf(under)).length], [1, 0]);
});

test('the CA finds nothing: it is given the order, and there is no orphan', async () => {
  const issuer = losingCa('find');
  const under = await endpointUnderTest(allows('none'), { issuer });
  await status(under, REQUEST);
  issuer.made.clear();
  await issuedIn(await under.service.pkiOperation(POLL));
  assert.deepEqual([madeBy(issuer), issuer.finds, (await ordersOf(under)).length], [1, 1, 0]);
});

for (const [what, loss, states] of [
  ['says that it refuses', () => failure('rejected', false), []],
  ['fails without saying whether it made a certificate', () => failure('unknown-outcome', false), ['orphan']],
  ['throws something else', () => new Error('socket hang up'), ['orphan']],
] as const)
  test(`a CA that ${what}: FAILURE, and ${states.length} orphan(s)`, async () => {
    const under = await endpointUnderTest(allows('none'), { issuer: losingCa('neither', loss) });
    assert.equal(await refusalIn(await under.service.pkiOperation(REQUEST)), 'issuer_failed');
    assert.deepEqual(
      (await ordersOf(under)).map(({ state }) => state),
      states,
    );
    assert.deepEqual(await under.store.listPending(), []);
  });

test('a CA that says that it made nothing leaves no order, and the challenge counts again', async () => {
  const policy = policyThat(() => ({ kind: 'allow', notify: 'none', consumes: 'one-time' }));
  const under = await endpointUnderTest(policy, { issuer: losingCa('neither', () => failure('rejected', false)) });
  assert.equal(await refusalIn(await under.service.pkiOperation(REQUEST)), 'issuer_failed');
  assert.deepEqual(await ordersOf(under), []);
  await issuedIn(await under.service.pkiOperation(REQUEST));
  assert.equal(policy.asked.length, 2);
});

for (const told of [true, false])
  test(`a certificate that does not fit is ${told ? 'revoked, and known' : 'an orphan where the CA cannot be told'}`, async () => {
    const revoked: RevocationOrder[] = [];
    const revoker = { revoke: async (order: RevocationOrder) => void revoked.push(order) };
    const issuer = losingCa('neither');
    issuer.loses = 0;
    const under = await endpointUnderTest(allows('none'), { issuer, chain: [], ...(told && { revoker }) });
    assert.equal(await refusalIn(await under.service.pkiOperation(REQUEST)), 'issuer_failed');
    assert.equal((await ordersOf(under)).length, told ? 0 : 1);
    assert.equal(await under.revocations(), told ? 1 : 0);
    assert.equal(revoked.length, told ? 1 : 0);
  });

test('while one process waits for the CA another one does not ask it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const issuer = losingCa('neither');
  issuer.loses = 0;
  const slow: EndpointIssuer = { issue: (...order) => promise.then(() => issuer.issue(...order)) };
  const first = await endpointUnderTest(allows('none'), { issuer: slow });
  const running = first.service.pkiOperation(REQUEST);
  await new Promise((done) => setTimeout(done, 50));
  const policy = allows('none');
  const beside: Different = { issuer, store: first.store, clock: first.clock };
  const second = await endpointUnderTest(policy, beside);
  for (const message of [REQUEST, POLL]) assert.equal(await status(second, message), 'pending');
  assert.deepEqual([madeBy(issuer), policy.asked.length], [0, 0]);
  resolve();
  await issuedIn(await running);
  await issuedIn(await second.service.pkiOperation(POLL));
  assert.equal(madeBy(issuer), 1);
});

test('the CA finds a certificate that it made before the order: it is left as it is, and the CA is given the order', async () => {
  const issuer = losingCa('find');
  const { find } = issuer;
  const moments: (Date | undefined)[] = [];
  issuer.find = async (request, signal, since) => {
    moments.push(since);
    return find!(request, signal, since);
  };
  const revoked: RevocationOrder[] = [];
  const revoker = { revoke: async (order: RevocationOrder) => void revoked.push(order) };
  const under = await endpointUnderTest(allows('none'), { issuer, revoker });
  await status(under, REQUEST);
  const [requestKey] = issuer.made.keys();
  const notBefore = new Date(NOW.getTime() - 26 * 60 * MINUTE);
  const older = await certificateFor(client.key.spki, { notBefore, notAfter: new Date(NOW.getTime() + 60 * MINUTE) });
  issuer.made.set(requestKey!, [{ kind: 'issued', certificate: older, chain: [issuing.certificate] }]);
  const certificate = await issuedIn(await under.service.pkiOperation(POLL));
  assert.notDeepEqual(certificate, Buffer.from(older));
  assert.deepEqual([moments, revoked, await under.revocations()], [[NOW], [], 0]);
});

test('the CA finds the certificate of another request of the same key, which is recorded: it is given the order', async () => {
  const issuer = losingCa('find');
  const under = await endpointUnderTest(allows('none'), { issuer });
  await status(under, REQUEST);
  const [requestKey] = issuer.made.keys();
  const beside = losingCa('find');
  beside.loses = 0;
  const plan = { ...REQUEST_PLAN, subject: nameFromText('CN=device-2,O=Example') };
  const other = await endpointUnderTest(allows('none'), { issuer: beside, store: under.store });
  const csr = await writeCertificationRequest(plan, client.key);
  const otherRequest = await requestMessage({ transactionId: 'other', content: csr });
  assert.equal(await status(other, otherRequest), 'issued');
  issuer.made.set(requestKey!, [...beside.made.values()].flat());
  const certificate = await issuedIn(await under.service.pkiOperation(POLL));
  assert.equal(nameText(readCertificate(certificate).subject), 'CN=device-1,O=Example');
});

test('a certificate that could not be recorded comes again by find, and is not revoked', async () => {
  const revoked: RevocationOrder[] = [];
  const revoker = { revoke: async (order: RevocationOrder) => void revoked.push(order) };
  const issuer = losingCa('find');
  issuer.loses = 0;
  const wrap = (store: Store): Store => ({ ...store, recordIssued: () => Promise.reject(new Error('disk full')) });
  const failing = await endpointUnderTest(allows('none'), { issuer, revoker, wrap });
  await assert.rejects(failing.service.pkiOperation(REQUEST), { code: 'unavailable' });
  const { store, clock } = failing;
  const under = await endpointUnderTest(allows('none'), { issuer, revoker, store, clock });
  assert.equal(await status(under, REQUEST), 'pending', 'the first process may still be at it');
  clock.forward(MINUTE);
  await issuedIn(await under.service.pkiOperation(REQUEST));
  assert.deepEqual([madeBy(issuer), revoked.length, (await ordersOf(under)).length], [1, 0, 0]);
});

test('a renewal whose certificate was revoked meanwhile is not ordered again', async () => {
  const first = await endpointUnderTest(allows('none'));
  const certificate = await issuedIn(await first.service.pkiOperation(REQUEST));
  const issuer = losingCa('neither');
  const under = await endpointUnderTest(allows('none'), { store: first.store, issuer });
  const signer = { key: client.key, certificate };
  const renewal = await requestMessage({ messageType: 'RenewalReq', transactionId: 'renewal', signer });
  assert.equal(await status(under, renewal), 'pending');
  await revoke(under.store, (await stored(under))[0]!, 'superseded');
  const poll = await requestMessage({ messageType: 'CertPoll', transactionId: 'renewal', content });
  const answer = await under.service.pkiOperation(poll);
  assert.deepEqual([answer.facts['code'], madeBy(issuer)], ['renewal_refused', 1]);
  assert.deepEqual(
    (await ordersOf(under)).map(({ state }) => state),
    ['orphan'],
  );
});

test('a renewal that is ordered again under another certificate of the key says what it renews', async () => {
  const first = await endpointUnderTest(allows('none'));
  const certificate = await issuedIn(await first.service.pkiOperation(REQUEST));
  const asked: EnrollmentRequest[] = [];
  const issuer: EndpointIssuer = { issue: (request) => (asked.push(request), Promise.reject(failure('unavailable'))) };
  const under = await endpointUnderTest(allows('none'), { store: first.store, issuer });
  const signer = { key: client.key, certificate };
  await status(under, await requestMessage({ messageType: 'RenewalReq', transactionId: 'renewal', signer }));
  const poll = await requestMessage({ messageType: 'CertPoll', transactionId: 'renewal', content });
  assert.equal(await status(under, poll), 'pending');
  const { serial } = (await stored(under))[0]!;
  assert.deepEqual(
    asked.map(({ renews, requestKey }) => [renews?.serial, requestKey]),
    [
      [serial, asked[0]?.requestKey],
      [serial, asked[0]?.requestKey],
    ],
  );
});

test('the endpoint has another CA meanwhile, which finds nothing: the order at the first one is an orphan', async () => {
  const issuer = losingCa('find');
  const under = await endpointUnderTest(allows('none'), { issuer });
  await status(under, REQUEST);
  const another = losingCa('find');
  another.loses = 0;
  const { store, clock } = under;
  const chain = [root.certificate];
  const moved = await endpointUnderTest(allows('none'), { issuer: another, store, clock, chain });
  await status(moved);
  assert.deepEqual([issuer.finds, another.finds, madeBy(another)], [0, 0, 1]);
  assert.deepEqual((await ordersOf(under)).map(({ state }) => state)[0], 'orphan');
});
