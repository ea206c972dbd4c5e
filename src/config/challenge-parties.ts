/** Who is told the challenge in a request: the parties of a policy. */
import { hash } from 'node:crypto';
import { policiesIn } from './policies.ts';
import { KINDS, type PolicyConfig } from './policy-kinds.ts';

/** A row of `KINDS` as this file uses it. */
type ToldKind = { tells?: (config: PolicyConfig) => string };

const ROWS: ReadonlyMap<string, ToldKind> = new Map(Object.entries(KINDS as unknown as Record<string, ToldKind>));

/**
 * A name for the parties that this policy tells the challenge: `intune-` and 8 digits, with every kind of party in it;
 * undefined when only this server compares it. The same parties have the same name. Where two endpoints tell different
 * parties, each needs an RA of its own: whoever recorded a request to one endpoint could have its challenge told to the
 * party of the other.
 */
export function challengeParties(policy: PolicyConfig): string | undefined {
  const told = policiesIn(policy).flatMap(({ policy: each }) => {
    const party = ROWS.get(each.kind)?.tells?.(each);
    return party === undefined ? [] : [{ kind: each.kind, party }];
  });
  if (told.length === 0) return undefined;
  const parties = [...new Set(told.map(({ kind, party }) => `${kind} ${party}`))].toSorted();
  const kinds = [...new Set(told.map(({ kind }) => kind))].toSorted();
  // The party itself can be an internal URL, and the name is public in the certificate of the RA.
  return `${kinds.join('-')}-${hash('sha256', parties.join('\n'), 'hex').slice(0, 8)}`;
}
