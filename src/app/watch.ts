/** The job that looks at everything that begins and ends: it renews what is ours, and warns of the rest. */
import { DAY, MINUTE } from '../core/durations.ts';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { standingOf, type Watched } from '../core/watched.ts';
import type { Job } from '../jobs/leased-job.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import { onceIn } from './once-in.ts';
import type { RaKeeper } from './ra-keeper.ts';

/** What the job looks at. `watched` is asked each time, because RAs change. `crls`: by the name of their authority. */
export type WatchParts = {
  watched: () => readonly Watched[];
  keepers: readonly RaKeeper[];
  crls: ReadonlyMap<string, RevocationList>;
  /** Asks for ends that other services know, before the job looks. */
  refresh?: (signal: AbortSignal) => Promise<void>;
  clock: Clock;
  emit: Emit;
  /** Milliseconds between two runs. */
  every?: number;
};

/** `look` reports and renews nothing: for the start. `job` renews, and then looks. */
export type Watch = { look: () => void; job: Job };

/** Every minute, because a clock that was wrong at the start is corrected soon after it. What it says, it says once a day. */
export function watch({ watched, keepers, crls, refresh, clock, emit, every = MINUTE }: WatchParts): Watch {
  const isNews = onceIn(DAY, clock);
  const say = (key: string, event: Parameters<Emit>[0]): void => {
    if (isNews(key)) emit(event);
  };
  const look = (): void => watched().forEach((each) => report(each, clock(), say));
  const run = async (signal: AbortSignal): Promise<void> => {
    for (const { renew } of keepers)
      await renew().catch((err: unknown) => say(`renew ${toError(err).message}`, { event: 'ra-not-renewed', err }));
    await refresh?.(signal);
    look();
    for (const [name, list] of crls) {
      const err = await list().then(() => list.failure?.(), toError);
      const path = `/crl/${name}.crl`;
      if (err) say(`${path} ${err.message}`, { event: 'revocation-list-failed', path, err });
    }
  };
  return { look, job: { name: 'watch', every, run } };
}

function report(watched: Watched, now: Date, say: (key: string, event: Parameters<Emit>[0]) => void): void {
  const standing = standingOf(watched, now);
  const { what, subject, validity } = watched;
  const [begins, ends] = [validity.notBefore?.toISOString(), validity.notAfter.toISOString()];
  const key = `${what} ${subject} ${ends} ${standing}`;
  const days = Math.floor((validity.notAfter.getTime() - now.getTime()) / DAY);
  if (standing === 'ends') say(key, { event: 'certificate-ends', what, subject, ends, days });
  if (standing === 'ended' || standing === 'not yet valid')
    say(key, { event: 'certificate-not-in-force', what, subject, standing, ...defined({ begins }), ends });
}

const toError = (err: unknown): Error => (err instanceof Error ? err : new Error(String(err)));

/** For the readiness detail: one line for each. `begins` is absent where only the end is known. */
export type WatchedDetail = { what: string; subject: string; standing: string; begins?: string; ends: string };

/** How each stands at `now`. */
export const watchedDetails = (all: readonly Watched[], now: Date): WatchedDetail[] =>
  all.map((each) => ({
    what: each.what,
    subject: each.subject,
    standing: standingOf(each, now),
    ...defined({ begins: each.validity.notBefore?.toISOString() }),
    ends: each.validity.notAfter.toISOString(),
  }));
