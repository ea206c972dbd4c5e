/** Creates the certificates of an authority: a root, an issuing CA under it, a registration authority, and an OCSP signer. */
import { nullValue } from '../asn1/writer.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { Extension } from '../core/request.ts';
import type { KeyProvider } from '../core/keys.ts';
import { ConfigError } from '../core/errors.ts';
import { type CertificatePlan, writeCertificate } from '../pkix/certificate.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyIdentifier,
  type KeyUsage,
  keyUsage,
  subjectKeyIdentifier,
} from '../pkix/extensions.ts';
import { nameFromText, nameText } from '../pkix/name.ts';
import { isMlKem } from '../pkix/ml-kem.ts';
import { EXTENDED_KEY_USAGES, OID } from '../pkix/oids.ts';
import { readCaCertificate } from './ca-certificate.ts';
import { assertRoomBelow, caExtensions, type CaLimits } from './ca-limits.ts';
import { randomSerial } from './serial.ts';

/** The contents of a new certificate of an authority, and its key. */
export type NewCertificate = {
  /** RFC 4514, for example `CN=Example Issuing CA,O=Example`; or a Name, DER, which is taken as it is. */
  subject: string | Uint8Array;
  key: KeyProvider;
  /** Milliseconds from now; the certificate never outlives its issuer. */
  validity: number;
  /** Milliseconds before now at which it becomes valid, so that devices with slow clocks accept it. */
  backdate: number;
  clock: Clock;
  random: RandomBytes;
};

/** An issuing CA: certificate, DER, and key. */
export type CaWithKey = { certificate: Uint8Array; key: KeyProvider };

/** What is certified: only the public half of its key is needed. */
export type NewSubject = Omit<NewCertificate, 'key'> & { key: Pick<KeyProvider, 'spki' | 'kind'> };

/** A self-signed root, DER. Throws DerError when `subject` is not RFC 4514, and for names that are no subtrees. */
export function createRoot(wanted: NewCertificate, limits: CaLimits = {}): Promise<Uint8Array> {
  const plan = planned(wanted, [...caExtensions(limits), authorityKeyIdentifier(keyIdentifier(wanted.key.spki))]);
  return writeCertificate({ ...plan, issuer: plan.subject }, wanted.key);
}

/**
 * A CA that may issue end-entity certificates only (path length 0), unless `limits` allow CAs below it; DER. Throws
 * ConfigError when `issuer` is not a valid CA or may not have such a CA below it, and DerError as `createRoot`.
 */
export async function createIssuingCa(
  wanted: NewSubject,
  issuer: CaWithKey,
  limits: CaLimits = {},
): Promise<Uint8Array> {
  const pathLength = limits.pathLength ?? 0;
  assertRoomBelow(issuer.certificate, pathLength);
  return signedBy(issuer, wanted, caExtensions({ ...limits, pathLength }));
}

/** What the RA uses a key for: both, or one of the two when it has a pair of keys; `kem`: it encrypts, with ML-KEM. */
export type RaPurpose = 'both' | 'sign' | 'encrypt' | 'kem';

const RA_USAGES: Readonly<Record<RaPurpose, readonly KeyUsage[]>> = {
  both: ['digitalSignature', 'keyEncipherment'],
  sign: ['digitalSignature'],
  encrypt: ['keyEncipherment'],
  // RFC 9935 5.
  kem: ['keyEncipherment'],
};

/**
 * An RA certificate, DER: clients encrypt requests to it, and it signs the replies. NDES has one certificate for each
 * of the two. Windows demands the enrolment agent purpose, and both key usages, in one certificate or in two. Throws
 * ConfigError when the key is not RSA, because SCEP clients cannot encrypt to other keys and not every client verifies
 * their signatures, and when `issuer` is not a valid CA.
 */
export async function createRa(
  wanted: NewCertificate,
  issuer: CaWithKey,
  purpose: RaPurpose = 'both',
): Promise<Uint8Array> {
  const { type } = wanted.key.kind;
  if (purpose === 'kem' ? !isMlKem(type) : type !== 'rsa')
    throw new ConfigError(
      `${subjectText(wanted)}: a registration authority needs ${purpose === 'kem' ? 'an ML-KEM' : 'an RSA'} key`,
      purpose === 'kem' ? 'Messages come to it by encapsulation.' : 'SCEP encrypts to it with RSA.',
    );
  return signedBy(issuer, wanted, [
    basicConstraints(false),
    keyUsage(RA_USAGES[purpose]),
    extendedKeyUsage([EXTENDED_KEY_USAGES.certificateRequestAgent]),
  ]);
}

/**
 * A certificate that signs OCSP responses for one CA, DER (RFC 6960 4.2.2.2). It says that its own status is not to be asked
 * for (4.2.2.2.1), so it is to live for weeks only. Throws ConfigError when `issuer` is not a valid CA.
 */
export const createOcspSigner = (wanted: NewSubject, issuer: CaWithKey): Promise<Uint8Array> =>
  signedBy(issuer, wanted, [
    basicConstraints(false),
    keyUsage(['digitalSignature']),
    extendedKeyUsage([EXTENDED_KEY_USAGES.ocspSigning]),
    { oid: OID.ocspNoCheck, critical: false, value: nullValue },
  ]);

const subjectText = ({ subject }: NewSubject): string => (typeof subject === 'string' ? subject : nameText(subject));

async function signedBy(issuer: CaWithKey, wanted: NewSubject, extensions: Extension[]): Promise<Uint8Array> {
  const ca = readCaCertificate(issuer.certificate, wanted.clock());
  const plan = planned(wanted, [...extensions, authorityKeyIdentifier(ca.keyIdentifier)]);
  const within = {
    notBefore: plan.notBefore < ca.notBefore ? ca.notBefore : plan.notBefore,
    notAfter: plan.notAfter > ca.notAfter ? ca.notAfter : plan.notAfter,
  };
  return writeCertificate({ ...plan, ...within, issuer: ca.subject }, issuer.key);
}

function planned(wanted: NewSubject, extensions: Extension[]): Omit<CertificatePlan, 'issuer'> {
  const now = wanted.clock().getTime();
  return {
    serialNumber: randomSerial(wanted.random),
    subject: typeof wanted.subject === 'string' ? nameFromText(wanted.subject) : wanted.subject,
    notBefore: new Date(now - wanted.backdate),
    notAfter: new Date(now + wanted.validity),
    spki: wanted.key.spki,
    extensions: [...extensions, subjectKeyIdentifier(wanted.key.spki)],
  };
}
