/** A clock that tests move. */
import { NOW } from './pki.ts';

/** A clock that stands still until it is moved; at the moment of the test PKI when no other is given. */
export type HandClock = { (): Date; forward(milliseconds: number): void };
export function handClock(at = NOW): HandClock {
  let now = at.getTime();
  return Object.assign(() => new Date(now), { forward: (milliseconds: number) => void (now += milliseconds) });
}
