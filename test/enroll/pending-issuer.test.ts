/** A CA that lets requests wait, refuses them, or cannot be reached: what the device, the policy and the CA see. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { IssuerError, type IssuerErrorFields, Refusal, REFUSALS } from '../../src/core/errors.ts';
import type { EndpointIssuer, IssuancePending, Issued, RevocationOrder } from '../../src/core/issuer.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import type { Allow } from '../../src/core/policy.ts';
import type { Store } from '../../src/core/store.ts';
import { createServer } from '../../src/embed/embed.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { handClock } from '../kit/clock.ts';
import {
  authority,
  BY_COMMAND,
  type Different,
  endpointUnderTest,
  events,
  issuedIn,
  PATH,
  read,
  refusalIn,
  revoke,
  stored,
  type Under,
} from '../kit/endpoint-under-test.ts';
import { rsaKey } from '../kit/keys.ts';
import { keptLog } from '../kit/log.ts';
import { client, issuing, NOW, ra, random, root } from '../kit/pki.ts';
import { allows, type CountingPolicy, policyThat } from '../kit/policy.ts';
import { REQUEST_PLAN, requestMessage, TRANSACTION_ID } from '../kit/requests.ts';
import { temporaryFile } from '../store/temporary.ts';

const REQUEST = await requestMessage();
const CA_NAME = readCertificate(issuing.certificate).subject;
const POLL = await requestMessage({
  messageType: 'CertPoll',
  content: issuerAndSubject(CA_NAME, REQUEST_PLAN.subject),
});
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** A CA that an operator runs: an order waits until the test decides it. */
type Ca = EndpointIssuer & {
  orders: EnrollmentRequest[];
  polls: string[];
  /** What a poll gets: still pending, the certificate, or an exception. */
  says: 'pending' | 'issued' | Error;
};

function waitingCa(): Ca {
  const decided = new Map<string, Promise<Issued | IssuancePending>>();
  const ca: Ca = {
    orders: [],
    polls: [],
    says: 'pending',
    async issue(request) {
      ca.orders.push(request);
      return { kind: 'pending', reference: `order ${ca.orders.length}`, retryAfter: 60 };
    },
    async poll(reference) {
      ca.polls.push(reference);
      if (ca.says instanceof Error) throw ca.says;
      if (ca.says === 'pending') return { kind: 'pending', reference, retryAfter: 120 };
      const signed = authority(() => NOW).issue(ca.orders[0]!, ALLOW, new AbortController().signal);
      if (!decided.has(reference)) decided.set(reference, signed);
      return decided.get(reference)!;
    },
  };
  return ca;
}

const ALLOW: Allow = { kind: 'allow', notify: 'none', vouchesForNames: true };
const error = (fields: Partial<IssuerErrorFields> = {}): IssuerError =>
  new IssuerError({
    code: 'rejected',
    retryable: false,
    adminText: 'denied by the operator of the CA',
    clientText: 'The CA refused the request.',
    ...fields,
  });
const unavailable = (retryAfter?: number): IssuerError =>
  error({ code: 'unavailable', retryable: true, adminText: 'HTTP 503', ...(retryAfter && { retryAfter }) });

type Waiting = { under: Under; policy: CountingPolicy; ca: Ca };
async function waiting(policy = allows('none'), different: Different = {}): Promise<Waiting> {
  const ca = waitingCa();
  const under = await endpointUnderTest(policy, { issuer: ca, ...different });
  assert.equal(await status(under, REQUEST), 'pending');
  return { under, policy, ca };
}

const status = async ({ service }: Under, message: Uint8Array): Promise<string> =>
  (await read(await service.pkiOperation(message))).status;
const ask = ({ service }: Under, message: Uint8Array) => service.pkiOperation(message);

