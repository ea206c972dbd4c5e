/** Counts what is still done with weak algorithms, so that an administrator can see when it is time to turn them off. */
import type { Opened } from '../scep/message.ts';

/** For the line of the log: what this message used, and how often each was used at this endpoint since it started. */
export type LegacyFacts = { legacy?: readonly string[]; legacyUses?: Readonly<Record<string, number>> };

/** A counter for one endpoint. It counts messages that were opened, whatever is then decided about them. */
export function legacyUses(): (opened: Opened) => LegacyFacts {
  const uses = new Map<string, number>();
  return (opened) => {
    if (opened.kind === 'refused' || opened.legacy.length === 0) return {};
    for (const name of opened.legacy) uses.set(name, (uses.get(name) ?? 0) + 1);
    return { legacy: opened.legacy, legacyUses: Object.fromEntries(uses) };
  };
}
