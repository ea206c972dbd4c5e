/** The same request again: which repeats get the stored certificate, and which are decided again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import type { StoredTransaction } from '../../src/core/records.ts';
import { keyHash } from '../../src/enroll/identify.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { rsaKey } from '../kit/keys.ts';
import { client, clientFor, HOUR, issuing, NOW } from '../kit/pki.ts';
import { CSR, REQUEST_PLAN, requestMessage, SENDER_NONCE } from '../kit/requests.ts';
import {
  BY_COMMAND,
  endpointUnderTest,
  events,
  issuedIn,
  nonceOf,
  read,
  refusalIn,
  revoke,
  stored,
} from '../kit/endpoint-under-test.ts';
import { allows, policyThat } from '../kit/policy.ts';

const MESSAGE = await requestMessage();

for (const notify of ['none', 'strict', 'outbox'] as const)
  test(`I01 the same bytes twice (${notify}): one certificate, a fresh senderNonce, one decision, one notification`, async () => {
    const policy = allows(notify);
    const under = await endpointUnderTest(policy);
    const [first, second] = [await under.service.pkiOperation(MESSAGE), await under.service.pkiOperation(MESSAGE)];
    await under.notifications();
    assert.deepEqual(await issuedIn(second), await issuedIn(first));
    assert.deepEqual([first.outcome, second.outcome], ['issued', 'repeated']);
    assert.notEqual(nonceOf(first), nonceOf(second));
    assert.equal(policy.asked.length, 1);
    assert.equal(policy.notifications.length, notify === 'none' ? 0 : 1);
    assert.equal((await stored(under)).length, 1);
  });

test('I01 a one-time challenge is not asked for a second time', async () => {
  const policy = policyThat(() => ({ kind: 'allow', notify: 'none', consumes: 'otp-1' }));
  const { service } = await endpointUnderTest(policy);
  const first = await issuedIn(await service.pkiOperation(MESSAGE));
  assert.deepEqual(await issuedIn(await service.pkiOperation(MESSAGE)), first);
});

for (const code of ['challenge_used', 'intune_denied'] as const)
  test(`the same request in two threads at once: the second one is denied with ${code}, and gets the certificate of the first`, async () => {
    const first = await endpointUnderTest(policyThat(() => ({ kind: 'allow', notify: 'none' })));
    let before: Awaited<ReturnType<typeof first.service.pkiOperation>> | undefined;
    const late = policyThat(async () => {
      before = await first.service.pkiOperation(MESSAGE);
      return { kind: 'deny', code, detail: 'the challenge is known already' };
    });
    const second = await endpointUnderTest(late, { store: first.store });
    const answer = await second.service.pkiOperation(await requestMessage());
    assert.equal(answer.outcome, 'repeated');
    assert.deepEqual(await issuedIn(answer), await issuedIn(before!));
    assert.equal((await stored(first)).length, 1);
  });

test('I02 the same key under another self-signed certificate: the same certificate, enveloped to the new one', async () => {
  const policy = allows('none');
  const under = await endpointUnderTest(policy);
  const first = await issuedIn(await under.service.pkiOperation(MESSAGE));
  const rewrapped = await clientFor(client.key, 'CN=device-1 again');
  const second = await under.service.pkiOperation(await requestMessage({ signer: rewrapped }));
  assert.deepEqual(await issuedIn(second, rewrapped), first);
  assert.equal(policy.asked.length, 1);
});

/** Another client that has recorded the envelope: it signs a message of its own around it. */
const other = { ...(await clientFor(rsaKey('other'))), transactionId: 'another' };
const rewrapped = (senderNonce = SENDER_NONCE) =>
  requestMessage({ signer: other, transactionId: other.transactionId, senderNonce });

test('I03 the same certification request signed with another key: the certificate that was made for it, and nothing new', async () => {
  const policy = policyThat(() => ({ kind: 'allow', notify: 'none', consumes: 'otp-1' }));
  const under = await endpointUnderTest(policy);
  const first = await issuedIn(await under.service.pkiOperation(MESSAGE));
  const second = await under.service.pkiOperation(await rewrapped());
  assert.deepEqual(await issuedIn(second, other), first);
  assert.equal(second.outcome, 'repeated');
  assert.equal(policy.asked.length, 1);
  assert.equal((await stored(under)).length, 1);
});

test('I03 an envelope that another key signs first uses up nothing: the device gets the same certificate', async () => {
  const policy = policyThat(() => ({ kind: 'allow', notify: 'none', consumes: 'otp-1' }));
  const under = await endpointUnderTest(policy);
  const first = await issuedIn(await under.service.pkiOperation(await rewrapped()), other);
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(MESSAGE)), first);
  assert.equal(policy.asked.length, 1);
});

