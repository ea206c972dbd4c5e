/** What is wrong with a message, and the number that its sender reads in the CertRep: RFC 8894 3.2.1.4. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import {
  encode,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  smallInteger,
  time,
} from '../../src/asn1/writer.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { messageCodec } from '../../src/scep/codec.ts';
import { endpointUnderTest } from '../kit/endpoint-under-test.ts';
import { allows } from '../kit/policy.ts';
import { algorithm, attribute, forge, forgeEnvelope, scepAttributes } from '../kit/forge.ts';
import { edKey, rsaKey } from '../kit/keys.ts';
import { certificateFor, client, clientFor, clock, HOUR, NOW, raFor, random, registration, root } from '../kit/pki.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';
import { refusalOf } from '../kit/wire-codes.ts';

const [BAD_ALG, BAD_MESSAGE_CHECK, BAD_REQUEST, BAD_TIME, BAD_CERT_ID] = ['0', '1', '2', '3', '4'] as const;

const signingTime = (hours: number): Uint8Array =>
  attribute('1.2.840.113549.1.9.5', time(new Date(NOW.getTime() + hours * HOUR)));
const attributes = (...more: Uint8Array[]): Uint8Array[] => [...scepAttributes(), ...more];
const ofType = (type: string, content?: Uint8Array): Uint8Array =>
  forge({
    attributes: scepAttributes({ messageType: printableString(type) }),
    ...(content && { content: forgeEnvelope({ content }) }),
  });
const issuerAndSerial = sequence(nameFromText('CN=Test Issuing'), smallInteger(0x1234));
const other = rsaKey('other');
const otherRa = await raFor(rsaKey('other ra'), 'CN=Other RA');
const rc2 = { oid: '1.2.840.113549.3.2', name: 'aes-128-cbc', keyBytes: 16, blockBytes: 16 };

/** AuthEnvelopedData (RFC 5083 2.1); what it contains is not read. */
const AUTH_ENVELOPED_DATA = '1.2.840.113549.1.9.16.1.23';
const wrapped = encode(0xa0, sequence(smallInteger(0)));

/** The public key of an algorithm that OpenSSL need not know. */
const forged = (id: string): Uint8Array => sequence(algorithm(id), encode(0x03, Buffer.alloc(1313)));
const ofCurve = (namedCurve: string): Buffer =>
  generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'der', type: 'spki' });
/** A PKCSReq of the usual client for another key, whose proof of possession cannot be verified. */
const requestFor = async (spki: Uint8Array): Promise<Uint8Array> =>
  requestMessage({ content: await writeCertificationRequest(REQUEST_PLAN, { ...client.key, spki }) });
/** RFC 8410 3: the signature algorithm is the type of the key. */
function edRequest(): Uint8Array {
  const key = edKey('requested');
  const info = sequence(smallInteger(0), nameFromText('CN=device-1'), key.spki, encode(0xa0));
  return sequence(info, algorithm('1.3.101.112'), encode(0x03, Buffer.of(0), sign(null, info, key.privateKey)));
}

