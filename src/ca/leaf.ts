/** From a request and a profile to the certificate that will be signed. Nothing reaches it that is not named here. */
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
import type { CaCertificate } from './ca-certificate.ts';
import { assertNamed, subjectAltNameFor } from './names.ts';
import { assertProfile, type Profile } from './profile.ts';
import { extendedKeyUsageFor, keyUsageFor } from './purposes.ts';
import { periodFor } from './validity.ts';

/** A profile under an issuing certificate, with everything that all its certificates share made once. */
export type LeafTemplate = {
  profile: Profile;
  issuer: Pick<CaCertificate, 'subject' | 'notBefore' | 'notAfter'>;
  shared: readonly Extension[];
};

/** Throws ConfigError for a profile that cannot be used. */
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

/** Each throws Refusal for a request that gets no certificate whatever else it asks for. */
const VALIDATORS: readonly Step<void>[] = [assertKey, assertNamed];

/** Each makes one extension, from what was asked as far as the profile allows. */
const MODIFIERS: readonly Step<Extension | undefined>[] = [
  keyUsageFor,
  extendedKeyUsageFor,
  (_profile, csr) => subjectKeyIdentifier(csr.spki),
  subjectAltNameFor,
];

/**
 * The plan of one certificate. Throws Refusal: `algorithm_refused`, `subject_refused`, `request_refused`, and
 * `issuer_failed` when the issuing certificate has expired.
 */
export function planLeaf(
  { profile, issuer, shared }: LeafTemplate,
  csr: CertificationRequest,
  decision: Allow,
  now: Date,
  serialNumber: Uint8Array,
): CertificatePlan {
  for (const validate of VALIDATORS) validate(profile, csr, decision);
  const own = MODIFIERS.map((make) => make(profile, csr, decision)).filter((extension) => extension !== undefined);
  return {
    serialNumber,
    issuer: issuer.subject,
    subject: csr.subject,
    ...periodFor(profile, issuer, csr.requestedValidity, now),
    spki: csr.spki,
    extensions: [...shared, ...own],
  };
}

function assertKey(profile: Profile, { key }: CertificationRequest): void {
  if (key.type === 'rsa' && key.bits < profile.minRsaBits)
    throw new Refusal('algorithm_refused', `RSA key of ${key.bits} bits; the profile demands ${profile.minRsaBits}`);
  if (key.type === 'ed25519') throw new Refusal('algorithm_refused', 'Ed25519 keys are not certified');
}
