/** Templates of certificates that name a shard of the revocation list of their CA. */
import { shardOf, shardUrl } from '../pkix/shard-urls.ts';
import type { CaCertificate } from './ca-certificate.ts';
import { type LeafTemplate, leafTemplate } from './leaf.ts';
import type { Profile } from './profile.ts';

/** `shard` is absent where the certificate names the whole list. */
export type ChosenTemplate = { template: LeafTemplate; shard?: number };

/**
 * The template for a serial number: one for each shard, made when the first certificate is in it. Throws ConfigError at once as
 * `leafTemplate` does.
 */
export function shardTemplates(
  profile: Profile,
  ca: CaCertificate,
  above: readonly CaCertificate[],
): (serialNumber: Uint8Array) => ChosenTemplate {
  const { shards } = profile;
  const template = leafTemplate(profile, ca, above);
  if (!shards) return () => ({ template });
  const made = new Map<number, LeafTemplate>();
  return (serialNumber) => {
    const shard = shardOf(serialNumber, shards.number);
    const chosen = made.get(shard) ?? leafTemplate(inShard(profile, shard), ca, above);
    made.set(shard, chosen);
    return { template: chosen, shard };
  };
}

/** The profile of the certificates in one shard. */
function inShard(profile: Profile, shard: number): Profile {
  const { crl, shards, byUsage } = profile;
  return {
    ...profile,
    ...(crl && { crl: crl.map((url) => (shards?.urls.includes(url) ? shardUrl(url, shard) : url)) }),
    ...(byUsage && {
      byUsage: Object.fromEntries(Object.entries(byUsage).map(([usage, other]) => [usage, inShard(other, shard)])),
    }),
  };
}
