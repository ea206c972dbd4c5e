/** The certificates and keys of an RA. */
import type { KeyProvider } from '../core/keys.ts';
import type { KeyedCertificate } from '../scep/registration-authority.ts';

/**
 * Decrypts requests and signs replies. With a `signer` it only decrypts, and the signer signs. `retired` certificates
 * still decrypt, because clients keep old ones; without a `signer` they also sign the replies to what is encrypted to them, while
 * they are valid and their keyUsage allows it. A retired key that throws when it is to sign only decrypts. Certificates are DER.
 */
export type RaKeys = {
  certificate: Uint8Array;
  key: KeyProvider;
  signer?: KeyedCertificate;
  retired?: readonly KeyedCertificate[];
  /** ML-KEM keys (RFC 9935) that decrypt too, the current one first: only that is in GetCACert. */
  kem?: readonly KeyedCertificate[];
};

/** Whether one of the keys is not in the memory of this process: what it does takes time and nothing of this machine. */
export const isElsewhere = ({ key, signer, retired = [], kem = [] }: RaKeys): boolean =>
  [{ key }, ...(signer ? [signer] : []), ...retired, ...kem].some((each) => !each.key.inProcess);

/** Throws TypeError when an endpoint has no RA, or its function returns none: JavaScript does not check types. */
export function assertRa(path: string, ra: Partial<RaKeys> | undefined): void {
  if (!ra?.certificate || !ra.key) throw new TypeError(`${path}: \`ra\` is missing: give { certificate, key }`);
}
