/** An enrolment request with a real PKCS#10, for tests of issuers: a key of its own, signed with it. */
import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import type { CertificationRequest, EnrollmentRequest } from '../core/request.ts';
import { readCertificationRequest, withoutProof, writeCertificationRequest } from '../pkix/csr.ts';
import { extendedKeyUsage, keyUsage, subjectAltName } from '../pkix/extensions.ts';
import { generalNameFromText } from '../pkix/general-name.ts';
import { nameFromText } from '../pkix/name.ts';
import { readKeyKind } from '../pkix/public-key.ts';
import { signWithKeyObject } from '../pkix/signature.ts';

/**
 * What is requested. `subject`: RFC 4514. `alternativeNames`: such as `dns:`, `email:`, `upn:` or `uri:` and the name. `purposes`: OIDs. `key`:
 * `rsa`, of 2048 bits, when absent.
 */
export type RequestedNames = {
  subject?: string;
  alternativeNames?: readonly string[];
  purposes?: readonly string[];
  key?: 'rsa' | 'p256';
};

/** A request as Intune makes it for a person and a device, but for what is given. Each has a new key. */
export async function signedRequest({
  subject = 'CN=Ada Lovelace',
  alternativeNames = [
    'upn:ada@example.com',
    'email:ada@example.com',
    'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104',
  ],
  purposes = ['1.3.6.1.5.5.7.3.2'],
  key = 'rsa',
}: RequestedNames = {}): Promise<EnrollmentRequest> {
  const { publicKey, privateKey } = pairOf(key);
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const kind = readKeyKind(spki);
  const der = await writeCertificationRequest(
    {
      subject: nameFromText(subject),
      extensions: [
        keyUsage(kind.type === 'rsa' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature']),
        ...(purposes.length > 0 ? [extendedKeyUsage(purposes)] : []),
        ...(alternativeNames.length > 0 ? [subjectAltName(alternativeNames.map(generalNameFromText))] : []),
      ],
    },
    { spki, kind, inProcess: true, sign: (input) => signWithKeyObject(privateKey, input) },
  );
  const requestKey = hash('sha256', der, 'hex');
  const csr = withoutProof(readCertificationRequest(der));
  return { endpoint: '/scep', transactionId: requestKey.slice(0, 40), csr, signerSpki: spki, requestKey };
}

/** A PKCS#10, DER, as a CA of tests reads it. Throws DerError when it is malformed. The proof of possession is not checked. */
export const readRequest = (der: Uint8Array): CertificationRequest => withoutProof(readCertificationRequest(der));

const pairOf = (key: 'rsa' | 'p256'): { publicKey: KeyObject; privateKey: KeyObject } =>
  key === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
