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
import { KEY_PURPOSES, keyPurpose, type KeyPurpose } from './usage-templates.ts';
import { commonPeriod, type Period, periodFor } from './validity.ts';
import { withinRenewed } from './within-renewed.ts';

/**
 * A profile and its issuer, with the extensions that are the same in all certificates (`shared`), encoded once. `period`
 * is the time in which the issuer and all above it are valid, `constraints` are those of all of them. `namesOf` applies the rules
 * of the profile about names. `byUsage`: those that take its place for some usages of the key.
 */
export type LeafTemplate = {
  profile: Profile;
  issuer: Pick<CaCertificate, 'subject'>;
  period: Period;
  constraints: readonly NameConstraints[];
  shared: readonly Extension[];
  namesOf: NamesOf;
  byUsage: ReadonlyMap<KeyPurpose, LeafTemplate>;
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
  const period = commonPeriod(chain);
  const byUsage = new Map(
    KEY_PURPOSES.flatMap((purpose) => {
      const other = purpose === 'generalPurpose' ? undefined : profile.byUsage?.[purpose];
      return other ? [[purpose, leafTemplate(other, issuer, above)] as const] : [];
    }),
  );
  return { profile, issuer, shared, period, constraints, namesOf: compiledNames(profile), byUsage };
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
export type LeafInput = {
  csr: CertificationRequest;
  decision: Allow;
  now: Date;
  serialNumber: Uint8Array;
  /** A certificate, DER, beyond whose usages and purposes this one must not go. */
  within?: Uint8Array;
};

/**
 * The plan of one certificate. Throws Refusal: `algorithm_refused`, `subject_refused`, `request_refused`, and
 * `issuer_failed` when the issuing certificate has expired.
 */
export function planLeaf(template: LeafTemplate, input: LeafInput): CertificatePlan {
  const { issuer, shared, period, constraints, namesOf, ...chosen } = templateFor(template, input.csr);
  const { decision, now, serialNumber, within } = input;
  const profile = within ? withinRenewed(chosen.profile, within) : chosen.profile;
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

/** The template for the usages that a request names. Without templates for some usages, the request is not looked at. */
export const templateFor = (template: LeafTemplate, csr: CertificationRequest): LeafTemplate =>
  template.byUsage.size === 0 ? template : (template.byUsage.get(keyPurpose(csr)) ?? template);
