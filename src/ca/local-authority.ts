/** An issuing CA whose key this process can use: the Issuer that needs no other product. */
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { Issuer } from '../core/issuer.ts';
import type { KeyProvider } from '../core/keys.ts';
import { ConfigError } from '../core/errors.ts';
import { writeCertificate } from '../pkix/certificate.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import { readCaCertificate, readChain } from './ca-certificate.ts';
import { leafTemplate, planLeaf } from './leaf.ts';
import type { Profile } from './profile.ts';
import { randomSerial } from './serial.ts';

/** A CA, and the profile by which it issues. */
export type LocalAuthorityParts = {
  /** The issuing CA, DER. */
  certificate: Uint8Array;
  /** What is above it, DER, nearest first, the root last; may begin with the issuing CA itself. Empty for a root. */
  chain: readonly Uint8Array[];
  key: KeyProvider;
  profile: Profile;
  clock: Clock;
  random: RandomBytes;
};

/** An Issuer that knows its own certificates. `chain` is what is above `certificate`, the root last. */
export type LocalAuthority = Issuer & { readonly certificate: Uint8Array; readonly chain: readonly Uint8Array[] };

/**
 * Certificates are issued by this profile and signed with this key. Throws ConfigError when certificate, chain, key and
 * profile do not fit together. `issue` throws Refusal, or whatever the key throws.
 */
export function localAuthority(parts: LocalAuthorityParts): LocalAuthority {
  const { certificate, key, profile, clock, random } = parts;
  const ca = readCaCertificate(certificate, clock());
  if (!readPublicKey(key.spki).key.equals(ca.publicKey.key))
    throw new ConfigError(`${ca.text}: the key is not the key of this certificate`, 'Give the key that belongs to it.');
  const chain = readChain(ca, parts.chain, clock()).map(({ der }) => der);
  const template = leafTemplate(profile, ca);
  return {
    certificate,
    chain,
    async issue({ csr }, decision, signal) {
      signal.throwIfAborted();
      return writeCertificate(planLeaf(template, csr, decision, clock(), randomSerial(random)), key);
    },
  };
}
