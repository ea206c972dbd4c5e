/** A clock that tests move. */
import { NOW } from './pki.ts';

/** A clock that stands still until it is moved. */
export type HandClock = { (): Date; forward(milliseconds: number): void };
export function handClock(): HandClock {
  let now = NOW.getTime();
  return Object.assign(() => new Date(now), { forward: (milliseconds: number) => void (now += milliseconds) });
}