test('G01 the CA lets the request wait: PENDING until its retryAfter is over, then it is asked at each poll', async () => {
  const { under, policy, ca } = await waiting();
  for (const message of [POLL, REQUEST]) assert.equal(await status(under, message), 'pending');
  assert.deepEqual(ca.polls, []);
  under.clock.forward(60 * SECOND - 1);
  assert.equal(await status(under, POLL), 'pending');
  assert.deepEqual(ca.polls, []);
  under.clock.forward(1);
  assert.equal(await status(under, POLL), 'pending');
  under.clock.forward(119 * SECOND);
  assert.equal(await status(under, REQUEST), 'pending');
  assert.deepEqual(ca.polls, ['order 1']);
  under.clock.forward(SECOND);
  ca.says = 'issued';
  const certificate = await issuedIn(await ask(under, POLL));
  assert.deepEqual(Buffer.from(readCertificate(certificate).spki), Buffer.from(client.key.spki));
  for (const message of [REQUEST, POLL]) assert.deepEqual(await issuedIn(await ask(under, message)), certificate);
  assert.equal((await stored(under))[0]!.reference, 'order 1');
  assert.deepEqual([policy.asked.length, ca.orders.length, ca.polls.length], [1, 1, 2]);
  assert.deepEqual(await events(under), ['pending', 'issued']);
});

test('G01 the identical request brings the certificate too', async () => {
  const { under, policy, ca } = await waiting();
  ca.says = 'issued';
  under.clock.forward(MINUTE);
  await issuedIn(await ask(under, REQUEST));
  assert.deepEqual([policy.asked.length, ca.orders.length], [1, 1]);
});

test('strict: the notification is sent before delivery, with the decision from before the wait', async () => {
  const policy = policyThat(() => ({ kind: 'allow', notify: 'strict', facts: { rule: 'R7' } }));
  const { under, ca } = await waiting(policy);
  assert.equal(policy.notifications.length, 0);
  ca.says = 'issued';
  under.clock.forward(MINUTE);
  const answer = await ask(under, POLL);
  await issuedIn(answer);
  assert.equal(answer.facts['rule'], 'R7');
  assert.deepEqual(
    policy.notifications.map(({ kind }) => kind),
    ['success'],
  );
  assert.deepEqual(await events(under), ['pending', 'issued', 'delivered']);
});

test('a one-time challenge is used up by waiting for the CA, and the certificate still comes', async () => {
  const { under, ca } = await waiting(policyThat(() => ({ ...ALLOW, consumes: 'otp' })));
  const another = await requestMessage({
    transactionId: 'another',
    content: await writeCertificationRequest(REQUEST_PLAN, rsaKey('another')),
  });
  const stolen = await under.service.pkiOperation(another);
  assert.deepEqual([stolen.outcome, stolen.facts.code], ['refused', 'challenge_used']);
  ca.says = 'issued';
  under.clock.forward(MINUTE);
  await issuedIn(await ask(under, POLL));
});

test('what an administrator approved waits for the CA as well', async () => {
  const ca = waitingCa();
  const under = await endpointUnderTest(allows('none'), { issuer: ca, approval: 'manual' });
  assert.equal(await status(under, REQUEST), 'pending');
  const { key, endpoint, transactionId } = (await under.store.listPending())[0]!;
  const audit = { at: NOW, event: 'approved', endpoint, transactionId, ...BY_COMMAND } as const;
  await under.store.decidePending(key, 'approved', audit);
  assert.equal(await status(under, POLL), 'pending');
  assert.equal(ca.orders.length, 1);
  ca.says = 'issued';
  under.clock.forward(MINUTE);
  await issuedIn(await ask(under, POLL));
  assert.deepEqual([ca.orders.length, ca.polls], [1, ['order 1']]);
});

for (const [what, thrown, code, text] of [
  ['an IssuerError', error(), 'issuer_failed', 'The CA refused the request.'],
  ['a Refusal', new Refusal('subject_refused', 'no CN'), 'subject_refused', REFUSALS.subject_refused.text],
] as const)
  test(`the CA refuses at a poll with ${what}: FAILURE with its text, failureNotification, nothing waits`, async () => {
    const { under, policy, ca } = await waiting(allows('outbox'));
    ca.says = thrown;
    under.clock.forward(MINUTE);
    const answer = await ask(under, POLL);
    const { failInfo, hresult } = REFUSALS[code];
    assert.deepEqual(await read(answer), { status: 'failure', failInfo, text, hresult });
    assert.deepEqual([answer.facts.code, answer.facts.detail], [code, thrown.message]);
    assert.deepEqual(await under.store.listPending(), []);
    assert.equal(await refusalIn(await ask(under, POLL)), 'unknown_transaction');
    await under.notifications();
    assert.deepEqual(
      policy.notifications.map(({ kind }) => kind),
      ['failure'],
    );
  });

