/** Orders at a CA elsewhere whose device does not come again: the job asks the CA, and records what it has made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { IssuerError } from '../../src/core/errors.ts';
import type { EndpointIssuer, Issued, IssuancePending, RevocationOrder } from '../../src/core/issuer.ts';
import type { Allow } from '../../src/core/policy.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { backgroundJobs } from '../../src/embed/background-jobs.ts';
import { ALONE_AFTER, lookForOrders } from '../../src/enroll/lost-orders.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { addBlock } from '../../src/manage/block-list.ts';
import { keyHash } from '../../src/enroll/identify.ts';
import {
  authority,
  BY_COMMAND,
  endpointUnderTest,
  issuedIn,
  revoke,
  stored,
  type Under,
} from '../kit/endpoint-under-test.ts';
import { client, issuing, NOW } from '../kit/pki.ts';
import { allows, policyThat } from '../kit/policy.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';

const REQUEST = await requestMessage();
const content = issuerAndSubject(readCertificate(issuing.certificate).subject, REQUEST_PLAN.subject);
const POLL = await requestMessage({ messageType: 'CertPoll', content });
const ANOTHER = await writeCertificationRequest({ ...REQUEST_PLAN, challenge: 'another' }, client.key);
const ALLOW: Allow = { kind: 'allow', notify: 'none' };
const never = new AbortController().signal;

const failure = (code: 'unknown-outcome' | 'unavailable'): IssuerError =>
  new IssuerError({ code, retryable: true, adminText: `the CA: ${code}`, clientText: 'Try again.' });

type Ca = EndpointIssuer & { made: Map<string, Issued>; orders: number; finds: number };

/** It makes the certificate and its answer is lost. Whether it can be asked, and whether it gives the same one again. */
function losingCa(ability: 'find' | 'idempotent' | 'neither', makes = true): Ca {
  const signer = authority(() => NOW);
  const ca: Ca = {
    made: new Map(),
    orders: 0,
    finds: 0,
    ...(ability === 'idempotent' && { capabilities: { idempotent: true } }),
    async issue(request: EnrollmentRequest) {
      ca.orders++;
      if (makes) ca.made.set(request.requestKey, (await signer.issue(request, ALLOW, never)) as Issued);
      throw failure('unknown-outcome');
    },
    ...(ability === 'find' && { find: async ({ requestKey }) => (ca.finds++, ca.made.get(requestKey)) }),
  };
  return ca;
}

const outcomeOf = async (under: Under, message = REQUEST): Promise<string> =>
  (await under.service.pkiOperation(message)).outcome;
const run = ({ endpoint, services }: Under): Promise<void> =>
  lookForOrders(new Map([[endpoint.name, endpoint]]), services, never);
const statesOf = async ({ store }: Under): Promise<string[]> =>
  (await store.listOrders({ limit: 9 })).map(({ state }) => state);

test('the device does not come again: the certificate at the CA is recorded, and a poll gets that one', async () => {
  const [policy, issuer] = [allows('none'), losingCa('find')];
  const under = await endpointUnderTest(policy, { issuer });
  assert.equal(await outcomeOf(under), 'pending');
  under.clock.forward(ALONE_AFTER - 1);
  await run(under);
  assert.deepEqual([issuer.finds, (await stored(under)).length], [0, 0], 'the device may be about to come');
  under.clock.forward(1);
  await run(under);
  const [certificate, ...more] = await stored(under);
  assert.ok(certificate);
  assert.deepEqual([issuer.finds, issuer.orders, more.length, await statesOf(under)], [1, 1, 0, []]);
  const [entry] = await under.store.listAudit({ certificate });
  assert.deepEqual([entry?.event, entry?.actor, entry?.source], ['issued', { kind: 'system' }, 'job']);
  assert.equal(entry?.detail, 'found at the CA by the job orders');
  const lines = under.log.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const [recovered, ...others] = lines.filter(({ event }) => event === 'enrollment-recovered');
  assert.deepEqual([recovered?.['serial'], recovered?.['outcome'], others], [certificate.serial, 'issued', []]);
  await run(under);
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(POLL)), Buffer.from(certificate.der));
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(REQUEST)), Buffer.from(certificate.der));
  assert.deepEqual([issuer.finds, issuer.orders, policy.asked.length], [1, 1, 1]);
});

