/** A CA that keeps its own revocation list is told of each revocation once it can be reached. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { IssuerError } from '../../src/core/errors.ts';
import type { Issued, Issuer, RevocationOrder, Revoker } from '../../src/core/issuer.ts';
import type { Store } from '../../src/core/store.ts';
import { releaseCertificate, revokeCertificate } from '../../src/manage/certificates.ts';
import { handClock } from '../kit/clock.ts';
import { authority, BY_COMMAND, endpointUnderTest, PATH, read, refusalIn, stored } from '../kit/endpoint-under-test.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { client, issuing, NOW } from '../kit/pki.ts';
import { allows } from '../kit/policy.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';
import { serverOnFile } from '../kit/server-on-file.ts';
import { temporaryFile } from '../store/temporary.ts';

const REQUEST = await requestMessage();
const SECOND = 1_000;
const refuses = () => Promise.reject(new Error('not accepted'));
const diskFull = () => Promise.reject(new Error('disk full'));

/** A CA that is down while `fault` is set. `taken` are the revocations that it took, `calls` counts all attempts. */
type Ca = Revoker & { fault: Error | undefined; taken: RevocationOrder[]; calls: number };

function ca(fault?: Error): Ca {
  const revoker: Ca = {
    fault,
    taken: [],
    calls: 0,
    async revoke(order) {
      revoker.calls++;
      if (revoker.fault) throw revoker.fault;
      revoker.taken.push(order);
    },
  };
  return revoker;
}

const DOWN = new Error('connection refused');
const reasons = ({ taken }: Ca) => taken.map(({ reason }) => reason);

test('a CA that is down is told again after 30 seconds, then after twice as long each time, and not again after it took the revocation', async () => {
  const revoker = ca(DOWN);
  const under = await endpointUnderTest(allows('strict', refuses), { revoker });
  await refusalIn(await under.service.pkiOperation(REQUEST));
  for (const pause of [30, 60, 120]) {
    assert.equal(await under.revocations(), 0);
    const { calls } = revoker;
    under.clock.forward(pause * SECOND - 1);
    assert.equal(await under.revocations(), 0);
    assert.equal(revoker.calls, calls);
    under.clock.forward(1);
  }
  revoker.fault = undefined;
  assert.equal(await under.revocations(), 1);
  const serials = (await stored(under)).map(({ serial }) => serial);
  assert.deepEqual([revoker.calls, revoker.taken.map(({ serial }) => serial)], [4, serials]);
  under.clock.forward(3_600 * SECOND);
  assert.equal(await under.revocations(), 0);
  assert.equal(revoker.calls, 4);
});

test('a CA that takes back holds is told of the end of one, without a reason', async () => {
  const released: unknown[] = [];
  const revoker: Revoker = { ...ca(), release: async (order) => void released.push(order) };
  const under = await endpointUnderTest(allows('none'), { revoker });
  await under.service.pkiOperation(REQUEST);
  const [certificate] = await stored(under);
  const management = { store: under.store, clock: under.clock, ...BY_COMMAND };
  await revokeCertificate(management, certificate!, 'certificateHold');
  await releaseCertificate(management, certificate!);
  assert.deepEqual([await under.revocations(), await under.revocations()], [1, 1]);
  const { serial, issuer, der } = certificate!;
  assert.deepEqual(released, [{ serial, issuer, certificate: der, at: under.clock() }]);
});

test('where two authorities have one CA, the revoker of the endpoint is told, and not that of the other', async () => {
  const [own, other] = [ca(), ca()];
  const under = await endpointUnderTest(allows('none'), { revoker: own });
  under.services.toldCas = [{ certificate: issuing.certificate, revoker: other }];
  await under.service.pkiOperation(REQUEST);
  const [certificate] = await stored(under);
  await revokeCertificate({ store: under.store, clock: under.clock, ...BY_COMMAND }, certificate!, 'superseded');
  assert.equal(await under.revocations(), 1);
  assert.deepEqual([reasons(own), reasons(other)], [['superseded'], []]);
});

test('a CA that asks for a longer pause gets it', async () => {
  const busy = { code: 'throttled', retryable: true, retryAfter: 300, adminText: 'busy', clientText: '' } as const;
  const revoker = ca(new IssuerError(busy));
  const under = await endpointUnderTest(allows('strict', refuses), { revoker });
  await refusalIn(await under.service.pkiOperation(REQUEST));
  await under.revocations();
  revoker.fault = undefined;
  under.clock.forward(300 * SECOND - 1);
  assert.equal(await under.revocations(), 0);
  under.clock.forward(1);
  assert.equal(await under.revocations(), 1);
});

