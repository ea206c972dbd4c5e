/** Allows what all of several policies allow. They are asked in order; the first deny ends it. */
import type { Allow, Decision, Facts, Pend, Policy } from '../core/policy.ts';
import { ask } from '../core/ask.ts';
import { ConfigError } from '../core/errors.ts';
import { assertMembers, compositeName, notifiable, requestedMode, strictest } from './members.ts';

/**
 * Allows when every member allows. A deny counts more than a pend, whatever their order. Facts are merged; of two with
 * one name the later member's counts. If a member asks for a notification, every member with a `notify` is notified, in
 * the strictest mode that one of them asks for. A notification is repeated until all of them accept it, so a member may
 * get it twice. Throws ConfigError when there is no member. `decide` throws what a member throws, and ConfigError when
 * two members consume a challenge each.
 */
export function allOf(members: readonly Policy[]): Policy {
  assertMembers(members, 'allOf');
  const notified = notifiable(members);
  return {
    name: compositeName('allOf', members),
    decidesRenewals: members.some(({ decidesRenewals }) => decidesRenewals),
    strongChallenges: members.some(({ strongChallenges }) => strongChallenges),

    async decide(request, signal) {
      const allowed: Allow[] = [];
      let facts: Facts = {};
      let pend: Pend | undefined;
      for (const member of members) {
        const decision = await ask(member, request, signal);
        facts = { ...facts, ...decision.facts };
        if (decision.kind === 'deny') return { ...decision, facts };
        if (decision.kind === 'pend') pend ??= decision;
        else allowed.push({ ...decision, notify: requestedMode(member, decision) });
      }
      return pend ? combinedPend(pend, allowed, facts) : combinedAllow(allowed, facts);
    },

    ...(notified.length > 0 && {
      async notify(notification, signal) {
        const facts: Facts[] = [];
        for (const member of notified) facts.push(await member.notify(notification, signal));
        return Object.assign({}, ...facts) as Facts;
      },
    }),
  };
}

/** After an approval the members are not asked again, so their one-time challenge is consumed with the pend. */
function combinedPend(pend: Pend, allowed: readonly Allow[], facts: Facts): Decision {
  const consumes = pend.reason === 'approval' ? consumedBy([pend, ...allowed]) : pend.consumes;
  return { ...pend, ...(consumes !== undefined && { consumes }), facts };
}

function combinedAllow(allowed: readonly Allow[], facts: Facts): Decision {
  const consumes = consumedBy(allowed);
  return {
    kind: 'allow',
    notify: strictest(allowed.map(({ notify }) => notify)),
    ...(consumes !== undefined && { consumes }),
    ...(allowed.some(({ vouchesForNames }) => vouchesForNames) && { vouchesForNames: true }),
    ...(allowed.some(({ vouchesForPurposes }) => vouchesForPurposes) && { vouchesForPurposes: true }),
    facts,
  };
}

/** The one challenge that the decisions consume: a request has only one. Throws ConfigError for two. */
function consumedBy(decisions: readonly (Allow | Pend)[]): string | undefined {
  const [first, ...others] = new Set(decisions.flatMap(({ consumes }) => consumes ?? []));
  if (others.length === 0) return first;
  throw new ConfigError(
    'allOf: two of its policies consume a challenge each, and a request has only one',
    'Remove one.',
  );
}
