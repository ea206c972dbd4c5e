/** The RA of endpoints while the server runs. Of replicas it is in the store: see stored-ra.ts. */
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { DAY } from '../core/durations.ts';
import { every } from '../embed/system.ts';
import { onceIn } from './once-in.ts';
import { automaticRa } from './ra.ts';
import { isCaInForce, type IssuingCa, keepsRa, type LoadedRa, type RaForm } from './ra-certificate.ts';

/** Whatever keeps an RA. Endpoints call `current` for each message: it returns the same object until the RA is another. */
export type RaKeeper = {
  current: () => LoadedRa;
  /** Whether this server makes the next one. */
  automatic: boolean;
  /** Makes the next one when it is time, and does nothing otherwise. Throws ConfigError when it cannot be made. */
  renew: () => Promise<void>;
  /** Takes over what another server has made; absent where there is no other. Rejects when that cannot be read. */
  refresh?: () => Promise<void>;
};

/** An RA that only its administrator renews. */
export const fixedRa = (ra: LoadedRa): RaKeeper => ({ current: () => ra, automatic: false, renew: async () => {} });

/** An RA in the folder of its CA, as `automaticRa` makes it. Throws ConfigError. */
export async function renewedRa(
  form: RaForm,
  ca: IssuingCa,
  { emit, clock }: { emit: Emit; clock: Clock },
): Promise<RaKeeper> {
  let ra = await automaticRa(form, ca, emit, clock);
  return {
    current: () => ra,
    automatic: true,
    async renew() {
      if (isCaInForce(ca, clock) && !keepsRa(ra, ca, clock)) ra = await automaticRa(form, ca, emit, clock);
    },
  };
}

/** The RA of `ra`, which also opens what is encrypted to the ML-KEM keys of `kem`, a keeper of the form `kem`. */
export function withKem(ra: RaKeeper, kem: RaKeeper): RaKeeper {
  let last: { ra: LoadedRa; kem: LoadedRa; both: LoadedRa } | undefined;
  return {
    automatic: ra.automatic,
    current() {
      const now = { ra: ra.current(), kem: kem.current() };
      if (last?.ra === now.ra && last.kem === now.kem) return last.both;
      const { retired, ...current } = now.kem;
      last = { ...now, both: { ...now.ra, kem: [current, ...retired] } };
      return last.both;
    },
    async renew() {
      await ra.renew();
      await kem.renew();
    },
    async refresh() {
      await ra.refresh?.();
      await kem.refresh?.();
    },
  };
}

/** Milliseconds. A small part of the time for which the next RA is announced. */
const REFRESHED_EVERY = 10_000;

type Refreshing = { keepers: readonly RaKeeper[]; emit: Emit; clock: Clock; every?: number };

/**
 * Lets each keeper take over what another server has made, until the returned function is called. No job: that runs on one
 * server at a time, and each one needs the RA.
 */
export function refreshRas({ keepers, emit, clock, every: ms = REFRESHED_EVERY }: Refreshing): () => Promise<void> {
  const isNews = onceIn(DAY, clock);
  const refresh = async ({ refresh: read }: RaKeeper): Promise<void> => {
    try {
      await read?.();
    } catch (err) {
      if (isNews(err instanceof Error ? err.message : String(err))) emit({ event: 'ra-not-renewed', err });
    }
  };
  let running: Promise<unknown> | undefined;
  const tick = (): void => {
    running ??= Promise.all(keepers.map(refresh)).finally(() => (running = undefined));
  };
  const stop = every(ms, tick);
  return async () => {
    stop();
    await running;
  };
}
