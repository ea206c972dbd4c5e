/** An Issuer that signs with a CA key of its own, without another CA product. */
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { Issued, Issuer } from '../core/issuer.ts';
import type { KeyProvider } from '../core/keys.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import { writeCertificate } from '../pkix/certificate.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import { readCaCertificate, readChain } from './ca-certificate.ts';
import { assertWithinRate } from './certificate-rate.ts';
import { planLeaf, templateFor } from './leaf.ts';
import { type CertificateRate, type Profile, profilesIn } from './profile.ts';
import { randomSerial } from './serial.ts';
import { shardTemplates } from './shard-templates.ts';
import { appendedText } from './subject-rules.ts';

/** A CA with its key, and the profile of the certificates that it issues. */
export type LocalAuthorityParts = {
  /** The issuing CA, DER. */
  certificate: Uint8Array;
  /**
   * The certificates above it, DER, nearest first, the root last; may contain the issuing CA itself. Empty for a root.
   */
  chain: readonly Uint8Array[];
  key: KeyProvider;
  profile: Profile;
  clock: Clock;
  random: RandomBytes;
  /** Takes one certificate of the rate of a profile: 0, or the milliseconds after which there is one. */
  take?: (rate: CertificateRate, now: Date) => number;
};

/**
 * An Issuer that answers at once, with its certificates, DER. `chain` is above `certificate`, nearest first, the root
 * last.
 */
export interface LocalAuthority extends Issuer {
  issue(...order: Parameters<Issuer['issue']>): Promise<Issued>;
  readonly certificate: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

/**
 * An Issuer for one profile. Throws ConfigError when the certificate is not a valid CA, or the chain, key or profile
 * does not belong to it or cannot be used, and for a `rate` without `take`. `issue` throws Refusal as `planLeaf` does, and whatever the key throws.
 */
export function localAuthority(parts: LocalAuthorityParts): LocalAuthority {
  const { certificate, key, profile, clock, random, take } = parts;
  if (!take && profilesIn(profile).some(({ rate }) => rate))
    throw new ConfigError('profile: rate without anything that counts', 'Give `take`, or leave `rate` out.');
  const ca = readCaCertificate(certificate, clock());
  if (!readPublicKey(key.spki).key.equals(ca.publicKey.key))
    throw new ConfigError(`${ca.text}: the key is not the key of this certificate`, 'Give the key that belongs to it.');
  const above = readChain(ca, parts.chain, clock());
  const chain = above.map(({ der }) => der);
  const templateOf = shardTemplates(profile, ca, above);
  const appends = appendedText(profile.subject?.append);
  const signedWith = [certificate, ...chain];
  return {
    capabilities: {
      sanFromCsr: true,
      leavesOut: true,
      makesHere: true,
      signsHere: key.inProcess === true,
      ...(appends !== '' && { appends }),
    },
    backend: 'local',
    certificate,
    chain,
    async issue({ csr, renews }, decision, signal) {
      signal.throwIfAborted();
      const within = renews && decision.withinRenewed && { within: renews.certificate };
      const serialNumber = randomSerial(random);
      const { template, shard: crlShard } = templateOf(serialNumber);
      const leaf = { csr, decision, now: clock(), serialNumber, ...within };
      const plan = planLeaf(template, leaf);
      const { rate, name: profileName } = templateFor(template, csr).profile;
      if (rate) assertWithinRate(take?.(rate, leaf.now) ?? 0, rate);
      const made = await writeCertificate(plan, key);
      return { kind: 'issued', certificate: made, chain: signedWith, ...defined({ crlShard, profile: profileName }) };
    },
  };
}
