/** The RA of endpoints while the server runs: now kept in files, and renewed there. */
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { standingOf } from '../core/watched.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { automaticRa, type IssuingCa, keepsRa, type LoadedRa } from './ra.ts';

/** Whatever keeps an RA. Endpoints call `current` for each message: it returns the same object until the RA is another. */
export type RaKeeper = {
  current: () => LoadedRa;
  /** Whether this server makes the next one. */
  automatic: boolean;
  /** Makes the next one when it is time, and does nothing otherwise. Throws ConfigError when it cannot be made. */
  renew: () => Promise<void>;
};

/** An RA that only its administrator renews. */
export const fixedRa = (ra: LoadedRa): RaKeeper => ({ current: () => ra, automatic: false, renew: async () => {} });

/** An RA in the folder of its CA, as `automaticRa` makes it. Throws ConfigError. */
export async function renewedRa(
  form: 'auto' | 'split',
  ca: IssuingCa,
  { emit, clock }: { emit: Emit; clock: Clock },
): Promise<RaKeeper> {
  const { notBefore, notAfter } = readValidity(readCertificate(ca.certificate));
  const validity = { notBefore, notAfter: ca.chainEnd ?? notAfter };
  let ra = await automaticRa(form, ca, emit, clock);
  return {
    current: () => ra,
    automatic: true,
    async renew() {
      // A CA that is not in force, or under one that has ended, signs nothing that a client takes.
      const caInForce = ['valid', 'ends'].includes(standingOf({ validity }, clock()));
      if (caInForce && !keepsRa(ra, ca, clock)) ra = await automaticRa(form, ca, emit, clock);
    },
  };
}
