/** Notifications of the authorizer: strict before delivery, outbox after it, and recovery after a crash. */
import assert from 'node:assert/strict';
import type { Policy } from '../../src/core/policy.ts';
import { test } from 'node:test';
import type { RevocationOrder } from '../../src/core/issuer.ts';
import type { Store } from '../../src/core/store.ts';
import { HttpError, Refusal } from '../../src/core/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { client } from '../kit/pki.ts';
import { CHALLENGE, CSR, REQUEST_PLAN, requestMessage, TRANSACTION_ID } from '../kit/requests.ts';
import { temporaryFile } from '../store/temporary.ts';
import { handClock } from '../kit/clock.ts';
import {
  endpointUnderTest,
  events,
  issuedIn,
  PATH,
  read,
  refusalIn,
  revoke,
  stored,
} from '../kit/endpoint-under-test.ts';
import { allows, policyThat } from '../kit/policy.ts';

const MESSAGE = await requestMessage();
const MINUTE = 60_000;
const refuses = () => Promise.reject(new Error('not accepted'));

/** Not accepted so many times, then accepted. */
const acceptsAfter = (failures: number) => {
  let left = failures;
  return () => (left-- > 0 ? refuses() : Promise.resolve({ code: 'Success' }));
};

test('strict: accepted, then delivered; the notification says what the certificate is', async () => {
  const policy = allows('strict');
  const under = await endpointUnderTest(policy);
  const answer = await under.service.pkiOperation(MESSAGE);
  const certificate = await issuedIn(answer);
  const [record] = await stored(under);
  assert.equal(record!.state, 'delivered');
  assert.deepEqual(record!.deliveredAt, under.clock());
  assert.deepEqual(Buffer.from(record!.der), certificate);
  const { serial, thumbprint, notAfter, issuer } = record!;
  const expected = {
    kind: 'success',
    endpoint: PATH,
    transactionId: TRANSACTION_ID,
    thumbprint,
    serial,
    notAfter,
    issuer,
  };
  assert.deepEqual(policy.notifications, [{ ...expected, csr: Buffer.from(CSR) }]);
  assert.deepEqual(await events(under), ['issued', 'delivered']);
  assert.equal(answer.facts['code'], 'Success');
  assert.equal(await under.notifications('afterLease'), 0);
});

test('strict: not accepted, nothing delivered: FAILURE, revoked as never delivered, also at the CA', async () => {
  const revoked: RevocationOrder[] = [];
  const revoker = {
    revoke: async (order: RevocationOrder) =>
      void revoked.push({ ...order, certificate: Buffer.from(order.certificate) }),
  };
  const under = await endpointUnderTest(allows('strict', refuses), { revoker });
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'notification_failed');
  const [record] = await stored(under);
  assert.deepEqual([record!.state, record!.deliveredAt], ['revoked', undefined]);
  assert.deepEqual(await events(under), ['issued', 'never-delivered']);
  assert.equal(await under.revocations(), 1);
  const { serial, der } = record!;
  const certificate = Buffer.from(der);
  assert.deepEqual(revoked, [
    { serial, issuer: 'CN=Test Issuing', certificate, reason: 'cessationOfOperation', at: under.clock() },
  ]);
  assert.equal(await under.notifications('afterLease'), 0);
});

test('strict: the same request after a failed notification is asked and issued afresh', async () => {
  const policy = allows('strict', acceptsAfter(1));
  const under = await endpointUnderTest(policy);
  await refusalIn(await under.service.pkiOperation(MESSAGE));
  const second = await issuedIn(await under.service.pkiOperation(MESSAGE));
  assert.equal(policy.asked.length, 2);
  const [fresh, old] = await stored(under);
  assert.deepEqual(Buffer.from(fresh!.der), second);
  assert.notEqual(fresh!.serial, old!.serial);
  assert.deepEqual([fresh!.state, old!.state], ['delivered', 'revoked']);
});

test('strict: when the CA does not take the revocation, the device still gets its answer, and the CA is told again', async () => {
  const revoker = { revoke: () => Promise.reject(new Error('CA out of reach')) };
  const under = await endpointUnderTest(allows('strict', refuses), { revoker });
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'notification_failed');
  assert.equal(await under.revocations(), 0);
  assert.match(under.log.lines.join('\n'), /^{"level":40.*CA out of reach.*will be told again/m);
});

