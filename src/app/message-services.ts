/** What tells operators what happens, as a running server has it. */
import type { ServerEvent } from '../core/events.ts';
import type { Job } from '../jobs/leased-job.ts';

/**
 * `jobs`: none without a receiver. `onEvent` counts what is refused. `end` writes what was counted; call it before the store closes.
 * `close` ends connections.
 */
export type ConfiguredMessages = {
  jobs: readonly Job[];
  onEvent?: (event: ServerEvent) => void;
  end: () => Promise<void>;
  close: () => Promise<void>;
};