test('I03 another key with a request that waits: it gets PENDING, and the poll of the device still brings the certificate', async () => {
  const policy = policyThat(() => ({ kind: 'pend', reason: 'approval', detail: 'a test' }));
  const under = await endpointUnderTest(policy);
  await under.service.pkiOperation(MESSAGE);
  const second = await under.service.pkiOperation(await rewrapped());
  assert.equal((await read(second, other)).status, 'pending');
  const [waiting, ...more] = await under.store.listPending();
  assert.equal(more.length, 0);
  assert.equal(waiting!.signer, keyHash(client.key.spki));
});

test('I03 another key with a request that waits has no poll, and its request sent again brings the certificate', async () => {
  const under = await endpointUnderTest(allows('none'), { approval: 'manual' });
  for (const message of [MESSAGE, await rewrapped()])
    assert.equal((await under.service.pkiOperation(message)).outcome, 'pending');
  const [{ key, endpoint, transactionId }] = (await under.store.listPending()) as [StoredTransaction];
  const audit = { at: NOW, event: 'approved', endpoint, transactionId, ...BY_COMMAND } as const;
  await under.store.decidePending(key, 'approved', audit);
  const content = issuerAndSubject(readCertificate(issuing.certificate).subject, REQUEST_PLAN.subject);
  const { transactionId: another } = other;
  const poll = await requestMessage({ messageType: 'CertPoll', content, signer: other, transactionId: another });
  assert.equal(await refusalIn(await under.service.pkiOperation(poll), other), 'unknown_transaction');
  const certificate = await issuedIn(await under.service.pkiOperation(await rewrapped()), other);
  const first = await requestMessage({ messageType: 'CertPoll', content });
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(first)), certificate);
});

test('I04 the same transactionID with another certification request: a new certificate', async () => {
  const policy = allows('none');
  const under = await endpointUnderTest(policy);
  const first = await issuedIn(await under.service.pkiOperation(MESSAGE));
  const content = await writeCertificationRequest({ ...REQUEST_PLAN, challenge: 'another one' }, client.key);
  assert.notDeepEqual(content, CSR);
  assert.notDeepEqual(await issuedIn(await under.service.pkiOperation(await requestMessage({ content }))), first);
  assert.equal(policy.asked.length, 2);
  assert.equal((await stored(under)).length, 2);
});

for (const notify of ['none', 'strict', 'outbox'] as const)
  test(`I05 20 parallel identical requests (${notify}): one issuance, one question, one notification`, async () => {
    const policy = allows(notify);
    const under = await endpointUnderTest(policy);
    const answers = await Promise.all(Array.from({ length: 20 }, () => under.service.pkiOperation(MESSAGE)));
    await under.notifications();
    const certificates = new Set(
      await Promise.all(answers.map(async (answer) => (await issuedIn(answer)).toString('hex'))),
    );
    assert.equal(certificates.size, 1);
    assert.equal(new Set(answers.map(nonceOf)).size, 20);
    assert.equal(policy.asked.length, 1);
    assert.equal(policy.notifications.length, notify === 'none' ? 0 : 1);
    assert.equal((await stored(under)).length, 1);
  });

test('I05 two replicas on one store: one certificate in the store, and both deliver that one', async () => {
  const policy = allows('none');
  const one = await endpointUnderTest(policy);
  const other = await endpointUnderTest(policy, { store: one.store });
  const answers = await Promise.all([one, other].map(({ service }) => service.pkiOperation(MESSAGE)));
  const [first, second] = await Promise.all(answers.map((answer) => issuedIn(answer)));
  assert.deepEqual(first, second);
  assert.equal((await stored(one)).length, 1);
});

test('I05 under strict, a second replica answers PENDING until the first has an acknowledgement', async () => {
  const { promise: acknowledgement, resolve: acknowledge } = Promise.withResolvers<Record<string, string>>();
  const { promise: notified, resolve: notify } = Promise.withResolvers<void>();
  const policy = allows('strict', () => {
    notify();
    return acknowledgement;
  });
  const one = await endpointUnderTest(policy);
  const other = await endpointUnderTest(policy, { store: one.store });
  const running = one.service.pkiOperation(MESSAGE);
  await notified;
  assert.equal((await read(await other.service.pkiOperation(MESSAGE))).status, 'pending');
  acknowledge({});
  const first = await issuedIn(await running);
  assert.deepEqual(await issuedIn(await other.service.pkiOperation(MESSAGE)), first);
  assert.equal(policy.notifications.length, 1);
});