for (const [retryAfter, pause] of [
  [Number.NaN, 30],
  [-5, 30],
  [Number.POSITIVE_INFINITY, 86_400],
  [1e18, 86_400],
] as const)
  test(`a CA that asks for a pause of ${retryAfter} seconds is told again after ${pause}`, async () => {
    const busy = { code: 'throttled', retryable: true, retryAfter, adminText: 'busy', clientText: '' } as const;
    const revoker = ca(new IssuerError(busy));
    const under = await endpointUnderTest(allows('strict', refuses), { revoker });
    await refusalIn(await under.service.pkiOperation(REQUEST));
    assert.equal(await under.revocations(), 0);
    revoker.fault = undefined;
    under.clock.forward(pause * SECOND - 1);
    assert.equal(await under.revocations(), 0);
    under.clock.forward(1);
    assert.equal(await under.revocations(), 1);
  });

test('a CA that does not answer until the deadline is told again', async () => {
  const revoker = { revoke: () => new Promise<void>(() => {}) };
  const under = await endpointUnderTest(allows('strict', refuses), { revoker });
  await refusalIn(await under.service.pkiOperation(REQUEST));
  under.services.deadline = () => AbortSignal.abort(new Error('too late'));
  assert.equal(await under.revocations(), 0);
  assert.match(under.log.lines.join('\n'), /too late/);
});

for (const [what, wrap] of [
  ['recorded', (store: Store) => store],
  ['signed and not recorded', (store: Store) => ({ ...store, recordIssued: diskFull })],
  [
    'signed, and the store records nothing',
    (store: Store) => ({ ...store, recordIssued: diskFull, queueRevocation: diskFull }),
  ],
] as const)
  test(`the CA gets its own reference of the order back: ${what}`, async () => {
    const revoker = ca();
    const issuer: Issuer = {
      issue: async (...asked) => ({
        ...((await authority(() => NOW).issue(...asked)) as Issued),
        reference: 'order 7',
      }),
    };
    const under = await endpointUnderTest(allows('strict', refuses), { revoker, issuer, wrap });
    await under.service.pkiOperation(REQUEST).catch(() => undefined);
    await under.revocations();
    assert.deepEqual(
      revoker.taken.map(({ reference }) => reference),
      ['order 7'],
    );
  });

test('a certificate that was signed and could not be recorded is revoked at its CA', async () => {
  const revoker = ca(DOWN);
  const wrap = (store: Store): Store => ({ ...store, recordIssued: diskFull });
  const under = await endpointUnderTest(allows('none'), { revoker, wrap });
  await assert.rejects(under.service.pkiOperation(REQUEST));
  assert.equal(await under.revocations(), 0);
  revoker.fault = undefined;
  under.clock.forward(30 * SECOND);
  assert.equal(await under.revocations(), 1);
  assert.deepEqual(reasons(revoker), ['cessationOfOperation']);
});

test('a CA that gives a recorded certificate again: FAILURE, and it is not asked to revoke it', async () => {
  const [clock, revoker] = [handClock(), ca()];
  let first: ReturnType<Issuer['issue']> | undefined;
  const issuer: Issuer = { issue: (...order) => (first ??= authority(clock).issue(...order)) };
  const under = await endpointUnderTest(allows('none'), { issuer, revoker, clock });
  await under.service.pkiOperation(REQUEST);
  // Another CSR of the key, and the same request in a new message when its answer is no longer repeated.
  const content = await writeCertificationRequest({ ...REQUEST_PLAN, challenge: 'another' }, client.key);
  const other = await requestMessage({ transactionId: 'another', content });
  const answers = [await under.service.pkiOperation(other)];
  clock.forward(25 * 3_600 * SECOND);
  answers.push(await under.service.pkiOperation(await requestMessage({ senderNonce: Buffer.alloc(16, 7) })));
  assert.deepEqual(
    answers.map(({ outcome, facts }) => [outcome, facts.code]),
    [
      ['refused', 'issuer_failed'],
      ['refused', 'issuer_failed'],
    ],
  );
  assert.equal(await under.revocations(), 0);
  assert.deepEqual(
    (await stored(under)).map(({ state }) => state),
    ['delivered'],
  );
});

