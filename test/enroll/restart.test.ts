/** A server that is killed with SIGKILL, and the next one on the same file: what the device, the policy and the CA see. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import type { CertRep } from '../../src/client/reply.ts';
import type { IssuancePending, Issued, RevocationOrder } from '../../src/core/issuer.ts';
import type { Allow } from '../../src/core/policy.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { revokeCertificate } from '../../src/manage/certificates.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { authority, BY_COMMAND, read } from '../kit/endpoint-under-test.ts';
import { client, issuing, NOW } from '../kit/pki.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';
import { temporaryFile } from '../store/temporary.ts';
import { type Life, serverProcess, type World } from './killed.ts';

const REQUEST = await requestMessage();
const CA_NAME = readCertificate(issuing.certificate).subject;
const POLL = await requestMessage({
  messageType: 'CertPoll',
  content: issuerAndSubject(CA_NAME, REQUEST_PLAN.subject),
});
const ALLOW: Allow = { kind: 'allow', notify: 'none', vouchesForNames: true, consumes: 'one-time' };
/** So many minutes after the first server was started: longer than every lease and pause. */
const after = (minutes: number): Date => new Date(NOW.getTime() + minutes * 60_000);

const signed = (request: EnrollmentRequest): Promise<Issued | IssuancePending> =>
  authority(() => NOW).issue(request, ALLOW, new AbortController().signal);

/** A policy, and a CA that decides an order between the first server and the next. It keeps what it was asked and told. */
function world() {
  const certificates = new Map<string, Promise<unknown>>();
  const asked = {
    policy: 0,
    orders: [] as EnrollmentRequest[],
    polls: [] as string[],
    told: [] as RevocationOrder[],
    decide: () => (asked.policy++, ALLOW),
    issue(request: EnrollmentRequest) {
      const reference = `order ${asked.orders.push(request)}`;
      certificates.set(reference, signed(request));
      return { kind: 'pending', reference, retryAfter: 60 };
    },
    poll(reference: string) {
      asked.polls.push(reference);
      return certificates.get(reference);
    },
    revoke: (order: RevocationOrder): unknown => asked.told.push(order),
    event: (_name: string): unknown => undefined,
  };
  return asked;
}

/** A file on which one server after the other runs, and the store in it as a command opens it. */
async function file(t: TestContext) {
  const path = temporaryFile();
  const store = await openSqliteStore({ path, clock: () => NOW });
  t.after(() => store.close());
  return {
    store,
    server: (life: Omit<Life, 'path'>, asked: World) => serverProcess(t, { path, ...life }, asked),
    certificates: async () => (await store.listCertificates({})).map(({ state, reference }) => [state, reference]),
  };
}

function assertForClient(reply: CertRep): void {
  assert.equal(reply.status, 'success');
  assert.ok(reply.status === 'success');
  assert.deepEqual(Buffer.from(readCertificate(reply.certificates[0]!).spki), Buffer.from(client.key.spki));
}

test('G01 the server is killed when PENDING was answered: the next one delivers by CertPoll; policy and CA were asked once', async (t) => {
  const asked = world();
  const { server, certificates } = await file(t);
  const first = await server({ at: NOW }, asked);
  assert.equal((await read(await first.post(REQUEST))).status, 'pending');
  assert.equal(await first.kill(), 'SIGKILL');
  const next = await server({ at: after(10) }, asked);
  assertForClient(await read(await next.post(POLL)));
  assert.deepEqual([asked.policy, asked.orders.length, asked.polls], [1, 1, ['order 1']]);
  await next.kill();
  assert.deepEqual(await certificates(), [['delivered', 'order 1']]);
});

test('G01 the server is killed before it records what the CA issued: the next one delivers that certificate and revokes nothing', async (t) => {
  const asked = world();
  const { server, certificates } = await file(t);
  const first = await server({ at: NOW }, asked);
  await first.post(REQUEST);
  await first.kill();
  const second = await server({ at: after(10), killBefore: 'recordIssued' }, asked);
  await assert.rejects(second.post(POLL));
  assert.equal(await second.kill(), 'SIGKILL');
  assert.deepEqual(asked.polls, ['order 1']);
  const third = await server({ at: after(20) }, asked);
  assertForClient(await read(await third.post(POLL)));
  assert.deepEqual([asked.policy, asked.orders.length, asked.polls, asked.told], [1, 1, ['order 1', 'order 1'], []]);
  await third.kill();
  assert.deepEqual(await certificates(), [['delivered', 'order 1']]);
});

test('the server is killed before it records the order: the CA was not asked, the device sends its request again, and its challenge still counts', async (t) => {
  const asked = world();
  const { server, certificates } = await file(t);
  const first = await server({ at: NOW, killBefore: 'recordPending' }, asked);
  await assert.rejects(first.post(REQUEST));
  assert.equal(await first.kill(), 'SIGKILL');
  const next = await server({ at: after(10) }, asked);
  assert.equal((await read(await next.post(REQUEST))).status, 'pending');
  await next.kill();
  const third = await server({ at: after(20) }, asked);
  assertForClient(await read(await third.post(POLL)));
  assert.deepEqual([asked.policy, asked.orders.length, asked.polls], [2, 1, ['order 1']]);
  await third.kill();
  assert.deepEqual(await certificates(), [['delivered', 'order 1']]);
});

/** The first server is killed at `moment`. */
type Telling = { revoke: () => Promise<never>; moment: Promise<unknown>; event: (name: string) => void };

const DOWN = (): Telling => {
  const { promise: moment, resolve } = Promise.withResolvers<void>();
  const revoke = () => Promise.reject(new Error('connection refused'));
  return { revoke, moment, event: (name) => name === 'revocation-postponed' && resolve() };
};
const SILENT = (): Telling => {
  const { promise: moment, resolve } = Promise.withResolvers<void>();
  const revoke = () => (resolve(), new Promise<never>(() => {}));
  return { revoke, moment, event: () => {} };
};

for (const [what, telling] of [
  ['after its CA was down', DOWN],
  ['while its CA has not answered', SILENT],
] as const)
  test(`the server is killed ${what}: the next one tells the CA the revocation`, async (t) => {
    const [asked, { moment, ...ca }] = [world(), telling()];
    const { server, store } = await file(t);
    const issue = (request: EnrollmentRequest) => signed(request).then((issued) => ({ ...issued, reference: 'R7' }));
    const first = await server({ at: NOW }, { ...asked, ...ca, issue });
    await first.post(REQUEST);
    const [certificate] = await store.listCertificates({});
    await revokeCertificate({ store, clock: () => NOW, ...BY_COMMAND }, certificate!, 'keyCompromise');
    await moment;
    assert.equal(await first.kill(), 'SIGKILL');

    const told = Promise.withResolvers<RevocationOrder>();
    const next = await server({ at: after(10) }, { ...asked, revoke: (order: RevocationOrder) => told.resolve(order) });
    const { serial, reference, reason, at } = await told.promise;
    assert.deepEqual([serial, reference, reason, at], [certificate!.serial, 'R7', 'keyCompromise', NOW]);
    await next.kill();
  });
