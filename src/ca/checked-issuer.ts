/** An issuer elsewhere behind the rules of a profile: it is asked for nothing that the profile does not allow. */
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { EndpointIssuer, Finder, Health, Issued, IssuancePending, Revoker } from '../core/issuer.ts';
import { readCaCertificate, readChain } from './ca-certificate.ts';
import { assertWithinRate } from './certificate-rate.ts';
import { lackingAbility } from './lacking-abilities.ts';
import { leafTemplate, planLeaf } from './leaf.ts';
import type { CertificateRate, Profile } from './profile.ts';

/** A CA product: an issuer, and what else it can do. */
export type CaProduct = EndpointIssuer & Partial<Finder & Revoker & Health>;

/** `certificate` and `chain`: the CA that issues, as the administrator has pinned it. `take`: as in `LocalAuthorityParts`. */
export type CheckedIssuerParts = {
  product: CaProduct;
  /** DER. */
  certificate: Uint8Array;
  /** The certificates above it, DER, the root last. */
  chain: readonly Uint8Array[];
  profile: Profile;
  clock: Clock;
  take: (rate: CertificateRate, now: Date) => number;
};

/** A plan needs a serial number, and this one is signed by nobody. */
const NO_SERIAL = Uint8Array.of(1);

/**
 * The same product for one profile. That its certificates are of the pinned CA is looked at where they are recorded. Throws ConfigError
 * when the profile, the chain and the abilities of the product do not fit. `issue` throws Refusal as `planLeaf` does, before
 * anything is sent, and whatever the product throws.
 */
export function checkedIssuer({ product, profile, clock, take, ...pin }: CheckedIssuerParts): CaProduct {
  const ca = readCaCertificate(pin.certificate, clock());
  const above = readChain(ca, pin.chain, clock());
  const lacking = lackingAbility(profile, product.capabilities);
  if (lacking) throw new ConfigError(lacking.message, lacking.remedy);
  const template = leafTemplate(profile, ca, above);
  // The same array elements each time: each is parsed once.
  const seen = completed([pin.certificate, ...above.map(({ der }) => der)], profile, clock);
  const { poll, find } = boundTo(product);
  const { signsHere: _, ...capabilities } = product.capabilities ?? {};
  return {
    ...boundTo(product),
    ...defined({ backend: product.backend }),
    capabilities,
    async issue(request, decision, signal) {
      signal.throwIfAborted();
      const { csr, renews } = request;
      const within = renews && decision.withinRenewed && { within: renews.certificate };
      // The product certifies all purposes of the request, so that none may be left out of the plan.
      const allowed = { ...decision, vouchesForPurposes: true };
      const plan = planLeaf(template, { csr, decision: allowed, now: clock(), serialNumber: NO_SERIAL, ...within });
      if (profile.rate) assertWithinRate(take(profile.rate, clock()), profile.rate);
      const answer = seen(await product.issue(request, decision, signal));
      return capabilities.validityOverride
        ? { wantedEnd: plan.notAfter, ...answer }
        : { ...answer, latestEnd: plan.notAfter };
    },
    ...(poll && { poll: async (reference, signal) => seen(await poll(reference, signal)) }),
    ...(find && {
      async find(request, signal, since) {
        const found = await find(request, signal, since);
        return found && seen(found);
      },
    }),
  };
}

/** What a product can do beside issuing, as functions that can be called alone. */
const boundTo = (product: CaProduct): Omit<CaProduct, 'issue' | 'capabilities' | 'backend'> =>
  defined({
    poll: product.poll?.bind(product),
    find: product.find?.bind(product),
    revoke: product.revoke?.bind(product),
    release: product.release?.bind(product),
    check: product.check?.bind(product),
  });

/** An answer of the product with the pinned CA behind the chain that it sent, and with what the profile says of its certificate. */
const completed =
  (chain: readonly Uint8Array[], { name, maxValidity, extendedKeyUsage }: Profile, clock: Clock) =>
  <T extends Issued | IssuancePending>(answer: T): T =>
    answer.kind === 'issued'
      ? {
          ...answer,
          chain: [...answer.chain, ...chain],
          latestEnd: new Date(clock().getTime() + maxValidity),
          allowedPurposes: extendedKeyUsage,
          ...defined({ profile: name }),
        }
      : answer;
