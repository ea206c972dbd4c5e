/** Who is told the challenge in a request: the parties of a policy. */
import { policiesIn } from './policies.ts';
import { KINDS, type PolicyConfig } from './policy-kinds.ts';

/** A row of `KINDS` as this file uses it. */
type ToldKind = { tells?: (config: PolicyConfig) => string };

const ROWS: ReadonlyMap<string, ToldKind> = new Map(Object.entries(KINDS as unknown as Record<string, ToldKind>));

/**
 * The parties that this policy tells the challenge, one line for each, kind first: `intune corp`; undefined when only this
 * server compares it. Where two endpoints tell different parties, each needs an RA of its own: a person who recorded a request
 * to one endpoint could have its challenge told to the party of the other.
 */
export function challengeParties(policy: PolicyConfig): string | undefined {
  const parties = policiesIn(policy).flatMap(({ policy: each }) => {
    const party = ROWS.get(each.kind)?.tells?.(each);
    return party === undefined ? [] : [`${each.kind} ${party}`];
  });
  return parties.length === 0 ? undefined : [...new Set(parties)].toSorted().join('\n');
}
