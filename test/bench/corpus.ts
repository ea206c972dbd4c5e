/** Requests as an Intune-managed device sends them: a challenge of 3 KB, names and usages, RSA-2048, AES-128, SHA-256. */
import { randomBytes } from 'node:crypto';
import { selfSigned, writeRequest } from '../../src/client/request-message.ts';
import type { KeyProvider } from '../../src/core/keys.ts';
import { generateKey } from '../../src/keys/software.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { extendedKeyUsage, keyUsage, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';

export const CHALLENGE = randomBytes(2304).toString('base64');
const EXTENSIONS = [
  subjectAltName([generalNameFromText('upn:ada@example.com'), generalNameFromText('uri:IntuneDeviceId://7d1f0a52')]),
  keyUsage(['digitalSignature', 'keyEncipherment']),
  extendedKeyUsage(['1.3.6.1.5.5.7.3.2']),
];

/** Client keys, made once and used in turn: making one takes longer than a hundred enrolments. */
export const clientKeys = (count: number): KeyProvider[] =>
  Array.from({ length: count }, () => generateKey('rsa-2048'));

const subjectOf = (number: number): Uint8Array => nameFromText(`CN=device-${number},O=Bench`);

/** The PKCS#10 in it, DER. */
export const certificationRequest = (key: KeyProvider, number: number): Promise<Uint8Array> =>
  writeCertificationRequest({ subject: subjectOf(number), challenge: CHALLENGE, extensions: EXTENSIONS }, key);

/** One PKCSReq with a transaction of its own. */
export async function request(key: KeyProvider, raCertificate: Uint8Array, number: number): Promise<Uint8Array> {
  const subject = subjectOf(number);
  const random = (length: number): Uint8Array => randomBytes(length);
  return writeRequest({
    messageType: 'PKCSReq',
    transactionId: randomBytes(20).toString('hex'),
    senderNonce: random(16),
    content: await certificationRequest(key, number),
    signer: { certificate: await selfSigned(key, subject, () => new Date(), random), key },
    recipient: raCertificate,
    digest: 'sha256',
    cipher: 'aes-128-cbc',
    transport: { scheme: 'pkcs1' },
    random,
  });
}
