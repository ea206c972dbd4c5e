/** The usages of the certified key: those requested, as far as the profile and the type of the key allow. */
import type { Allow } from '../core/policy.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import type { KeyKind } from '../core/keys.ts';
import { Refusal } from '../core/errors.ts';
import { extendedKeyUsage, type KeyUsage, keyUsage, readExtendedKeyUsage, readKeyUsage } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import type { Profile } from './profile.ts';
import { requested } from './requested.ts';

/** The usages that each type of key can have: RFC 3279 2.3.1 for RSA, RFC 5480 3 and RFC 8813 3 for EC, RFC 9881 5. */
const USAGES_BY_KEY_TYPE: Readonly<Record<KeyKind['type'], readonly KeyUsage[]>> = {
  rsa: ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment'],
  ec: ['digitalSignature', 'nonRepudiation', 'keyAgreement', 'encipherOnly', 'decipherOnly'],
  ed25519: ['digitalSignature', 'nonRepudiation'],
  'ml-dsa-44': ['digitalSignature', 'nonRepudiation'],
  'ml-dsa-65': ['digitalSignature', 'nonRepudiation'],
  'ml-dsa-87': ['digitalSignature', 'nonRepudiation'],
  'ml-kem-512': [],
  'ml-kem-768': [],
  'ml-kem-1024': [],
};

/**
 * KeyUsage. Throws Refusal `request_refused` when none of the requested usages is allowed: the client needs one of
 * them.
 */
export function keyUsageFor(profile: Profile, csr: CertificationRequest): Extension {
  const asked = requested(csr, OID.keyUsage, readKeyUsage)?.value ?? profile.defaultKeyUsage ?? profile.keyUsage;
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
 * ExtendedKeyUsage: the purposes that the profile gives when none is requested, as Apple does; otherwise the requested purposes
 * that the profile lists, because Windows requests more than it needs. Throws Refusal `request_refused` when none of
 * them is listed, when one is not and the policy vouches for the purposes, and when the extension is malformed.
 */
export function extendedKeyUsageFor(
  profile: Profile,
  csr: CertificationRequest,
  { vouchesForPurposes }: Allow,
): Extension {
  const asked = new Set(requested(csr, OID.extendedKeyUsage, readExtendedKeyUsage)?.value);
  if (asked.size === 0 && profile.extendedKeyUsage.length > 0)
    return extendedKeyUsage(profile.defaultExtendedKeyUsage ?? profile.extendedKeyUsage);
  const granted = [...asked].filter((purpose) => profile.extendedKeyUsage.includes(purpose));
  if (granted.length === 0)
    throw new Refusal(
      'request_refused',
      `extended key usage ${purposes([...asked]) || 'of the renewed certificate'}: the profile allows none of them`,
    );
  if (vouchesForPurposes && granted.length < asked.size)
    throw new Refusal(
      'request_refused',
      `extended key usage ${purposes([...asked].filter((purpose) => !granted.includes(purpose)))}: the policy allowed it, the profile does not`,
    );
  return extendedKeyUsage(granted);
}

const purposes = (oids: readonly string[]): string => oids.join(', ');