/** Records it, and the answer to the commit does not come back. */
const answerLost =
  (store: Store): Store['recordIssued'] =>
  async (issuance) => {
    await store.recordIssued(issuance);
    throw Object.assign(new Error('the connection was lost'), { mayBeRecorded: true });
  };

for (const [notify, status] of [
  ['none', 'success'],
  ['outbox', 'success'],
  ['strict', 'pending'],
] as const)
  test(`a certificate that is recorded, although the answer to the commit was lost, is not revoked: ${notify}, ${status}`, async () => {
    const revoker = ca();
    const wrap = (store: Store): Store => ({ ...store, recordIssued: answerLost(store) });
    const under = await endpointUnderTest(allows(notify), { revoker, wrap });
    const answer = await read(await under.service.pkiOperation(REQUEST));
    assert.equal(answer.status, status);
    assert.equal(await under.revocations(), 0);
    assert.equal((await stored(under)).length, 1);
  });

/** The commit is still under way when its outcome is looked up first, and has ended when it is looked up again. */
function endsBetween(store: Store): Store {
  let commit: (() => Promise<unknown>) | undefined;
  const after = async <T>(found: Promise<T>): Promise<T> => {
    const answer = await found;
    await commit?.();
    commit = undefined;
    return answer;
  };
  return {
    ...store,
    async recordIssued(issuance) {
      commit = () => store.recordIssued(issuance);
      throw Object.assign(new Error('the connection was lost'), { mayBeRecorded: true });
    },
    findTransaction: (key) => after(store.findTransaction(key)),
    findCertificate: (id) => after(store.findCertificate(id)),
  };
}

test('a request whose commit ends while its outcome is looked up is not refused, and gets its certificate when it is repeated', async () => {
  const revoker = ca();
  const under = await endpointUnderTest(allows('outbox'), { revoker, wrap: endsBetween });
  await assert.rejects(under.service.pkiOperation(REQUEST), /could not be finished/);
  const [recorded, ...others] = await stored(under);
  assert.equal(others.length, 0);
  const answer = await read(await under.service.pkiOperation(REQUEST));
  assert.equal(answer.status, 'success');
  assert.deepEqual(
    (await stored(under)).map(({ serial }) => serial),
    [recorded?.serial],
  );
  assert.equal(await under.revocations(), 0);
});

for (const kind of ['consumed', 'renewed'] as const)
  test(`a request whose copy was recorded at the same moment gets that certificate: ${kind}`, async () => {
    const wrap = (store: Store): Store => ({
      ...store,
      recordIssued: async (issuance) => {
        await store.recordIssued(issuance);
        return { kind };
      },
    });
    const under = await endpointUnderTest(allows('none'), { wrap });
    assert.equal((await read(await under.service.pkiOperation(REQUEST))).status, 'success');
    assert.equal((await stored(under)).length, 1);
  });

test('a certificate of which is not known whether it is recorded is not revoked', async () => {
  const revoker = ca();
  const down = () => Promise.reject(new Error('no connection'));
  const wrap = (store: Store): Store => ({
    ...store,
    recordIssued: answerLost(store),
    findTransaction: down,
    findCertificate: down,
  });
  const under = await endpointUnderTest(allows('none'), { revoker, wrap });
  await assert.rejects(under.service.pkiOperation(REQUEST));
  assert.equal(await under.revocations(), 0);
  const well = await endpointUnderTest(allows('none'), { store: under.store });
  assert.equal((await read(await well.service.pkiOperation(REQUEST))).status, 'success');
  assert.equal((await stored(well)).length, 1);
});

test('when the store can record nothing, the CA is told at once', async () => {
  const revoker = ca();
  const wrap = (store: Store): Store => ({ ...store, recordIssued: diskFull, queueRevocation: diskFull });
  const under = await endpointUnderTest(allows('none'), { revoker, wrap });
  await assert.rejects(under.service.pkiOperation(REQUEST));
  assert.deepEqual(reasons(revoker), ['cessationOfOperation']);
});

