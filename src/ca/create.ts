/** Makes the certificates of an authority itself: a root, an issuing CA under it, and a registration authority. */
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
import { nameFromText } from '../pkix/name.ts';
import { EXTENDED_KEY_USAGES } from '../pkix/oids.ts';
import { readCaCertificate } from './ca-certificate.ts';
import { randomSerial } from './serial.ts';

/** What a new CA or RA certificate says, and the key that it is for. */
export type NewCertificate = {
  /** RFC 4514, for example `CN=Example Issuing CA,O=Example`. */
  subject: string;
  key: KeyProvider;
  /** Milliseconds from now; cut to the issuer's own end. */
  validity: number;
  /** Milliseconds before now at which it begins, so that devices with slow clocks accept what it signs. */
  backdate: number;
  clock: Clock;
  random: RandomBytes;
};

/** A CA certificate, DER, and its key. */
export type CaWithKey = { certificate: Uint8Array; key: KeyProvider };

const CA_USAGE = keyUsage(['keyCertSign', 'cRLSign']);

/** A self-signed root, DER. */
export function createRoot(wanted: NewCertificate): Promise<Uint8Array> {
  const plan = planned(wanted, [
    basicConstraints(true),
    CA_USAGE,
    authorityKeyIdentifier(keyIdentifier(wanted.key.spki)),
  ]);
  return writeCertificate({ ...plan, issuer: plan.subject }, wanted.key);
}

/** A CA that may sign end entities only (path length 0), DER. Throws ConfigError when `issuer` may not sign it. */
export const createIssuingCa = (wanted: NewCertificate, issuer: CaWithKey): Promise<Uint8Array> =>
  signedBy(issuer, wanted, [basicConstraints(true, 0), CA_USAGE]);

/** What a registration authority does with a key: everything, or one half of it where it has two. */
export type RaPurpose = 'both' | 'sign' | 'encrypt';

const RA_USAGES: Readonly<Record<RaPurpose, readonly KeyUsage[]>> = {
  both: ['digitalSignature', 'keyEncipherment'],
  sign: ['digitalSignature'],
  encrypt: ['keyEncipherment'],
};

/**
 * The certificate that SCEP clients encrypt to and that signs the replies, DER, or one of a pair that share the work as
 * those of NDES do. Windows accepts it only with an enrolment purpose, and wants both key usages, in one or in two.
 * Throws ConfigError when its key is not RSA, the one kind of key that can be encrypted to and that every client
 * verifies, or when `issuer` may not sign it.
 */
export async function createRa(
  wanted: NewCertificate,
  issuer: CaWithKey,
  purpose: RaPurpose = 'both',
): Promise<Uint8Array> {
  if (wanted.key.kind.type !== 'rsa')
    throw new ConfigError(
      `${wanted.subject}: a registration authority needs an RSA key`,
      'SCEP encrypts to it with RSA.',
    );
  return signedBy(issuer, wanted, [
    basicConstraints(false),
    keyUsage(RA_USAGES[purpose]),
    extendedKeyUsage([EXTENDED_KEY_USAGES.certificateRequestAgent]),
  ]);
}

async function signedBy(issuer: CaWithKey, wanted: NewCertificate, extensions: Extension[]): Promise<Uint8Array> {
  const ca = readCaCertificate(issuer.certificate, wanted.clock());
  const plan = planned(wanted, [...extensions, authorityKeyIdentifier(ca.keyIdentifier)]);
  const within = {
    notBefore: plan.notBefore < ca.notBefore ? ca.notBefore : plan.notBefore,
    notAfter: plan.notAfter > ca.notAfter ? ca.notAfter : plan.notAfter,
  };
  return writeCertificate({ ...plan, ...within, issuer: ca.subject }, issuer.key);
}

function planned(wanted: NewCertificate, extensions: Extension[]): Omit<CertificatePlan, 'issuer'> {
  const now = wanted.clock().getTime();
  return {
    serialNumber: randomSerial(wanted.random),
    subject: nameFromText(wanted.subject),
    notBefore: new Date(now - wanted.backdate),
    notAfter: new Date(now + wanted.validity),
    spki: wanted.key.spki,
    extensions: [...extensions, subjectKeyIdentifier(wanted.key.spki)],
  };
}
