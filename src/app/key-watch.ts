/** Says in the log when a key elsewhere stops working, and when it works again. */
import type { Emit } from '../core/events.ts';
import { every } from '../embed/system.ts';

/** `keys`: how those of each authority stand, as `standing` of KeyProvider. `every`: milliseconds; 10 seconds when absent. */
export type WatchedKeys = {
  keys: ReadonlyMap<string, () => string | undefined>;
  emit: Emit;
  every?: number;
};

const WATCHED_EVERY = 10_000;

/**
 * Looks until the returned function is called, and so has a key that failed tried again. No job: that runs on one server at a
 * time, and each one has its own way to the key.
 */
export function watchKeys({ keys, emit, every: ms = WATCHED_EVERY }: WatchedKeys): () => void {
  const failed = new Set<string>();
  const look = (): void => {
    for (const [authority, standing] of keys) {
      const reason = standing();
      if (reason === undefined) {
        if (failed.delete(authority)) emit({ event: 'key-works', authority });
      } else if (!failed.has(authority)) {
        failed.add(authority);
        emit({ event: 'key-failed', authority, reason });
      }
    }
  };
  return keys.size === 0 ? () => undefined : every(ms, look);
}
