/** Which profile a request gets where an endpoint has one for each usage of keys, as NDES has three templates. */
import type { CertificationRequest } from '../core/request.ts';
import { type KeyUsage, readKeyUsage } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { requested } from './requested.ts';

/** What a key is for, by the usages that a request names: to sign, to encrypt, or both. The names are those of NDES. */
export const KEY_PURPOSES = ['signature', 'encryption', 'generalPurpose'] as const;
/** One of them. */
export type KeyPurpose = (typeof KEY_PURPOSES)[number];

const SIGNS: readonly KeyUsage[] = ['digitalSignature', 'nonRepudiation'];
const ENCRYPTS: readonly KeyUsage[] = ['keyEncipherment', 'dataEncipherment', 'keyAgreement'];

/**
 * What the key of a request is for; `generalPurpose` when it names usages of both kinds or of none. Throws Refusal
 * `request_refused` when its key usage is malformed.
 */
export function keyPurpose(csr: CertificationRequest): KeyPurpose {
  const usages = requested(csr, OID.keyUsage, readKeyUsage)?.value ?? [];
  const [signs, encrypts] = [SIGNS, ENCRYPTS].map((kind) => usages.some((usage) => kind.includes(usage)));
  if (signs === encrypts) return 'generalPurpose';
  return signs ? 'signature' : 'encryption';
}
