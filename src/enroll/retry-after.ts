/** When a client that is refused for overload is to come again. */

/** Seconds. */
const SHORTEST = 5;
const LONGEST = 100;
/** Milliseconds. A store that hangs makes the estimates long; when it answers again, clients are to come soon. */
const LONGEST_AHEAD = 20_000;
const LONGEST_PIECE = 100;
/** Clients are spread over so many times the shortest time. */
const SPREAD = 3;
/** On average so many come again in the time in which one can be served: the queue does not run empty, and refusals cost little. */
const ASKING = 2;

/** `ahead`: milliseconds until the work ahead is done. `piece`: those of one more request. `crowd`: clients that will come again. */
export type Crowded = { ahead: number; piece: number; crowd: number };

/**
 * Whole seconds, from 5 to 300, between once and three times the shortest time: when the work ahead is done, and when as many of
 * the crowd come as can be served. `chance` is from 0 to 1, below 1: clients that are refused at the same time do not come again
 * at the same time.
 */
export function retryAfter({ ahead, piece, crowd }: Crowded, chance: number): number {
  const mean = (crowd * Math.min(piece, LONGEST_PIECE)) / ASKING;
  const wanted = Math.ceil(Math.max(Math.min(ahead, LONGEST_AHEAD), (mean * 2) / (1 + SPREAD)) / 1_000);
  const shortest = Math.min(Math.max(wanted, SHORTEST), LONGEST);
  return shortest + Math.floor(chance * (shortest * (SPREAD - 1) + 1));
}

/** Clients that were told to come again, until the time has come. */
export type Crowd = { readonly size: number; comesIn: (seconds: number) => void };

/** `now`: milliseconds since any moment. A client that comes earlier and is refused again counts twice. */
export function crowd(now: () => number): Crowd {
  const due = new Uint32Array(LONGEST * SPREAD + 1);
  const second = (): number => Math.floor(now() / 1_000);
  let size = 0;
  let at = second();
  function advance(): void {
    const until = second();
    for (; at < until && size > 0; at++) {
      const place = at % due.length;
      size -= due[place] ?? 0;
      due[place] = 0;
    }
    at = until;
  }
  return {
    get size() {
      advance();
      return size;
    },
    comesIn(seconds) {
      advance();
      const place = (at + seconds) % due.length;
      due[place] = (due[place] ?? 0) + 1;
      size++;
    },
  };
}