const MESSAGES: Readonly<Record<string, readonly [Uint8Array, string]>> = {
  'P02 a digest that is off': [await requestMessage({ digest: 'sha1' }), BAD_ALG],
  'P03 the digest MD5': [
    forge({ digest: 'md5', digestIdentifier: algorithm('1.2.840.113549.2.5', nullValue) }),
    BAD_ALG,
  ],
  'E05 the cipher 3DES where it is off': [await requestMessage({ cipher: 'des-ede3-cbc' }), BAD_ALG],
  'E06 the cipher DES where it is off': [await requestMessage({ cipher: 'des-cbc' }), BAD_ALG],
  'E07 the cipher RC2': [forge({ content: forgeEnvelope({ cipher: rc2 }) }), BAD_ALG],
  'E07 AuthEnvelopedData with AES-GCM': [forge({ content: sequence(oid(AUTH_ENVELOPED_DATA), wrapped) }), BAD_ALG],
  'Q13 a request for an ML-KEM-768 key': [await requestFor(forged('2.16.840.1.101.3.4.4.2')), BAD_ALG],
  'Q13 a request for an SLH-DSA key': [await requestFor(forged('2.16.840.1.101.3.4.3.20')), BAD_ALG],
  'Q13 a request for a key of an algorithm without a name': [await requestFor(forged('1.2.3.4')), BAD_ALG],
  'Q13 a request for a key on secp256k1': [await requestFor(ofCurve('secp256k1')), BAD_ALG],
  'Q13 a request for a key on brainpoolP256r1': [await requestFor(ofCurve('brainpoolP256r1')), BAD_ALG],
  'Q13 a request for an Ed448 key': [
    await requestFor(generateKeyPairSync('ed448').publicKey.export({ format: 'der', type: 'spki' })),
    BAD_ALG,
  ],
  'Q13 a request for an RSA-512 key': [
    await requestFor(
      generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey.export({ format: 'der', type: 'spki' }),
    ),
    BAD_ALG,
  ],
  'Q13 a request for an Ed25519 key': [await requestMessage({ content: edRequest() }), BAD_ALG],
  'Q13 a signer on secp256k1': [forge({ certificates: [await certificateFor(ofCurve('secp256k1'))] }), BAD_ALG],
  'Q13 a signer with RSA-1024': [await requestMessage({ signer: await clientFor(rsaKey('small', 1024)) }), BAD_ALG],
  'P07 a signature by another key': [
    forge({ signatureOf: (data) => sign('sha256', data, other.privateKey) }),
    BAD_MESSAGE_CHECK,
  ],
  'P08 a content that was not signed': [forge({ digested: forgeEnvelope() }), BAD_MESSAGE_CHECK],
  'P11 no certificate of the signer': [
    forge({ certificates: [root.certificate, otherRa.certificate] }),
    BAD_MESSAGE_CHECK,
  ],
  'P22 a signingTime of 25 h ago': [forge({ attributes: attributes(signingTime(-25)) }), BAD_TIME],
  'P22 a signingTime in 2 h': [forge({ attributes: attributes(signingTime(2)) }), BAD_TIME],
  'P17 messageType UpdateReq': [ofType('18'), BAD_REQUEST],
  'P20 no senderNonce': [forge({ attributes: scepAttributes({ senderNonce: undefined }) }), BAD_REQUEST],
  'P20 a senderNonce of 65 octets': [
    forge({ attributes: scepAttributes({ senderNonce: octetString(Buffer.alloc(65)) }) }),
    BAD_REQUEST,
  ],
  'E11 an envelope for another RA': [await requestMessage({ recipient: otherRa.certificate }), BAD_REQUEST],
  'Q04 an envelope without a request': [await requestMessage({ content: Buffer.from('garbage') }), BAD_REQUEST],
  'G04 a poll for an unknown transaction': [ofType('20', issuerAndSerial), BAD_CERT_ID],
  'G06 GetCert for an unknown certificate': [ofType('21', issuerAndSerial), BAD_CERT_ID],
};
const rules = { legacy: new Set<never>(), signingTime: { past: 24 * HOUR, future: HOUR }, renewal: true };
const { service } = await endpointUnderTest(allows('none'), {
  codec: messageCodec({ ra: registration, rules, clock, random }),
});

for (const [what, [message, failInfo]] of Object.entries(MESSAGES))
  test(`${what} is failInfo ${failInfo}`, async () => {
    const { body, outcome } = await service.pkiOperation(message);
    assert.deepEqual([outcome, refusalOf(body)[0]], ['refused', failInfo]);
  });

test('P22 a signingTime within the window is no reason to refuse', async () => {
  for (const hours of [-23, 0, 1]) {
    const { outcome } = await service.pkiOperation(forge({ attributes: attributes(signingTime(hours)) }));
    assert.notEqual(outcome, 'refused');
  }
});