test('the CA made nothing: the order ends without another one, and the device can order when it comes', async () => {
  const issuer = losingCa('find', false);
  const under = await endpointUnderTest(allows('none'), { issuer });
  await outcomeOf(under);
  under.clock.forward(ALONE_AFTER);
  await run(under);
  assert.deepEqual([issuer.finds, issuer.orders, await statesOf(under)], [1, 1, []]);
  under.clock.forward(ALONE_AFTER);
  await run(under);
  assert.equal(issuer.finds, 1, 'nothing is open any more');
  assert.equal(await outcomeOf(under, POLL), 'pending');
  assert.equal(issuer.orders, 2);
});

test('a CA that cannot be asked is asked once in a run, and again later; the order stays open', async () => {
  const issuer = losingCa('find');
  let asked = 0;
  const down: EndpointIssuer = { ...issuer, find: () => (asked++, Promise.reject(failure('unavailable'))) };
  const under = await endpointUnderTest(allows('none'), { issuer: down });
  await outcomeOf(under);
  await outcomeOf(under, await requestMessage({ transactionId: 'another', content: ANOTHER }));
  under.clock.forward(ALONE_AFTER);
  await run(under);
  assert.equal(asked, 1);
  under.clock.forward(ALONE_AFTER);
  await run(under);
  assert.deepEqual([asked, (await statesOf(under)).every((state) => state === 'sent')], [2, true]);
});

for (const [ability, states] of [
  ['neither', ['orphan']],
  ['idempotent', ['sent']],
] as const)
  test(`a CA with ${ability}: nobody is asked, and the order is ${states[0]}`, async () => {
    const issuer = losingCa(ability);
    const under = await endpointUnderTest(allows('none'), { issuer });
    await outcomeOf(under);
    await run(under);
    assert.deepEqual(await statesOf(under), ['sent']);
    under.clock.forward(ALONE_AFTER + 1);
    await run(under);
    assert.deepEqual([issuer.orders, await statesOf(under)], [1, states]);
  });

test('a CA that gives the same certificate for half an hour: the order is an orphan after it', async () => {
  const issuer = { ...losingCa('neither'), capabilities: { idempotentFor: 6 * ALONE_AFTER } };
  const under = await endpointUnderTest(allows('none'), { issuer });
  await outcomeOf(under);
  under.clock.forward(ALONE_AFTER + 1);
  await run(under);
  assert.deepEqual(await statesOf(under), ['sent']);
  under.clock.forward(5 * ALONE_AFTER);
  await run(under);
  assert.deepEqual(await statesOf(under), ['orphan']);
});

test('an order whose request does not wait any more is an orphan', async () => {
  const under = await endpointUnderTest(allows('none'), { issuer: losingCa('find') });
  await outcomeOf(under);
  const [waiting] = await under.store.listPending();
  await under.store.withdrawPending(waiting!.key);
  under.clock.forward(ALONE_AFTER + 1);
  await run(under);
  assert.deepEqual(await statesOf(under), ['orphan']);
});

test('an order that the CA lets wait is picked up, and the authorizer is notified once', async () => {
  const signer = authority(() => NOW);
  let decided: Issued | undefined;
  const asked: string[] = [];
  const issuer: EndpointIssuer = {
    async issue(request) {
      decided = (await signer.issue(request, ALLOW, never)) as Issued;
      return { kind: 'pending', reference: 'order 17', retryAfter: 600 };
    },
    async poll(reference): Promise<Issued | IssuancePending> {
      asked.push(reference);
      return asked.length > 1 && decided ? decided : { kind: 'pending', reference, retryAfter: 600 };
    },
  };
  const policy = allows('strict');
  const under = await endpointUnderTest(policy, { issuer });
  assert.equal(await outcomeOf(under), 'pending');
  under.clock.forward(ALONE_AFTER);
  await run(under);
  assert.deepEqual(asked, [], 'the CA has asked for ten minutes');
  under.clock.forward(600_000);
  await run(under);
  assert.deepEqual([asked, (await stored(under)).length], [['order 17'], 0]);
  under.clock.forward(600_000 + ALONE_AFTER);
  await run(under);
  await run(under);
  const [certificate] = await stored(under);
  assert.deepEqual([asked.length, certificate?.state, certificate?.reference], [2, 'delivered', 'order 17']);
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(POLL)), Buffer.from(certificate!.der));
  assert.equal(policy.notifications.length, 1);
});