test('a CA that cannot be reached at a poll is asked again, for longer than an hour; its retryAfter counts', async () => {
  const { under, policy, ca } = await waiting();
  ca.says = unavailable();
  under.clock.forward(2 * 60 * MINUTE);
  for (let i = 0; i < 2; i++) assert.equal(await status(under, POLL), 'pending');
  assert.equal(ca.polls.length, 2);
  ca.says = unavailable(30);
  assert.equal(await status(under, POLL), 'pending');
  ca.says = 'issued';
  assert.equal(await status(under, POLL), 'pending');
  assert.equal(ca.polls.length, 3);
  under.clock.forward(30 * SECOND);
  await issuedIn(await ask(under, POLL));
  assert.equal(policy.asked.length, 1);
});

test('the clock was months ahead when the request began to wait: the CA is asked at once', async () => {
  const { under, ca } = await waiting();
  under.clock.forward(-100 * 24 * 60 * MINUTE);
  assert.equal(await status(under, POLL), 'pending');
  assert.deepEqual(ca.polls, ['order 1']);
});

test('a poll that throws something else could not find out: no answer, and the order stays open', async () => {
  const { under, ca } = await waiting();
  ca.says = new Error('socket hang up');
  under.clock.forward(MINUTE);
  await assert.rejects(ask(under, POLL), { code: 'unavailable' });
  ca.says = 'issued';
  await issuedIn(await ask(under, POLL));
});

for (const [what, answer] of [
  ['pending without a number of seconds', { kind: 'pending', reference: 'R', retryAfter: Number.NaN }],
  ['pending without a reference', { kind: 'pending', retryAfter: 1 }],
  ['another kind', { kind: 'refused' }],
  ['nothing', null],
] as const)
  test(`a poll that answers ${what} says nothing about the order: no answer, and the order stays open`, async () => {
    const { under, ca } = await waiting();
    const { poll } = ca;
    ca.poll = async () => answer as unknown as Issued;
    under.clock.forward(MINUTE);
    await assert.rejects(ask(under, POLL), { code: 'unavailable' });
    Object.assign(ca, { poll, says: 'issued' });
    await issuedIn(await ask(under, POLL));
  });

test('a CA that cannot be reached: PENDING for as long as the device asks, and the policy is asked once', async () => {
  const policy = allows('outbox');
  let orders = 0;
  const ca = authority(() => NOW);
  const issuer: EndpointIssuer = {
    issue: (...order) => (++orders < 4 ? Promise.reject(unavailable()) : ca.issue(...order)),
  };
  const under = await endpointUnderTest(policy, { issuer });
  const first = await ask(under, REQUEST);
  assert.deepEqual([first.outcome, first.facts.reason], ['pending', 'unreachable: HTTP 503']);
  assert.equal(first.facts['issuerFault'], 'unavailable');
  for (const message of [POLL, REQUEST]) {
    under.clock.forward(61 * MINUTE);
    assert.equal(await status(under, message), 'pending');
  }
  // The CA said each time that it made nothing.
  assert.deepEqual(await under.store.listOrders({ limit: 9 }), []);
  assert.equal(await under.notifications(), 0);
  await issuedIn(await ask(under, POLL));
  assert.deepEqual([orders, policy.asked.length], [4, 1]);
  assert.equal(await under.notifications(), 1);
  assert.deepEqual(policy.notifications[0]?.kind, 'success');
});

test('a CA that asks for patience is not asked before', async () => {
  let orders = 0;
  const issuer: EndpointIssuer = { issue: () => (orders++, Promise.reject(unavailable(30))) };
  const under = await endpointUnderTest(allows('none'), { issuer });
  for (const seconds of [0, 29, 1]) {
    under.clock.forward(seconds * SECOND);
    assert.equal(await status(under, REQUEST), 'pending');
  }
  assert.equal(orders, 2);
});

test('a key that was compromised, or blocked, while the CA could not be reached is not ordered again', async () => {
  for (const lose of ['compromised', 'blocked'] as const) {
    const policy = allows('outbox');
    let orders = 0;
    const issuer = { issue: () => (orders++, Promise.reject(unavailable())) };
    const first = await endpointUnderTest(policy);
    await issuedIn(await ask(first, await requestMessage({ transactionId: 'before' })), {
      ...client,
      transactionId: 'before',
    });
    const under = await endpointUnderTest(policy, { issuer, store: first.store, name: 'other' });
    assert.equal(await status(under, REQUEST), 'pending');
    const [record] = await stored(under);
    if (lose === 'compromised') await revoke(under.store, record!, 'keyCompromise');
    else
      await under.store.addBlock(
        { name: `key:${record!.publicKeyHash}`, at: NOW, by: 'ada' },
        { at: NOW, event: 'blocked', endpoint: '', transactionId: '', ...BY_COMMAND },
      );
    assert.equal(await refusalIn(await ask(under, REQUEST)), lose === 'blocked' ? 'blocked' : 'key_compromised');
    assert.equal(orders, 1);
  }
});

