/** A profile narrowed to what a renewed certificate has: a renewal without a new permission never widens it. */
import { defined } from '../core/defined.ts';
import { certificateExtensions, readCertificate } from '../pkix/certificate.ts';
import { findExtension, readExtendedKeyUsage, readKeyUsage } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import type { Profile } from './profile.ts';

/** The usages and purposes that both have. `certificate` is DER; throws DerError when it cannot be read. */
export function withinRenewed(profile: Profile, certificate: Uint8Array): Profile {
  const extensions = certificateExtensions(readCertificate(certificate));
  const usages = findExtension(extensions, OID.keyUsage);
  const purposes = findExtension(extensions, OID.extendedKeyUsage);
  const { defaultKeyUsage, defaultExtendedKeyUsage, ...rest } = profile;
  const [allowed, allowedPurposes] = [
    usages ? common(profile.keyUsage, readKeyUsage(usages.value)) : profile.keyUsage,
    purposes ? common(profile.extendedKeyUsage, readExtendedKeyUsage(purposes.value)) : profile.extendedKeyUsage,
  ];
  return {
    ...rest,
    keyUsage: allowed,
    extendedKeyUsage: allowedPurposes,
    ...defined({
      defaultKeyUsage: defaultsOf(defaultKeyUsage, allowed),
      defaultExtendedKeyUsage: defaultsOf(defaultExtendedKeyUsage, allowedPurposes),
    }),
  };
}

const common = <T>(some: readonly T[], others: readonly T[]): T[] => some.filter((each) => others.includes(each));

/** Undefined, which stands for all that is allowed, when the renewed certificate has none of the defaults. */
function defaultsOf<T>(defaults: readonly T[] = [], allowed: readonly T[]): T[] | undefined {
  const left = common(defaults, allowed);
  return left.length > 0 ? left : undefined;
}