test('a CA that breaks the contract makes the run fail, and the orders at another one are looked for', async () => {
  const broken = await endpointUnderTest(allows('none'), {
    path: '/broken',
    issuer: {
      issue: async () => ({ kind: 'pending', reference: 'r', retryAfter: 1 }),
      poll: () => Promise.reject(new TypeError('no such property')),
    },
  });
  const { store, clock } = broken;
  const found = await endpointUnderTest(allows('none'), { path: '/found', issuer: losingCa('find'), store, clock });
  for (const each of [broken, found]) assert.equal(await outcomeOf(each), 'pending');
  clock.forward(ALONE_AFTER + 1_000);
  const endpoints = new Map([broken, found].map(({ endpoint }) => [endpoint.name, endpoint]));
  await assert.rejects(lookForOrders(endpoints, found.services, never), /no such property/);
  assert.deepEqual(
    (await stored(found)).map(({ endpoint }) => endpoint),
    ['/found'],
  );
});

for (const told of [true, false])
  test(`what is blocked meanwhile is not recorded: it is ${told ? 'revoked' : 'an orphan at a CA that cannot be told'}`, async () => {
    const revoked: RevocationOrder[] = [];
    const revoker = { revoke: async (order: RevocationOrder) => void revoked.push(order) };
    const issuer = losingCa('find');
    const under = await endpointUnderTest(allows('none'), { issuer, ...(told && { revoker }) });
    await outcomeOf(under);
    const { store, clock } = under;
    await addBlock({ store, clock, ...BY_COMMAND }, `key:${keyHash(client.key.spki)}`);
    under.clock.forward(ALONE_AFTER);
    await run(under);
    assert.deepEqual([(await stored(under)).length, await under.store.listPending()], [0, []]);
    assert.deepEqual(await statesOf(under), told ? [] : ['orphan']);
    assert.equal(await under.revocations(), told ? 1 : 0);
    assert.equal(revoked.length, told ? 1 : 0);
  });

test('a renewal is recorded as the renewal that was ordered, and not when its certificate was revoked meanwhile', async () => {
  for (const isRevoked of [false, true]) {
    const first = await endpointUnderTest(policyThat(() => ALLOW));
    const certificate = await issuedIn(await first.service.pkiOperation(REQUEST));
    const { store, clock } = first;
    const under = await endpointUnderTest(allows('none'), { issuer: losingCa('find'), store, clock });
    const signer = { key: client.key, certificate };
    assert.equal(
      await outcomeOf(under, await requestMessage({ messageType: 'RenewalReq', transactionId: 'renewal', signer })),
      'pending',
    );
    const [renewed] = await stored(under);
    if (isRevoked) await revoke(store, renewed!, 'superseded');
    clock.forward(ALONE_AFTER);
    await run(under);
    const renewals = (await stored(under)).filter(({ renews }) => renews?.serial === renewed?.serial);
    assert.equal(renewals.length, isRevoked ? 0 : 1);
  }
});

test('a server that has begun now waits for devices that came in vain before it asks the CA', async () => {
  const issuer = losingCa('find');
  const under = await endpointUnderTest(allows('none'), { issuer });
  await outcomeOf(under);
  under.clock.forward(10 * ALONE_AFTER);
  const { endpoint, services } = under;
  const job = backgroundJobs(new Map([[endpoint.name, endpoint]]), services, 5_000).find(
    ({ name }) => name === 'orders',
  );
  assert.ok(job);
  await job.run(never);
  under.clock.forward(ALONE_AFTER - 1);
  await job.run(never);
  assert.equal(issuer.finds, 0);
  under.clock.forward(1);
  await job.run(never);
  assert.deepEqual([issuer.finds, (await stored(under)).length], [1, 1]);
});