test('a CA that comes back: the certificate at the next poll', async () => {
  const ca = authority(() => NOW);
  let down = true;
  const issuer: EndpointIssuer = {
    issue: (...order) => (down ? Promise.reject(unavailable()) : ca.issue(...order)),
  };
  const under = await endpointUnderTest(allows('none'), { issuer });
  assert.equal(await status(under, REQUEST), 'pending');
  down = false;
  await issuedIn(await ask(under, POLL));
});

test('a final IssuerError: FAILURE with the text for the client, the other text in the log', async () => {
  const policy = allows('outbox');
  const under = await endpointUnderTest(policy, { issuer: { issue: () => Promise.reject(error()) } });
  const answer = await ask(under, REQUEST);
  const reply = await read(answer);
  assert.equal(reply.status === 'failure' && reply.text, 'The CA refused the request.');
  assert.equal(answer.facts.detail, 'denied by the operator of the CA');
  assert.equal(await under.notifications(), 1);
});

for (const [what, answer, poll] of [
  ['pending and cannot be polled', { kind: 'pending', reference: 'R', retryAfter: 1 }, false],
  ['pending without a time', { kind: 'pending', reference: 'R' }, true],
  ['the octets alone', new Uint8Array(9), true],
] as const)
  test(`an issuer that answers ${what}: FAILURE, nothing stored`, async () => {
    const issuer = { issue: async () => answer as unknown as Issued, ...(poll && { poll: waitingCa().poll! }) };
    const under = await endpointUnderTest(allows('none'), { issuer });
    assert.equal(await refusalIn(await ask(under, REQUEST)), 'issuer_failed');
    assert.deepEqual(await under.store.listPending(), []);
  });

test('the certificate that authorized a renewal is revoked while the CA decides: FAILURE, and the CA revokes its answer', async () => {
  const revoked: RevocationOrder[] = [];
  const revoker = { revoke: async (order: RevocationOrder) => void revoked.push(order) };
  const first = await endpointUnderTest(allows('none'));
  const old = await issuedIn(await ask(first, REQUEST));
  const ca = waitingCa();
  let recorded = false;
  const slow = (store: Store): Store => ({
    ...store,
    async queueRevocation(...order) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await store.queueRevocation(...order);
      recorded = true;
    },
  });
  const under = await endpointUnderTest(allows('none'), { store: first.store, issuer: ca, revoker, wrap: slow });
  const renewal = { transactionId: 'renewal', signer: { certificate: old, key: client.key } };
  assert.equal((await ask(under, await requestMessage({ ...renewal, messageType: 'RenewalReq' }))).outcome, 'pending');
  await revoke(under.store, (await stored(under))[0]!, 'keyCompromise');
  ca.says = 'issued';
  under.clock.forward(MINUTE);
  // Signed with the compromised key, and not by the revoked certificate.
  const content = issuerAndSubject(CA_NAME, REQUEST_PLAN.subject);
  const poll = await requestMessage({ transactionId: 'renewal', messageType: 'CertPoll', content });
  const answer = await ask(under, poll);
  assert.deepEqual([answer.outcome, answer.facts.code], ['refused', 'renewal_refused']);
  assert.ok(recorded, 'the order to revoke is in the store before the device has its answer');
  assert.equal((await ask(under, poll)).facts.code, 'unknown_transaction');
  assert.equal(await under.revocations(), 1);
  const given = readCertificate(((await ca.poll!('order 1', new AbortController().signal)) as Issued).certificate);
  assert.deepEqual(
    revoked.map(({ certificate }) => Buffer.from(certificate)),
    [Buffer.from(given.der)],
  );
});

