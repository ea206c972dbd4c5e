/** What the certified key may be used for: what was asked, as far as the profile and the kind of key allow. */
import type { CertificationRequest, Extension } from '../core/request.ts';
import type { KeyKind } from '../core/keys.ts';
import { Refusal } from '../core/errors.ts';
import { extendedKeyUsage, type KeyUsage, keyUsage, readExtendedKeyUsage, readKeyUsage } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import type { Profile } from './profile.ts';
import { requested } from './requested.ts';

/** RFC 3279 2.3.1 for RSA, RFC 5480 3 and RFC 8813 3 for EC: what a kind of key can do at all. */
const ABLE: Readonly<Record<KeyKind['type'], readonly KeyUsage[]>> = {
  rsa: ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment'],
  ec: ['digitalSignature', 'nonRepudiation', 'keyAgreement', 'encipherOnly', 'decipherOnly'],
  ed25519: ['digitalSignature', 'nonRepudiation'],
};

/** KeyUsage. Throws Refusal when nothing of what was asked is left, because a client asks for what it needs. */
export function keyUsageFor(profile: Profile, csr: CertificationRequest): Extension {
  const asked = requested(csr, OID.keyUsage, readKeyUsage)?.value ?? profile.keyUsage;
  const granted = asked.filter((usage) => profile.keyUsage.includes(usage) && ABLE[csr.key.type].includes(usage));
  if (granted.length === 0)
    throw new Refusal(
      'request_refused',
      `key usage ${asked.join(', ') || 'of no bits'}: none is allowed by the profile for a key of type ${csr.key.type}`,
    );
  return keyUsage(granted);
}

/**
 * ExtendedKeyUsage. What the profile does not list is dropped, and the profile's own list stands in when nothing is
 * left: Apple asks for nothing at all, and Windows for more than it needs.
 */
export function extendedKeyUsageFor(profile: Profile, csr: CertificationRequest): Extension {
  const asked = requested(csr, OID.extendedKeyUsage, readExtendedKeyUsage)?.value ?? [];
  const granted = [...new Set(asked)].filter((purpose) => profile.extendedKeyUsage.includes(purpose));
  return extendedKeyUsage(granted.length > 0 ? granted : profile.extendedKeyUsage);
}
