/** The usages of the certified key: those requested, as far as the profile and the type of the key allow. */
import type { CertificationRequest, Extension } from '../core/request.ts';
import type { KeyKind } from '../core/keys.ts';
import { Refusal } from '../core/errors.ts';
import { extendedKeyUsage, type KeyUsage, keyUsage, readExtendedKeyUsage, readKeyUsage } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import type { Profile } from './profile.ts';
import { requested } from './requested.ts';

/** The usages that each type of key can have: RFC 3279 2.3.1 for RSA, RFC 5480 3 and RFC 8813 3 for EC. */
const USAGES_BY_KEY_TYPE: Readonly<Record<KeyKind['type'], readonly KeyUsage[]>> = {
  rsa: ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment'],
  ec: ['digitalSignature', 'nonRepudiation', 'keyAgreement', 'encipherOnly', 'decipherOnly'],
  ed25519: ['digitalSignature', 'nonRepudiation'],
};

/**
 * KeyUsage. Throws Refusal `request_refused` when none of the requested usages is allowed: the client needs one of
 * them.
 */
export function keyUsageFor(profile: Profile, csr: CertificationRequest): Extension {
  const asked = requested(csr, OID.keyUsage, readKeyUsage)?.value ?? profile.keyUsage;
  const granted = asked.filter(
    (usage) => profile.keyUsage.includes(usage) && USAGES_BY_KEY_TYPE[csr.key.type].includes(usage),
  );
  if (granted.length === 0)
    throw new Refusal(
      'request_refused',
      `key usage ${asked.join(', ') || 'of no bits'}: none is allowed by the profile for a key of type ${csr.key.type}`,
    );
  return keyUsage(granted);
}

/**
 * ExtendedKeyUsage. Purposes that the profile does not list are dropped. When none is left, the certificate gets all
 * purposes of the profile: Apple requests none, and Windows requests more than it needs. Throws Refusal when malformed.
 */
export function extendedKeyUsageFor(profile: Profile, csr: CertificationRequest): Extension {
  const asked = requested(csr, OID.extendedKeyUsage, readExtendedKeyUsage)?.value ?? [];
  const granted = [...new Set(asked)].filter((purpose) => profile.extendedKeyUsage.includes(purpose));
  return extendedKeyUsage(granted.length > 0 ? granted : profile.extendedKeyUsage);
}
