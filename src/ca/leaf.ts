/** Plans a certificate from a request and a profile. Parts of a request that are not listed here are never copied. */
import { catchDerError } from '../asn1/limits.ts';
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import { ConfigError } from '../core/errors.ts';
import { certificateExtensions, type CertificatePlan } from '../pkix/certificate.ts';
import { findExtension } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import type { CaCertificate } from './ca-certificate.ts';
import { assertProfile } from './assert-profile.ts';
import { assertKey } from './certified-keys.ts';
import { ownExtensions, sharedExtensions } from './leaf-extensions.ts';
import { assertPermitted, type NameConstraints, readNameConstraints } from './name-constraints.ts';
import { subjectFor } from './names.ts';
import type { Profile } from './profile.ts';
import { compiledNames, type NamesOf } from './subject-rules.ts';
import { commonPeriod, type Period, periodFor } from './validity.ts';

/**
 * A profile and its issuer, with the extensions that are the same in all certificates (`shared`), encoded once. `period`
 * is the time in which the issuer and all above it are valid, `constraints` are those of all of them. `namesOf` applies the rules
 * of the profile about names.
 */
export type LeafTemplate = {
  profile: Profile;
  issuer: Pick<CaCertificate, 'subject'>;
  period: Period;
  constraints: readonly NameConstraints[];
  shared: readonly Extension[];
  namesOf: NamesOf;
};

/**
 * A template to plan certificates with. `above`: the certificates above the issuer. Throws ConfigError when
 * `assertProfile` rejects the profile, and for malformed nameConstraints.
 */
export function leafTemplate(
  profile: Profile,
  issuer: CaCertificate,
  above: readonly CaCertificate[] = [],
): LeafTemplate {
  assertProfile(profile);
  const shared = sharedExtensions(profile, issuer.keyIdentifier);
  const chain = [issuer, ...above];
  const constraints = chain.flatMap(constraintsOf);
  return { profile, issuer, shared, period: commonPeriod(chain), constraints, namesOf: compiledNames(profile) };
}

function constraintsOf({ view, text }: CaCertificate): NameConstraints[] {
  const found = findExtension(certificateExtensions(view), OID.nameConstraints);
  if (!found) return [];
  return catchDerError(
    () => [readNameConstraints(found.value)],
    (cause) => {
      throw new ConfigError(`${text}: its nameConstraints cannot be read: ${cause.message}`, 'Use another CA.', {
        cause,
      });
    },
  );
}

/** One certificate to plan. `serialNumber` is an unsigned magnitude, see `randomSerial`. */
export type LeafInput = { csr: CertificationRequest; decision: Allow; now: Date; serialNumber: Uint8Array };

/**
 * The plan of one certificate. Throws Refusal: `algorithm_refused`, `subject_refused`, `request_refused`, and
 * `issuer_failed` when the issuing certificate has expired.
 */
export function planLeaf(template: LeafTemplate, input: LeafInput): CertificatePlan {
  const { profile, issuer, shared, period, constraints, namesOf } = template;
  const { decision, now, serialNumber } = input;
  assertKey(profile, input.csr);
  const csr = namesOf(input.csr);
  for (const each of constraints) assertPermitted(each, csr);
  return {
    serialNumber,
    issuer: issuer.subject,
    subject: subjectFor(csr),
    ...periodFor(profile, period, csr.requestedValidity, now),
    spki: csr.spki,
    extensions: [...shared, ...ownExtensions(profile, csr, decision)],
  };
}
