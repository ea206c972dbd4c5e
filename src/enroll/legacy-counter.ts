/** Counts messages with weak algorithms, so that an administrator can see when these can be turned off. */
import type { LegacyFacts } from '../core/events.ts';

/** A counter for one endpoint: given the weak algorithms of a message, it makes the numbers of their uses for the log. */
export function legacyCounter(): (facts: LegacyFacts) => LegacyFacts {
  const uses = new Map<string, number>();
  return ({ legacy }) => {
    // The facts of a policy can have the same name.
    if (!Array.isArray(legacy)) return {};
    for (const name of legacy as readonly string[]) uses.set(name, (uses.get(name) ?? 0) + 1);
    return { legacyUses: Object.fromEntries(uses) };
  };
}
