/** Messages that are signed with an ML-DSA key: the challenge encrypts the reply, or there is none (RFC 9882, RFC 8894 3.1). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oid, sequence } from '../../src/asn1/writer.ts';
import { readCertRep } from '../../src/client/reply.ts';
import { issuerAndSubject, type RequestMessage } from '../../src/client/request-message.ts';
import { readEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { issuerAndSerialNumber, readSignedData } from '../../src/cms/signed-data.ts';
import { generateKey } from '../../src/keys/software.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { keyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { oneTimePolicy } from '../../src/policy/one-time.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { handClock } from '../kit/clock.ts';
import { endpointUnderTest, PATH, refusalIn, stored, type Under } from '../kit/endpoint-under-test.ts';
import { clientFor, context, everyLegacy, HOUR, issuing, type Keyed, NOW } from '../kit/pki.ts';
import { expected } from '../kit/replies.ts';
import { CHALLENGE, opened, refuses, REQUEST_PLAN, requestMessage } from '../kit/requests.ts';

const PLAN = { ...REQUEST_PLAN, extensions: [keyUsage(['digitalSignature'])] };
const SECOND = 'B1B2C3D4E5F60718';

/** An endpoint with two one-time passwords. */
async function oneTime(): Promise<Under> {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  const expiresAt = new Date(NOW.getTime() + HOUR);
  for (const password of [CHALLENGE, SECOND])
    await store.addChallenge({ endpoint: PATH, password, createdAt: NOW, expiresAt }, 5);
  return endpointUnderTest(oneTimePolicy({ store, clock }), { store, clock });
}

const device = await clientFor(generateKey('ml-dsa-65'));

/** A PKCSReq for the key that signs it. */
const messageOf = async (signer: Keyed, different: Partial<RequestMessage> = {}, plan: object = {}) =>
  requestMessage({
    signer,
    digest: 'sha512',
    content: await writeCertificationRequest({ ...PLAN, ...plan }, signer.key),
    ...different,
  });

/** The certificate in a reply that is encrypted with this challenge and nothing else. */
async function issuedTo(signer: Keyed, { body }: { body: Uint8Array }, challenge = CHALLENGE): Promise<Uint8Array> {
  const reply = await readCertRep(body, { ...expected, signer, challenge });
  assert.ok(reply.status === 'success', JSON.stringify(reply));
  const { recipients, agreements, passwords } = readEnvelopedData(readSignedData(body).message!);
  assert.deepEqual([recipients.length, agreements.length, passwords.length], [0, 0, 1]);
  return reply.certificates[0]!;
}

for (const type of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const)
  test(`signed with ${type}, one-time password: the challenge encrypts the reply`, async () => {
    const under = await oneTime();
    const signer = await clientFor(generateKey(type));
    const certificate = await issuedTo(signer, await under.service.pkiOperation(await messageOf(signer)));
    assert.deepEqual(Buffer.from(readCertificate(certificate).spki), Buffer.from(signer.key.spki));
  });

test('signed with ML-DSA and repeated: the same certificate, with the challenge again', async () => {
  const under = await oneTime();
  const message = await messageOf(device);
  const first = await issuedTo(device, await under.service.pkiOperation(message));
  assert.deepEqual(await issuedTo(device, await under.service.pkiOperation(message)), first);
});

test('the SignedData has SHA-512 without parameters, and the OID of the key without parameters', async () => {
  const [signer] = readSignedData(await messageOf(device)).signers;
  assert.deepEqual(Buffer.from(signer!.algorithmIdentifier), Buffer.from(sequence(oid('2.16.840.1.101.3.4.3.18'))));
  const message = Buffer.from(await messageOf(device));
  assert.equal(occurrences(message, Buffer.from('300b0609608648016503040203', 'hex')), 2);
});

const occurrences = (octets: Buffer, part: Buffer): number =>
  octets.toString('latin1').split(part.toString('latin1')).length - 1;