test('strict: revoked while the notification was sent: not delivered, although it was acknowledged', async () => {
  const policy = allows('strict', async () => {
    await revoke(under.store, (await stored(under))[0]!, 'keyCompromise');
    return {};
  });
  const under = await endpointUnderTest(policy);
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'notification_failed');
  assert.equal((await stored(under))[0]!.deliveredAt, undefined);
});

test('outbox: delivered at once, the notification sent later', async () => {
  const policy = allows('outbox');
  const under = await endpointUnderTest(policy);
  await issuedIn(await under.service.pkiOperation(MESSAGE));
  assert.equal((await stored(under))[0]!.state, 'delivered');
  assert.equal(policy.notifications.length, 0);
  assert.equal(await under.notifications(), 1);
  assert.equal(policy.notifications.length, 1);
  assert.deepEqual(await events(under), ['issued', 'notified']);
  const [certificate] = await stored(under);
  const ofCertificate = await under.store.listAudit({ certificate: certificate! });
  assert.deepEqual(
    ofCertificate.map(({ event }) => event),
    ['notified', 'issued'],
  );
  assert.equal(await under.notifications(), 0);
});

test('outbox: not accepted, it is tried again after 30 s, 1 min, 2 min and so on, an hour at most', async () => {
  const policy = allows('outbox', refuses);
  const under = await endpointUnderTest(policy);
  await issuedIn(await under.service.pkiOperation(MESSAGE));
  const waits = [0.5, 1, 2, 4, 8, 16, 32, 60, 60].map((minutes) => minutes * MINUTE);
  assert.equal(await under.notifications(), 1);
  for (const wait of waits) {
    under.clock.forward(wait - 1);
    assert.equal(await under.notifications(), 0);
    under.clock.forward(1);
    assert.equal(await under.notifications(), 1);
  }
  assert.equal(policy.notifications.length, 1 + waits.length);
  assert.equal((await stored(under))[0]!.state, 'delivered');
});

