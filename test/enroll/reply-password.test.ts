/** To which signers, and under which policies, a reply is encrypted with the challenge (RFC 8894 3.1). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCertRep } from '../../src/client/reply.ts';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { readEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { readSignedData } from '../../src/cms/signed-data.ts';
import type { Policy } from '../../src/core/policy.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { type KeyUsage, keyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { oneTimePolicy } from '../../src/policy/one-time.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { handClock } from '../kit/clock.ts';
import { BY_COMMAND, type Different, endpointUnderTest, PATH } from '../kit/endpoint-under-test.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { certificateFor, HOUR, issuing, type Keyed, NOW } from '../kit/pki.ts';
import { expected } from '../kit/replies.ts';
import { CHALLENGE, REQUEST_PLAN, requestMessage } from '../kit/requests.ts';
import { allows } from '../kit/policy.ts';

/** A signer with an EC key, whose certificate has these usages; `none`: without the extension. */
async function signerWith(usages: readonly KeyUsage[] | 'none', curve = 'P-256'): Promise<Keyed> {
  const key = ecKey('only signs', curve);
  const extensions = usages === 'none' ? [] : [keyUsage(usages)];
  return { key, certificate: await certificateFor(key.spki, { extensions }) };
}
const SIGNS = await signerWith(['digitalSignature']);

const messageFor = async (signer: Keyed, challenge = CHALLENGE): Promise<Uint8Array> =>
  requestMessage({ signer, content: await writeCertificationRequest({ ...REQUEST_PLAN, challenge }, signer.key) });

async function oneTime(different: Different = {}) {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  const expiresAt = new Date(NOW.getTime() + HOUR);
  await store.addChallenge({ endpoint: PATH, password: CHALLENGE, createdAt: NOW, expiresAt }, 5);
  return endpointUnderTest(oneTimePolicy({ store, clock }), { store, clock, ...different });
}

/** How the reply is encrypted, after our client has read it. */
async function recipientIn({ body }: { body: Uint8Array }, signer: Keyed, challenge = CHALLENGE): Promise<string> {
  const reply = await readCertRep(body, { ...expected, signer, challenge });
  assert.equal(reply.status, 'success');
  const { recipients, agreements, passwords } = readEnvelopedData(readSignedData(body).message!);
  assert.equal(recipients.length + agreements.length + passwords.length, 1);
  return recipients.length ? 'key transport' : agreements.length ? 'key agreement' : 'password';
}

const strong = (policy: Policy): Policy => ({ ...policy, strongChallenges: true });

for (const curve of ['P-256', 'P-384', 'P-521'])
  test(`E13 one-time password, ${curve}, keyUsage without keyAgreement: with the challenge`, async () => {
    const under = await oneTime();
    const signer = await signerWith(['digitalSignature'], curve);
    assert.equal(await recipientIn(await under.service.pkiOperation(await messageFor(signer)), signer), 'password');
  });

test('E13 one-time password, repeated: with the challenge again', async () => {
  const under = await oneTime();
  const message = await messageFor(SIGNS);
  assert.equal(await recipientIn(await under.service.pkiOperation(message), SIGNS), 'password');
  assert.equal(await recipientIn(await under.service.pkiOperation(message), SIGNS), 'password');
});

test('E13 without the challenge our client does not read such a reply, and with a wrong one neither', async () => {
  const under = await oneTime();
  const { body } = await under.service.pkiOperation(await messageFor(SIGNS));
  await assert.rejects(readCertRep(body, { ...expected, signer: SIGNS }), /not encrypted to the signer/);
  await assert.rejects(readCertRep(body, { ...expected, signer: SIGNS, challenge: 'wrong' }), /malformed/);
});

for (const [why, usages] of [
  ['no keyUsage', 'none'],
  ['keyUsage with keyAgreement', ['digitalSignature', 'keyAgreement']],
] as const)
  test(`E13 one-time password, ${why}: by key agreement`, async () => {
    const under = await oneTime();
    const signer = await signerWith(usages);
    const answer = await under.service.pkiOperation(await messageFor(signer));
    assert.equal(await recipientIn(answer, signer), 'key agreement');
  });

