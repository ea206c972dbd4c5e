/** The extensions of a certificate: those that all certificates of a profile have, and those that a request has part in. */
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import {
  authorityInfoAccess,
  authorityKeyIdentifier,
  basicConstraints,
  crlDistributionPoint,
  subjectKeyIdentifier,
} from '../pkix/extensions.ts';
import {
  certificatePolicies,
  microsoftTemplate,
  subjectDirectoryAttributes,
  tlsFeature,
} from '../pkix/extra-extensions.ts';
import { subjectAltNameFor } from './names.ts';
import type { Profile } from './profile.ts';
import { extendedKeyUsageFor, keyUsageFor } from './purposes.ts';
import { sidFor } from './sid.ts';

/** Those that are the same in all certificates of a profile, encoded once. `issuer`: key identifier. Throws DerError. */
export function sharedExtensions(profile: Profile, issuer: Uint8Array): Extension[] {
  const { crl, authorityInfoAccess: access, policies, template, tlsFeatures, directoryAttributes } = profile;
  return [
    basicConstraints(false),
    authorityKeyIdentifier(issuer),
    ...(crl?.length ? [crlDistributionPoint(crl)] : []),
    ...(access?.ocsp?.length || access?.caIssuers?.length ? [authorityInfoAccess(access)] : []),
    ...(policies?.length ? [certificatePolicies(policies)] : []),
    ...(template ? [microsoftTemplate(template)] : []),
    ...(tlsFeatures?.length ? [tlsFeature(tlsFeatures)] : []),
    ...(directoryAttributes ? [subjectDirectoryAttributes(directoryAttributes)] : []),
    ...(profile.extensions ?? []),
  ];
}

/** Each returns one extension: what was requested, as far as the profile allows it. */
const MODIFIERS: readonly ((profile: Profile, csr: CertificationRequest, decision: Allow) => Extension | undefined)[] =
  [keyUsageFor, extendedKeyUsageFor, (_profile, csr) => subjectKeyIdentifier(csr.spki), subjectAltNameFor, sidFor];

/** Those of one request. Throws Refusal for what the profile does not allow. */
export const ownExtensions = (profile: Profile, csr: CertificationRequest, decision: Allow): Extension[] =>
  MODIFIERS.map((make) => make(profile, csr, decision)).filter((extension) => extension !== undefined);
