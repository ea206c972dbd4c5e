/** A profile narrowed to what a renewed certificate has: a renewal without a new permission never widens it. */
import { certificateExtensions, readCertificate } from '../pkix/certificate.ts';
import { findExtension, readExtendedKeyUsage, readKeyUsage } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import type { Profile } from './profile.ts';

/** The usages and purposes that both have. `certificate` is DER; throws DerError when it cannot be read. */
export function withinRenewed(profile: Profile, certificate: Uint8Array): Profile {
  const extensions = certificateExtensions(readCertificate(certificate));
  const usages = findExtension(extensions, OID.keyUsage);
  const purposes = findExtension(extensions, OID.extendedKeyUsage);
  return {
    ...profile,
    keyUsage: usages ? common(profile.keyUsage, readKeyUsage(usages.value)) : profile.keyUsage,
    extendedKeyUsage: purposes
      ? common(profile.extendedKeyUsage, readExtendedKeyUsage(purposes.value))
      : profile.extendedKeyUsage,
  };
}

const common = <T>(some: readonly T[], others: readonly T[]): T[] => some.filter((each) => others.includes(each));