test('a renewal that waited for the CA is recorded as one, also when another certificate of the key polls', async () => {
  const first = await endpointUnderTest(allows('none'));
  const old = await issuedIn(await ask(first, REQUEST));
  const { issuerId, serial } = (await stored(first))[0]!;
  const ca = waitingCa();
  const under = await endpointUnderTest(allows('none'), { store: first.store, issuer: ca });
  const renewal = { transactionId: 'renewal', signer: { certificate: old, key: client.key } };
  await ask(under, await requestMessage({ ...renewal, messageType: 'RenewalReq' }));
  ca.says = 'issued';
  under.clock.forward(MINUTE);
  const content = issuerAndSubject(CA_NAME, REQUEST_PLAN.subject);
  const answer = await ask(under, await requestMessage({ transactionId: 'renewal', messageType: 'CertPoll', content }));
  assert.equal(answer.outcome, 'issued');
  assert.deepEqual((await stored(under))[0]!.renews, { issuerId, serial });
});

test('two processes that poll the CA at once deliver one certificate, and revoke nothing', async () => {
  const revoked: RevocationOrder[] = [];
  const revoker = { revoke: async (order: RevocationOrder) => void revoked.push(order) };
  const { under, ca, policy } = await waiting(allows('none'), { revoker });
  const { store, clock } = under;
  const other = await endpointUnderTest(policy, { issuer: ca, store, clock, revoker });
  ca.says = 'issued';
  clock.forward(MINUTE);
  const answers = await Promise.all([ask(under, POLL), ask(other, POLL)]);
  const [first, second] = await Promise.all(answers.map((answer) => issuedIn(answer)));
  assert.deepEqual(first, second);
  assert.equal(ca.polls.length, 2);
  assert.equal((await stored(under)).length, 1);
  assert.deepEqual(revoked, []);
});

test('a polled certificate that cannot be recorded is not revoked: the next poll brings it', async () => {
  const revoked: RevocationOrder[] = [];
  const revoker = { revoke: async (order: RevocationOrder) => void revoked.push(order) };
  const { under, ca, policy } = await waiting();
  const { store, clock } = under;
  const wrap = (inner: Store): Store => ({ ...inner, recordIssued: () => Promise.reject(new Error('disk full')) });
  const failing = await endpointUnderTest(policy, { issuer: ca, store, clock, revoker, wrap });
  ca.says = 'issued';
  clock.forward(MINUTE);
  await assert.rejects(ask(failing, POLL), { code: 'unavailable' });
  assert.deepEqual(revoked, []);
  await issuedIn(await ask(under, POLL));
});

/** A server on this file, which is closed at the end. `post` is one SCEP message. */
async function serverOn(t: TestContext, path: string, parts: { policy: CountingPolicy; ca: Ca; clock: () => Date }) {
  const { policy, ca, clock } = parts;
  const store = await openSqliteStore({ path, clock });
  const server = await createServer({
    endpoints: [
      { path: PATH, policy, issuer: ca, ra, chain: [issuing.certificate, root.certificate], signingTime: 'off' },
    ],
    store,
    logger: keptLog(),
    clock,
    random,
  });
  const origin = await server.listen({ port: 0, host: '127.0.0.1' });
  const post = async (message: Uint8Array) => {
    const response = await fetch(`${origin}${PATH}`, { method: 'POST', body: Buffer.from(message) });
    return { body: new Uint8Array(await response.arrayBuffer()) };
  };
  const stop = async (): Promise<void> => {
    await server.close();
    await store.close();
  };
  t.after(stop);
  return { post, stop };
}

test('G01 the server ends while the CA decides: the next one delivers by CertPoll, and the policy was asked once', async (t) => {
  const path = temporaryFile();
  const [policy, ca, clock] = [policyThat(() => ALLOW), waitingCa(), handClock()];
  const first = await serverOn(t, path, { policy, ca, clock });
  assert.equal((await read(await first.post(REQUEST))).status, 'pending');
  await first.stop();
  clock.forward(MINUTE);
  ca.says = 'issued';
  const next = await serverOn(t, path, { policy, ca, clock });
  const reply = await read(await next.post(POLL));
  assert.ok(reply.status === 'success');
  assert.deepEqual(Buffer.from(readCertificate(reply.certificates[0]!).spki), Buffer.from(client.key.spki));
  assert.deepEqual([policy.asked.length, ca.orders.length, ca.polls], [1, 1, ['order 1']]);
  assert.equal(ca.orders[0]!.transactionId, TRANSACTION_ID);
});
