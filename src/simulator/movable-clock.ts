/** The clock of the simulator: that of its options, and as far ahead as a test has moved it. */
import type { Clock } from '../core/environment.ts';
import { FIELD, readBody } from './control-body.ts';

/** Everything in the simulator that has a time uses it; TLS certificates do not. */
export class MovableClock {
  readonly #clock: Clock;
  #ahead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The present time. */
  readonly now: Clock = () => new Date(this.#clock().getTime() + this.#ahead);

  /** Moves it on, or back with a negative number. */
  advance(seconds: number): Date {
    this.#ahead += seconds * 1000;
    return this.now();
  }

  /** Back to the clock of the options. */
  reset(): void {
    this.#ahead = 0;
  }

  /** As `advance`, from the body of a control request. Throws ControlError when that is not valid. */
  advanceBy(request: { advanceSeconds: number }): { now: string } {
    const { advanceSeconds } = readBody<typeof request>(request, { advanceSeconds: FIELD.seconds }, ['advanceSeconds']);
    return { now: this.advance(advanceSeconds).toISOString() };
  }
}
