/** The revocation list of an earlier CA: read when it is asked for, and kept while it is valid. */
import type { CaCertificate } from '../ca/ca-certificate.ts';
import { within } from '../core/ask.ts';
import { equalBytes } from '../core/bytes.ts';
import { MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import { type ReadList, readList } from './read-list.ts';

/** Of which CA, and where the list comes from. */
export type EarlierListOptions = {
  ca: Pick<CaCertificate, 'subject' | 'publicKey' | 'text'>;
  /** DER or PEM. Ends within its own time, and throws when there is none. */
  fetch: () => Promise<Uint8Array>;
  clock: Clock;
  /** Called each time that there is no new list. */
  failed: (error: unknown) => void;
};

/** After this time a list is read again: a CA can publish one early. */
const LOOK_AGAIN = 10 * MINUTE;
/** After a failure, so that many requests cause few attempts. */
const TRY_AGAIN = MINUTE / 2;

/**
 * Whether the current list has a serial number, written as in `serialText`. A list is used until its nextUpdate; after ten
 * minutes a new one is read, for which no request waits while the old one is valid. Throws when there is no valid list, and the
 * signal's reason when that ends before a list is there.
 */
export function earlierList({
  ca,
  fetch,
  clock,
  failed,
}: EarlierListOptions): (serial: string, signal: AbortSignal) => Promise<boolean> {
  let list: ReadList | undefined;
  /** The octets of `list`: reading the same ones again would cost seconds for the longest. */
  let last: Uint8Array | undefined;
  let error: Error | undefined;
  let lookAt = -Infinity;
  let reading: Promise<void> | undefined;

  const isValid = (): boolean => list !== undefined && clock() < list.nextUpdate;

  async function read(): Promise<void> {
    try {
      const octets = await fetch();
      const found = list && last && equalBytes(octets, last) ? list : await readList(octets, ca);
      if (found.nextUpdate <= clock()) throw new Error(`it ended at ${found.nextUpdate.toISOString()}`);
      // On the way here an older list can have taken the place of the newest.
      if (!list || found.thisUpdate >= list.thisUpdate) [list, last] = [found, octets];
      error = undefined;
      lookAt = clock().getTime() + LOOK_AGAIN;
    } catch (cause) {
      error = cause instanceof Error ? cause : new Error(String(cause));
      lookAt = clock().getTime() + TRY_AGAIN;
      failed(cause);
    }
  }

  /** Also when the clock was set back. */
  function isDue(): boolean {
    const now = clock().getTime();
    return now >= lookAt || lookAt - now > LOOK_AGAIN;
  }

  return async (serial, signal) => {
    if (isDue())
      reading ??= read().finally(() => {
        reading = undefined;
      });
    if (!isValid() && reading) await within(() => reading, signal);
    if (!list || !isValid()) throw error ?? new Error('there is no valid list');
    return list.revoked.has(serial);
  };
}