test('outbox: after 14 days it is given up, with an audit entry and an error; the certificate stays valid', async () => {
  const policy = allows('outbox', refuses);
  const under = await endpointUnderTest(policy);
  await issuedIn(await under.service.pkiOperation(MESSAGE));
  await tryOften(under, 23);
  under.clock.forward(13 * 24 * 60 * MINUTE);
  assert.equal(await under.notifications(), 1);
  assert.deepEqual(await events(under), ['issued']);
  under.clock.forward(60 * MINUTE);
  assert.equal(await under.notifications(), 1);
  assert.deepEqual(await events(under), ['issued', 'notification-abandoned']);
  const [entry] = await under.store.listAudit({});
  assert.deepEqual(
    [entry!.detail, entry!.actor, entry!.source],
    ['14 days old: not accepted', { kind: 'system' }, 'job'],
  );
  assert.match(under.log.lines.join('\n'), /^{"level":50.*"event":"notification-given-up".*"why":"14 days old"/m);
  assert.equal((await stored(under))[0]!.state, 'delivered');
  under.clock.forward(24 * 60 * MINUTE);
  assert.equal(await under.notifications(), 0);
  assert.equal(policy.notifications.length, 25);
});

test('outbox: after two weeks without an attempt it is given up only at the 24th one', async () => {
  const under = await endpointUnderTest(allows('outbox', refuses));
  await issuedIn(await under.service.pkiOperation(MESSAGE));
  under.clock.forward(20 * 24 * 60 * MINUTE);
  await tryOften(under, 23);
  assert.deepEqual(await events(under), ['issued']);
  assert.equal(await under.notifications(), 1);
  assert.deepEqual(await events(under), ['issued', 'notification-abandoned']);
});

/** Attempts an hour apart, the longest pause. */
async function tryOften(under: Awaited<ReturnType<typeof endpointUnderTest>>, attempts: number): Promise<void> {
  for (let done = 0; done < attempts; done++) {
    assert.equal(await under.notifications(), 1);
    under.clock.forward(60 * MINUTE);
  }
}

test('outbox: a final answer ends it at the first attempt; the certificate stays valid', async () => {
  const answer = new Refusal('notification_failed', 'Intune answered with SubjectNameMismatch', { final: true });
  const policy = allows('outbox', () => Promise.reject(answer));
  const under = await endpointUnderTest(policy);
  await issuedIn(await under.service.pkiOperation(MESSAGE));
  assert.equal(await under.notifications(), 1);
  assert.deepEqual(await events(under), ['issued', 'notification-abandoned']);
  const [entry] = await under.store.listAudit({});
  assert.equal(entry!.detail, 'answered finally: Intune answered with SubjectNameMismatch');
  assert.match(under.log.lines.join('\n'), /^{"level":50.*"event":"notification-given-up".*"why":"answered finally"/m);
  assert.equal((await stored(under))[0]!.state, 'delivered');
  under.clock.forward(24 * 60 * MINUTE);
  assert.equal(await under.notifications(), 0);
});

test('outbox: without its endpoint it is given up after 14 days too; a strict one is not', async () => {
  for (const mode of ['outbox', 'strict'] as const) {
    const under = await endpointUnderTest(allows(mode), { wrap: mode === 'strict' ? deaf : (store) => store });
    await under.service.pkiOperation(MESSAGE).catch((error: unknown) => assert.ok(error instanceof HttpError));
    const elsewhere = await endpointUnderTest(allows(mode), { store: under.store, path: '/other', clock: under.clock });
    under.clock.forward(14 * 24 * 60 * MINUTE);
    for (let attempt = 1; attempt <= 24; attempt++) {
      assert.equal((await under.store.listNotifications({ limit: 10 })).length, 1);
      assert.equal(await elsewhere.notifications('afterLease'), 1);
      under.clock.forward(60 * MINUTE);
    }
    const left = await under.store.listNotifications({ limit: 10 });
    assert.equal(left.length, mode === 'strict' ? 1 : 0);
  }
});

test('after the policy was replaced by one that notifies no service nothing is recorded as notified', async () => {
  const under = await endpointUnderTest(allows('outbox', refuses));
  await issuedIn(await under.service.pkiOperation(MESSAGE));
  const other: Policy = { name: 'other', decide: async () => ({ kind: 'allow', notify: 'none' }) };
  const after = await endpointUnderTest(other, { store: under.store, clock: under.clock });
  assert.equal(await after.notifications(), 1);
  const [left] = await under.store.listNotifications({ limit: 10 });
  assert.match(left?.lastError ?? '', /^the policy of the endpoint was changed/);
  assert.deepEqual(await events(under), ['issued']);
});

test('outbox: an owner that was stopped for longer than its lease sends no more of what another one has sent', async () => {
  const [clock, sent] = [handClock(), [] as string[]];
  const { promise: isStopped, resolve: goOn } = Promise.withResolvers<void>();
  const slow = allows('outbox', () => (sent.push('slow'), isStopped.then(() => ({}))));
  const fast = allows('outbox', async () => (sent.push('fast'), {}));
  const under = await endpointUnderTest(slow, { clock });
  const other = await endpointUnderTest(fast, { clock, store: under.store });
  for (const transactionId of ['1', '2', '3']) {
    const content = await writeCertificationRequest({ ...REQUEST_PLAN, challenge: transactionId }, client.key);
    await under.service.pkiOperation(await requestMessage({ transactionId, content }));
  }
  const stopped = under.notifications();
  while (sent.length === 0) await new Promise(setImmediate);
  assert.equal(await other.notifications('afterLease'), 3);
  goOn();
  assert.equal(await stopped, 1);
  assert.deepEqual(sent, ['slow', 'fast', 'fast', 'fast']);
  assert.doesNotMatch(under.log.lines.join('\n'), /notification-acknowledged/);
  assert.match(other.log.lines.join('\n'), /notification-acknowledged/);
});

test('outbox: a notification survives the process and is sent by the next one', async () => {
  const path = temporaryFile();
  const clock = handClock();
  const before = await endpointUnderTest(allows('outbox'), { store: await openSqliteStore({ path, clock }), clock });
  await issuedIn(await before.service.pkiOperation(MESSAGE));
  await before.store.close();
  const policy = allows('outbox');
  const after = await endpointUnderTest(policy, { store: await openSqliteStore({ path, clock }), clock });
  assert.equal(await after.notifications(), 1);
  const [record] = await stored(after);
  assert.ok(policy.notifications[0]!.kind === 'success' && policy.notifications[0]!.serial === record!.serial);
  assert.equal(await after.notifications(), 0);
  await after.store.close();
});

test('a notification for an endpoint that no longer exists is kept, is in the log, and delays no other', async () => {
  for (const mode of ['strict', 'outbox'] as const) {
    const under = await endpointUnderTest(allows(mode), { wrap: mode === 'strict' ? deaf : (store) => store });
    const { service } = under;
    await service.pkiOperation(MESSAGE).catch((error: unknown) => assert.ok(error instanceof HttpError));
    const elsewhere = await endpointUnderTest(allows(mode), { store: under.store, path: '/other', clock: under.clock });
    assert.equal(await elsewhere.notifications('afterLease'), 1);
    assert.match(elsewhere.log.lines.join('\n'), /^{"level":40.*mscep\.dll.*not configured/m);
    assert.equal(await elsewhere.notifications(), 0);
    under.clock.forward(MINUTE);
    assert.equal(await under.notifications(), 1);
    assert.equal((await stored(under))[0]!.state, 'delivered');
  }
});

/** A store that records a certificate and then not the first acknowledgement: the process ends in between. */
const deaf = (store: Store): Store => {
  let deafness = 1;
  return {
    ...store,
    acknowledgeNotification: (...word) =>
      deafness-- > 0 ? Promise.reject(new Error('disk full')) : store.acknowledgeNotification(...word),
  };
};

test('strict: what a crash left behind is PENDING, then finished at the next start, and a resend gets it', async () => {
  const policy = allows('strict');
  const under = await endpointUnderTest(policy, { wrap: deaf });
  await assert.rejects(under.service.pkiOperation(MESSAGE), { name: 'HttpError', code: 'unavailable' });
  const [left] = await stored(under);
  assert.equal(left!.state, 'issued');
  assert.equal((await read(await under.service.pkiOperation(MESSAGE))).status, 'pending');

  assert.equal(await under.notifications('afterLease'), 1);
  assert.deepEqual(await events(under), ['issued', 'delivered']);
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(MESSAGE)), Buffer.from(left!.der));
  assert.equal(policy.asked.length, 1);
  assert.match(under.log.lines.join('\n'), /left behind/);
});

test('strict: what a crash left behind is revoked when the authoriser does not take it', async () => {
  const policy = allows('strict', acceptsAfter(0));
  const under = await endpointUnderTest(policy, { wrap: deaf });
  await assert.rejects(under.service.pkiOperation(MESSAGE));
  const refusing = await endpointUnderTest(allows('strict', refuses), { store: under.store, clock: under.clock });
  assert.equal(await refusing.notifications('afterLease'), 1);
  const [left] = await stored(under);
  assert.deepEqual([left!.state, left!.deliveredAt], ['revoked', undefined]);
  assert.equal(await refusing.notifications('afterLease'), 0);
});

test('strict: the notification of a running request is its own for 90 seconds, and then sent by another', async () => {
  const under = await endpointUnderTest(allows('strict'), { wrap: deaf });
  await assert.rejects(under.service.pkiOperation(MESSAGE));
  under.clock.forward(90_000 - 1);
  assert.equal(await under.notifications(), 0);
  under.clock.forward(1);
  assert.equal(await under.notifications(), 1);
});

for (const notify of ['strict', 'outbox'] as const)
  test(`an issuer that fails after an Allow (${notify}): a failure notification is queued, and sent from the outbox`, async () => {
    const policy = allows(notify);
    const under = await endpointUnderTest(policy, { issuer: { issue: () => Promise.reject(new Error('HSM gone')) } });
    assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'issuer_failed');
    assert.equal(policy.notifications.length, 0);
    assert.equal(await under.notifications(), 1);
    const notification = policy.notifications[0]!;
    assert.ok(notification.kind === 'failure');
    assert.deepEqual(
      { ...notification, csr: undefined },
      {
        kind: 'failure',
        endpoint: PATH,
        transactionId: TRANSACTION_ID,
        csr: undefined,
        hresult: -2147023174,
        description: 'The certificate could not be issued.',
      },
    );
    assert.deepEqual(Buffer.from(notification.csr), Buffer.from(CSR));
    assert.deepEqual(await stored(under), []);
    const at = under.clock();
    assert.deepEqual(await under.store.listAudit({}), [
      {
        at,
        event: 'notified',
        endpoint: PATH,
        transactionId: TRANSACTION_ID,
        actor: { kind: 'system' },
        source: 'job',
      },
    ]);
    assert.equal(await under.notifications(), 0);
  });

test('an issuer that fails after an Allow without notification queues none', async () => {
  const policy = policyThat(({ csr }) => ({ kind: 'allow', notify: 'none', facts: { bits: String(csr.key.bits) } }));
  const under = await endpointUnderTest(policy, { issuer: { issue: () => Promise.reject(new Error('HSM gone')) } });
  const answer = await under.service.pkiOperation(MESSAGE);
  assert.equal(await refusalIn(answer), 'issuer_failed');
  assert.equal(answer.facts['bits'], '2048');
  assert.equal(await under.notifications('afterLease'), 0);
  assert.ok(!JSON.stringify(answer.facts).includes(CHALLENGE));
});
