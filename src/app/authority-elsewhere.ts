/** The CA product of an authority: made once for each profile, and closed with the settings. */
import { type CaProduct, checkedIssuer } from '../ca/checked-issuer.ts';
import { type Profile, profilesIn } from '../ca/profile.ts';
import type { IssuerConfig } from '../config/issuer-kinds.ts';
import { systemClock } from '../embed/system.ts';
import { takeOne } from '../threads/shared-rate.ts';
import type { Certificates } from './certificate-files.ts';
import { productOf } from './issuer-makers.ts';
import type { ClosableProduct } from './issuer-place.ts';

/**
 * `anyProduct`: one that was made, and with this profile when none was. It tells the CA of revocations and asks whether it can be used:
 * for both the profile says nothing.
 */
export type ProductsOfCa = {
  issuer: (profile: Profile) => Promise<CaProduct>;
  anyProduct: (profile: Profile) => Promise<CaProduct>;
  close: () => Promise<void>;
};

/** `chain`: the pinned CA first, the root last. */
export function productsOf(config: IssuerConfig, [certificate, ...chain]: Certificates): ProductsOfCa {
  const made = new Map<string, Promise<ClosableProduct>>();
  const ready: ClosableProduct[] = [];
  async function make(profile: Profile): Promise<ClosableProduct> {
    const product = await productOf(config, { profile, certificate, chain });
    ready.push(product);
    return product;
  }
  return {
    async issuer(profile) {
      const names = profilesIn(profile).map(({ name = '' }) => name);
      const product = made.get(names.join(' ')) ?? make(profile);
      made.set(names.join(' '), product);
      return checkedIssuer({
        product: await product,
        certificate,
        chain,
        profile,
        clock: systemClock,
        take: takeOne,
      });
    },
    anyProduct: async (profile) => ready[0] ?? make(profile),
    async close() {
      await Promise.all(ready.splice(0).map(async (each) => each.close?.()));
    },
  };
}
