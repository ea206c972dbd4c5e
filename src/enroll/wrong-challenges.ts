/** Counts the wrong challenges of an endpoint: many of them within a minute may be guesses, and are answered slowly. */
import { isWithin, MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';

/** So many wrong challenges within a minute are taken for guesses. */
const GUESSES = 20;
/** Milliseconds by which each further answer of that minute is held back. */
const HELD_BACK = 2_000;

/**
 * To be called for each wrong challenge: how many milliseconds its answer is held back. The twentieth of a minute is an
 * event. There is no lock-out, with which an attacker could keep all devices out: a right challenge is never held back.
 */
export function wrongChallenges({
  endpoint,
  clock,
  emit,
}: {
  endpoint: string;
  clock: Clock;
  emit: Emit;
}): () => number {
  let minute = { began: 0, wrong: 0 };
  return () => {
    const now = clock().getTime();
    if (!isWithin(MINUTE, minute.began, now)) minute = { began: now, wrong: 0 };
    minute.wrong++;
    if (minute.wrong === GUESSES) emit({ event: 'challenges-guessed', endpoint, wrong: minute.wrong });
    return minute.wrong > GUESSES ? HELD_BACK : 0;
  };
}