test('a certificate that was revoked while its notification was sent: the CA gets the reason of the administrator', async () => {
  const revoker = ca();
  const policy = allows('strict', async () => {
    const management = { store: under.store, clock: under.clock, ...BY_COMMAND_OF_ADA };
    await revokeCertificate(management, (await stored(under))[0]!, 'keyCompromise');
    return {};
  });
  const under = await endpointUnderTest(policy, { revoker });
  await refusalIn(await under.service.pkiOperation(REQUEST));
  assert.equal(await under.revocations(), 1);
  assert.deepEqual(reasons(revoker), ['keyCompromise']);
});

const BY_COMMAND_OF_ADA = { actor: BY_COMMAND.actor, source: BY_COMMAND.source };

test('a revocation of an endpoint without a Revoker is done at once', async () => {
  const under = await endpointUnderTest(allows('none'));
  const owed = { endpoint: PATH, certificate: issuing.certificate, reason: 'superseded', at: under.clock() } as const;
  await under.store.queueRevocation(owed);
  assert.equal(await under.revocations(), 1);
  under.clock.forward(3_600 * SECOND);
  assert.equal(await under.revocations(), 0);
});

test('a certificate that cannot be read is postponed, and holds up no other', async () => {
  const revoker = ca();
  const under = await endpointUnderTest(allows('none'), { revoker });
  const what = { endpoint: PATH, reason: 'superseded', at: under.clock() } as const;
  for (const certificate of [Buffer.of(1, 2, 3), issuing.certificate])
    await under.store.queueRevocation({ ...what, certificate });
  assert.equal(await under.revocations(), 1);
  assert.deepEqual(reasons(revoker), ['superseded']);
  assert.match(under.log.lines.join('\n'), /"event":"revocation-postponed".*cannot be read/);
});

test('a revocation whose endpoint is gone is reported once, and done when the endpoint is back', async () => {
  const revoker = ca();
  const under = await endpointUnderTest(allows('none'), { path: '/gone' });
  const owed = { endpoint: PATH, certificate: issuing.certificate, reason: 'superseded', at: under.clock() } as const;
  await under.store.queueRevocation(owed);
  const reports = () => under.log.lines.filter((line) => line.includes('"revocation-without-endpoint"')).length;
  for (const pause of [0, 30, 60]) {
    under.clock.forward(pause * SECOND);
    assert.equal(await under.revocations(), 0);
    assert.equal(reports(), 1);
  }
  const { store, clock } = under;
  const back = await endpointUnderTest(allows('none'), { revoker, store, clock });
  clock.forward(120 * SECOND);
  assert.equal(await back.revocations(), 1);
  assert.deepEqual(reasons(revoker), ['superseded']);
});

test('two processes tell the CA each revocation once', async () => {
  const revoker = ca();
  const under = await endpointUnderTest(allows('none'), { revoker });
  const { store, clock } = under;
  const other = await endpointUnderTest(allows('none'), { revoker, store, clock });
  const owed = { endpoint: PATH, certificate: issuing.certificate, reason: 'superseded', at: clock() } as const;
  for (let i = 0; i < 15; i++) await store.queueRevocation(owed);
  const done = await Promise.all([under.revocations(), other.revocations()]);
  assert.deepEqual([done, revoker.calls], [[10, 5], 15]);
});

const serverOn = (t: TestContext, path: string, revoker: Ca, clock: () => Date) =>
  serverOnFile(t, path, { policy: allows('strict', refuses), issuer: authority(clock), revoker }, clock);

test('a CA that was down gets its revocations after a restart of the server', async (t) => {
  const [path, revoker, clock] = [temporaryFile(), ca(DOWN), handClock()];
  const first = await serverOn(t, path, revoker, clock);
  await fetch(first.url, { method: 'POST', body: Buffer.from(REQUEST) });
  await first.logged('revocation-postponed');
  const [abandoned] = await first.store.listCertificates({});
  await first.stop();
  assert.equal(revoker.taken.length, 0);

  revoker.fault = undefined;
  clock.forward(30 * SECOND);
  const next = await serverOn(t, path, revoker, clock);
  await next.logged('revocation-taken');
  const { serial, issuer, der } = abandoned!;
  assert.deepEqual(
    revoker.taken.map((order) => ({ ...order, certificate: Buffer.from(order.certificate) })),
    [
      {
        serial,
        issuer,
        certificate: Buffer.from(der),
        reason: 'cessationOfOperation',
        at: new Date(clock().getTime() - 30 * SECOND),
      },
    ],
  );
});