async function nothingIssued(under: Under, message: Uint8Array): Promise<void> {
  assert.deepEqual(await refusalIn(await under.service.pkiOperation(message)), 'algorithm_refused');
  assert.deepEqual(await stored(under), []);
}

test('signed with ML-DSA, static challenge: badAlg, because one who records the reply could guess it', async () =>
  nothingIssued(await endpointUnderTest(staticPolicy({ challenge: CHALLENGE })), await messageOf(device)));

test('signed with ML-DSA, without a challenge: badAlg', async () =>
  nothingIssued(await oneTime(), await messageOf(device, {}, { challenge: undefined })));

const SERIAL = readCertificate(issuing.certificate);
for (const [messageType, content] of [
  ['CertPoll', issuerAndSubject(SERIAL.subject, nameFromText('CN=device-1'))],
  ['GetCert', issuerAndSerialNumber(SERIAL)],
  ['GetCRL', issuerAndSerialNumber(SERIAL)],
] as const)
  test(`${messageType} signed with ML-DSA has no challenge: badAlg`, async () =>
    nothingIssued(await oneTime(), await messageOf(device, { messageType, content })));

test('a wrong challenge stays a wrong challenge', async () => {
  const under = await oneTime();
  const answer = await under.service.pkiOperation(await messageOf(device, {}, { challenge: 'C1B2C3D4E5F60718' }));
  assert.equal(await refusalIn(answer), 'challenge_wrong');
});

for (const [what, subject] of [
  ['the same name', 'CN=device-1,O=Example'],
  ['another name', 'CN=device-2'],
])
  test(`an ML-DSA certificate of this server asks for ${what}: the challenge counts, and is used up`, async () => {
    const under = await oneTime();
    const certificate = await issuedTo(device, await under.service.pkiOperation(await messageOf(device)));
    const plan = { subject: nameFromText(subject!), challenge: SECOND };
    const content = await writeCertificationRequest({ ...PLAN, ...plan }, generateKey('ml-dsa-65'));
    const signer = { key: device.key, certificate };
    const renewal = await messageOf(signer, { messageType: 'RenewalReq', content });
    const renewed = await issuedTo(signer, await under.service.pkiOperation(renewal), SECOND);
    assert.notDeepEqual(renewed, certificate);
    const third = await writeCertificationRequest({ ...PLAN, ...plan }, generateKey('ml-dsa-65'));
    const again = await messageOf(signer, { messageType: 'RenewalReq', content: third });
    assert.equal(await refusalIn(await under.service.pkiOperation(again)), 'challenge_used');
  });

for (const [type, digest] of [
  ['ml-dsa-44', 'sha1'],
  ['ml-dsa-65', 'sha256'],
  ['ml-dsa-87', 'sha256'],
  ['ml-dsa-87', 'sha384'],
] as const)
  test(`a message signed with ${type} over ${digest}, which is weaker than the signature: badAlg`, async () => {
    const signer = await clientFor(generateKey(type));
    await refuses(await messageOf(signer, { digest }), 'algorithm_refused', context({ legacy: everyLegacy }));
  });

test('ml-dsa-44 over SHA-256 and ml-dsa-65 over SHA-384 are strong enough', async () => {
  await opened(await messageOf(await clientFor(generateKey('ml-dsa-44')), { digest: 'sha256' }));
  await opened(await messageOf(device, { digest: 'sha384' }));
});

test('signed with ML-DSA, encrypted with 3DES, which has no key wrap for a password: badAlg', async () =>
  refuses(await messageOf(device, { cipher: 'des-ede3-cbc' }), 'algorithm_refused', context({ legacy: everyLegacy })));

test('a changed signature of ML-DSA is badMessageCheck', async () => {
  const message = Buffer.from(await messageOf(device));
  message[message.length - 1]! ^= 1;
  await refuses(message, 'signature_invalid');
});