test('I07 after revocation: refused, also signed with another key and under another transactionID', async () => {
  for (const reason of ['keyCompromise', 'superseded'] as const) {
    const policy = allows('none');
    const under = await endpointUnderTest(policy);
    await issuedIn(await under.service.pkiOperation(MESSAGE));
    await revoke(under.store, (await stored(under))[0]!, reason);
    assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE), client), 'rejected');
    assert.equal(await refusalIn(await under.service.pkiOperation(await rewrapped()), other), 'rejected');
    assert.equal(policy.asked.length, 1);
    assert.equal((await stored(under)).length, 1);
  }
});

test('I07 a key that was revoked for keyCompromise is not certified again, in another request and at another endpoint', async () => {
  const policy = allows('none');
  const under = await endpointUnderTest(policy);
  await issuedIn(await under.service.pkiOperation(MESSAGE));
  const content = await writeCertificationRequest({ ...REQUEST_PLAN, challenge: 'another one' }, client.key);
  const elsewhere = await endpointUnderTest(policy, { store: under.store, path: '/scep/lab' });
  await revoke(under.store, (await stored(under))[0]!, 'keyCompromise');
  for (const { service } of [under, elsewhere])
    assert.equal(
      await refusalIn(await service.pkiOperation(await requestMessage({ content })), client),
      'key_compromised',
    );
  assert.equal(policy.asked.length, 1);
});

/** The same certification request in a new message, signed with the requested key. */
const again = { ...client, senderNonce: Buffer.from('ffeeddccbbaa99887766554433221100', 'hex') };
const newMessage = () => requestMessage({ senderNonce: again.senderNonce });

test('I07 within the retention: the same certificate; after it a copy is refused, and a new message is decided again', async () => {
  const policy = allows('none');
  const under = await endpointUnderTest(policy);
  const first = await issuedIn(await under.service.pkiOperation(MESSAGE));
  under.clock.forward(24 * HOUR - 1);
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(MESSAGE)), first);
  assert.equal(policy.asked.length, 1);
  under.clock.forward(1);
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE), client), 'replayed');
  const senderNonce = Buffer.alloc(16, 7);
  const byOther = await under.service.pkiOperation(await rewrapped(senderNonce));
  assert.equal(await refusalIn(byOther, { ...other, senderNonce }), 'replayed');
  assert.equal(policy.asked.length, 1);
  const message = await newMessage();
  const second = await issuedIn(await under.service.pkiOperation(message), again);
  assert.notDeepEqual(second, first);
  assert.equal(policy.asked.length, 2);
  assert.deepEqual(
    (await stored(under)).map(({ state }) => state),
    ['delivered', 'delivered'],
  );
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(MESSAGE)), second);
  under.clock.forward(24 * HOUR);
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE)), 'replayed');
  assert.equal(await refusalIn(await under.service.pkiOperation(message), again), 'replayed');
});

test('I07 a certificate that has expired within the retention is not handed out again', async () => {
  const policy = allows('none');
  const under = await endpointUnderTest(policy, { retention: 2 * 365 * 24 * HOUR });
  const first = await issuedIn(await under.service.pkiOperation(MESSAGE));
  const { notAfter } = (await stored(under))[0]!;
  under.clock.forward(notAfter.getTime() - under.clock().getTime() - 1);
  assert.deepEqual(await issuedIn(await under.service.pkiOperation(MESSAGE)), first);
  under.clock.forward(1);
  assert.equal(await refusalIn(await under.service.pkiOperation(MESSAGE), client), 'replayed');
  assert.notDeepEqual(await issuedIn(await under.service.pkiOperation(await newMessage()), again), first);
  assert.equal(policy.asked.length, 2);
});

for (const notify of ['none', 'strict', 'outbox'] as const)
  test(`I08 the process dies between commit and reply (${notify}): a resend gets the same certificate`, async () => {
    const policy = allows(notify);
    const under = await endpointUnderTest(policy);
    const { codec } = under.endpoint;
    const dying = await endpointUnderTest(policy, {
      store: under.store,
      codec: { ...codec, seal: () => Promise.reject(new Error('killed')) },
    });
    await assert.rejects(dying.service.pkiOperation(MESSAGE), /killed/);
    const [recorded] = await stored(under);
    assert.deepEqual(await issuedIn(await under.service.pkiOperation(MESSAGE)), Buffer.from(recorded!.der));
    assert.equal(policy.asked.length, 1);
    assert.equal((await stored(under)).length, 1);
    assert.ok((await events(under)).includes('issued'));
  });