test('E13 one-time password, extensions that cannot be read: by key agreement', async () => {
  const under = await oneTime();
  const extensions = [{ oid: '2.5.29.15', critical: true, value: Buffer.from('3000', 'hex') }];
  const signer = { key: SIGNS.key, certificate: await certificateFor(SIGNS.key.spki, { extensions }) };
  const answer = await under.service.pkiOperation(await messageFor(signer));
  assert.equal(await recipientIn(answer, signer), 'key agreement');
});

test('E13 one-time password, an RSA key with digitalSignature alone: by key transport, as clients expect', async () => {
  const under = await oneTime();
  const key = rsaKey('only signs');
  const signer = { key, certificate: await certificateFor(key.spki, { extensions: [keyUsage(['digitalSignature'])] }) };
  const answer = await under.service.pkiOperation(await messageFor(signer));
  assert.equal(await recipientIn(answer, signer), 'key transport');
});

test('E13 a static challenge encrypts no reply: one who records it could guess the challenge', async () => {
  const under = await endpointUnderTest(staticPolicy({ challenge: CHALLENGE }));
  assert.equal(await recipientIn(await under.service.pkiOperation(await messageFor(SIGNS)), SIGNS), 'key agreement');
});

test('E13 a policy of others encrypts replies only when it says that its challenges are strong', async () => {
  for (const [policy, recipient] of [
    [allows('none'), 'key agreement'],
    [strong(allows('none')), 'password'],
  ] as const) {
    const under = await endpointUnderTest(policy);
    assert.equal(await recipientIn(await under.service.pkiOperation(await messageFor(SIGNS)), SIGNS), recipient);
  }
});

/** The renewal of a certificate that only signs, beside which the client sends a challenge of its own. */
async function renewed(policy: Policy): Promise<string> {
  const under = await endpointUnderTest(policy);
  const first = await under.service.pkiOperation(await messageFor(SIGNS));
  const reply = await readCertRep(first.body, { ...expected, signer: SIGNS, challenge: CHALLENGE });
  assert.ok(reply.status === 'success');
  const signer = { key: SIGNS.key, certificate: reply.certificates[0]! };
  const key = ecKey('renewed');
  const plan = { ...REQUEST_PLAN, challenge: 'static elsewhere' };
  const content = await writeCertificationRequest(plan, key);
  const answer = await under.service.pkiOperation(await requestMessage({ messageType: 'RenewalReq', signer, content }));
  assert.equal(answer.outcome, 'issued', JSON.stringify(answer.facts));
  return recipientIn(answer, signer, 'static elsewhere');
}

test('E13 a certificate that renews itself: no policy checked the challenge, so by key agreement', async () => {
  assert.equal(await renewed(strong(allows('none'))), 'key agreement');
});

test('E13 a renewal about which the policy decides: with the challenge', async () => {
  assert.equal(await renewed({ ...strong(allows('none')), decidesRenewals: true }), 'password');
});

test('E13 after an approval the repeat is encrypted with the challenge, and the poll, which has none, is not', async () => {
  const under = await oneTime({ approval: 'manual' });
  const message = await messageFor(SIGNS);
  assert.equal((await under.service.pkiOperation(message)).outcome, 'pending');
  const [{ key, endpoint, transactionId } = assert.fail()] = await under.store.listPending();
  const audit = { at: NOW, event: 'approved', endpoint, transactionId, ...BY_COMMAND } as const;
  await under.store.decidePending(key, 'approved', audit);
  const content = issuerAndSubject(readCertificate(issuing.certificate).subject, nameFromText('CN=device-1'));
  const poll = await requestMessage({ messageType: 'CertPoll', signer: SIGNS, content });
  assert.equal(await recipientIn(await under.service.pkiOperation(poll), SIGNS), 'key agreement');
  assert.equal(await recipientIn(await under.service.pkiOperation(message), SIGNS), 'password');
});
