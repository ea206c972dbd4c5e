/** Refuses a wrong profile: a certificate made from it in memory must keep RFC 5280. */
import { catchDerError } from '../asn1/limits.ts';
import { sequence, bitString, oid } from '../asn1/writer.ts';
import type { KeyKind } from '../core/keys.ts';
import type { CertificationRequest } from '../core/request.ts';
import { ConfigError, Refusal } from '../core/errors.ts';
import { isMlDsa } from '../pkix/ml-dsa.ts';
import { tbsCertificate } from '../pkix/certificate.ts';
import { nameFromText } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { CERTIFIED_KEYS, type CertifiedKey } from './certified-keys.ts';
import { ownExtensions, sharedExtensions } from './leaf-extensions.ts';
import { type Profile, profileFault } from './profile.ts';
import { brokenRule } from './rfc5280.ts';
import { compiledNames } from './subject-rules.ts';

/**
 * Throws ConfigError for a profile with a fault of `profileFault`, for one from which no certificate can be made, and for one
 * whose certificates break a rule of RFC 5280, which the message names.
 */
export function assertProfile(profile: Profile): void {
  const fault = profileFault(profile);
  if (fault) throw new ConfigError(`profile: ${fault.message}`, fault.remedy);
  const kinds = (profile.keys ?? CERTIFIED_KEYS).filter((kind) => isCertified(profile, kind));
  if (kinds.length === 0)
    throw new ConfigError(
      'profile: RFC 5280 4.2.1.3: no kind of key in `keys` can have one of the usages in `keyUsage`',
      'Name digitalSignature for keys that sign, keyEncipherment for RSA keys and keyAgreement for EC keys.',
    );
  for (const kind of kinds) {
    const broken = brokenRule(certificateOf(profile, kind));
    if (broken !== undefined)
      throw new ConfigError(
        `profile: ${broken} (with a key of the kind ${kind})`,
        'Change the profile so that it keeps this rule.',
      );
  }
}

/** Whether a request without extensions gets a certificate for a key of this kind. */
function isCertified(profile: Profile, kind: CertifiedKey): boolean {
  try {
    certificateOf(profile, kind);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

const ALLOWED = { kind: 'allow', notify: 'none' } as const;
/** Stand-ins for what a profile has no part in: key, name and key identifier of the issuer, signature. */
const ALGORITHM = sequence(oid('1.2.840.10045.4.3.2'));
const SPKI = sequence(sequence(oid(OID.ecPublicKey), oid(OID.p256)), bitString(new Uint8Array(65)));
const ISSUER = nameFromText('CN=Issuing CA');
const YEARS = { notBefore: new Date(Date.UTC(2026, 0, 1)), notAfter: new Date(Date.UTC(2027, 0, 1)) };

/** A certificate, DER, as a request without extensions gets it. Throws Refusal, and ConfigError for what cannot be encoded. */
function certificateOf(profile: Profile, kind: CertifiedKey): Uint8Array {
  return catchDerError(
    () => {
      const csr = compiledNames({ subject: { append: profile.subject?.append ?? '' } })(requestWith(kind, profile));
      const extensions = [...sharedExtensions(profile, new Uint8Array(20)), ...ownExtensions(profile, csr, ALLOWED)];
      const plan = { serialNumber: Uint8Array.of(1), issuer: ISSUER, subject: csr.subject, spki: SPKI, extensions };
      return sequence(tbsCertificate({ ...plan, ...YEARS }, ALGORITHM), ALGORITHM, bitString(new Uint8Array(8)));
    },
    (cause) => {
      throw new ConfigError(`profile: a certificate cannot be encoded: ${cause.message}`, 'Correct that value.', {
        cause,
      });
    },
  );
}

const requestWith = (kind: CertifiedKey, profile: Profile): CertificationRequest => ({
  der: new Uint8Array(),
  subject: nameFromText('CN=device'),
  subjectText: 'CN=device',
  spki: SPKI,
  key: keyKindOf(kind, profile),
  challenge: undefined,
  extensions: [],
});

function keyKindOf(kind: CertifiedKey, { minRsaBits }: Profile): KeyKind {
  if (kind === 'rsa') return { type: 'rsa', bits: minRsaBits };
  return isMlDsa(kind as KeyKind['type'])
    ? { type: kind as KeyKind['type'], bits: 0 }
    : { type: 'ec', bits: Number(kind.slice(1)) };
}
