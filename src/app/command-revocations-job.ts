/** The job that tells the log and the metrics what commands have revoked: they are other processes. */
import { MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../core/issuer.ts';
import type { Store } from '../core/store.ts';
import type { Job } from '../jobs/leased-job.ts';

/** What the job works on. */
export type CommandRevocationsParts = {
  store: Pick<Store, 'searchAudit' | 'messagePlace' | 'enqueueMessages'>;
  clock: Clock;
  emit: Emit;
};

/** The name of the place up to which the history was read: a moment. */
const SOURCE = 'command-revocations';
/** Milliseconds. */
const EVERY = MINUTE / 2;
/** A transaction can commit so long after the moment that its entry names. */
const LATE = 2 * MINUTE;
const PAGE = 1_000;

/** One event for each reason. What was before the first run of all is not told; what another server has told is not told again. */
export function commandRevocationsJob({ store, clock, emit }: CommandRevocationsParts): Job {
  /** Ids of entries that are told, with their moments. */
  const told = new Map<number, Date>();
  /** The place that this server wrote last, and since when it alone has told. */
  let [own, alone] = [undefined as string | undefined, 0];
  const run = async (signal: AbortSignal): Promise<void> => {
    const now = clock();
    const place = await store.messagePlace(SOURCE);
    if (place === undefined || place !== own) alone = Date.parse(place ?? now.toISOString());
    if (place !== undefined) {
      const from = new Date(Math.max(Date.parse(place) - LATE, alone));
      const entries = (await revokedSince(store, from, signal)).filter(({ id }) => !told.has(id));
      for (const [reason, of] of Map.groupBy(entries, ({ detail }) => reasonIn(detail)))
        emit({ event: 'certificates-revoked', source: 'cli', reason, number: of.length });
      for (const [id, at] of told) if (at < from) told.delete(id);
      for (const { id, at } of entries) told.set(id, at);
    }
    await store.enqueueMessages([], { source: SOURCE, value: (own = now.toISOString()) });
  };
  return { name: SOURCE, every: EVERY, run };
}

async function revokedSince(store: CommandRevocationsParts['store'], from: Date, signal: AbortSignal) {
  const query = { events: ['revoked'], sources: ['cli'], at: { from } } as const;
  const all: Awaited<ReturnType<Store['searchAudit']>>['entries'] = [];
  for (let cursor: string | undefined; ; ) {
    signal.throwIfAborted();
    const page = await store.searchAudit(query, { limit: PAGE, ...(cursor !== undefined && { cursor }) });
    all.push(...page.entries);
    cursor = page.next;
    if (cursor === undefined) return all;
  }
}

/** The entry begins with it. */
function reasonIn(detail = ''): RevocationReason {
  const [word = ''] = detail.split(' ', 1);
  return Object.hasOwn(REVOCATION_REASONS, word) ? (word as RevocationReason) : 'unspecified';
}
