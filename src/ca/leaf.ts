/** Plans a certificate from a request and a profile. Parts of a request that are not listed here are never copied. */
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import type { CertificatePlan } from '../pkix/certificate.ts';
import {
  authorityInfoAccess,
  authorityKeyIdentifier,
  basicConstraints,
  crlDistributionPoint,
  subjectKeyIdentifier,
} from '../pkix/extensions.ts';
import { keyWeakness } from '../pkix/public-key.ts';
import type { CaCertificate } from './ca-certificate.ts';
import { assertWithinLimits } from './name-limits.ts';
import { subjectAltNameFor, subjectFor } from './names.ts';
import { assertProfile, type Profile } from './profile.ts';
import { extendedKeyUsageFor, keyUsageFor } from './purposes.ts';
import { periodFor } from './validity.ts';

/** A profile and its issuer, with the extensions that are the same in all certificates (`shared`), encoded once. */
export type LeafTemplate = {
  profile: Profile;
  issuer: Pick<CaCertificate, 'subject' | 'notBefore' | 'notAfter'>;
  shared: readonly Extension[];
};

/** A template to plan certificates with. Throws ConfigError when `assertProfile` rejects the profile. */
export function leafTemplate(profile: Profile, issuer: CaCertificate): LeafTemplate {
  assertProfile(profile);
  const { crl, authorityInfoAccess: access } = profile;
  const shared = [
    basicConstraints(false),
    authorityKeyIdentifier(issuer.keyIdentifier),
    ...(crl?.length ? [crlDistributionPoint(crl)] : []),
    ...(access?.ocsp?.length || access?.caIssuers?.length ? [authorityInfoAccess(access)] : []),
  ];
  return { profile, issuer, shared };
}

type Step<T> = (profile: Profile, csr: CertificationRequest, decision: Allow) => T;

/** Each throws Refusal for a request that must not get a certificate. */
const VALIDATORS: readonly Step<void>[] = [assertKey, assertWithinLimits];

/** Each returns one extension: what was requested, as far as the profile allows it. */
const MODIFIERS: readonly Step<Extension | undefined>[] = [
  keyUsageFor,
  extendedKeyUsageFor,
  (_profile, csr) => subjectKeyIdentifier(csr.spki),
  subjectAltNameFor,
];

/** One certificate to plan. `serialNumber` is an unsigned magnitude, see `randomSerial`. */
export type LeafInput = { csr: CertificationRequest; decision: Allow; now: Date; serialNumber: Uint8Array };

/**
 * The plan of one certificate. Throws Refusal: `algorithm_refused`, `subject_refused`, `request_refused`, and
 * `issuer_failed` when the issuing certificate has expired.
 */
export function planLeaf({ profile, issuer, shared }: LeafTemplate, input: LeafInput): CertificatePlan {
  const { csr, decision, now, serialNumber } = input;
  for (const validate of VALIDATORS) validate(profile, csr, decision);
  const own = MODIFIERS.map((make) => make(profile, csr, decision)).filter((extension) => extension !== undefined);
  return {
    serialNumber,
    issuer: issuer.subject,
    subject: subjectFor(csr),
    ...periodFor(profile, issuer, csr.requestedValidity, now),
    spki: csr.spki,
    extensions: [...shared, ...own],
  };
}

function assertKey(profile: Profile, { key, spki }: CertificationRequest): void {
  if (key.type === 'rsa' && key.bits < profile.minRsaBits)
    throw new Refusal('algorithm_refused', `RSA key of ${key.bits} bits; the profile demands ${profile.minRsaBits}`);
  if (key.type === 'ed25519') throw new Refusal('algorithm_refused', 'Ed25519 keys are not certified');
  const weakness = keyWeakness(spki);
  if (weakness !== undefined) throw new Refusal('request_refused', `a weak key with ${weakness}`);
}
