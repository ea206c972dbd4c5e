/** Counts messages with weak algorithms, so that an administrator can see when these can be turned off. */
import type { LegacyFacts } from '../core/events.ts';
import type { Opened } from '../scep/message.ts';

/**
 * A counter for one endpoint; it makes the facts for the log. It counts messages that could be opened, whatever is then
 * decided about them.
 */
export function legacyCounter(): (opened: Opened) => LegacyFacts {
  const uses = new Map<string, number>();
  return (opened) => {
    if (opened.kind === 'refused' || opened.legacy.length === 0) return {};
    for (const name of opened.legacy) uses.set(name, (uses.get(name) ?? 0) + 1);
    return { legacy: opened.legacy, legacyUses: Object.fromEntries(uses) };
  };
}
