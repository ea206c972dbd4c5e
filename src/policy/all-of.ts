/** Several policies that must all allow: asked in their order, the first no ends it. */
import type { Allow, Decision, Facts, Pend, Policy } from '../core/policy.ts';
import { ask } from '../core/ask.ts';
import { ConfigError } from '../core/errors.ts';
import { assertSome, askedFor, hearing, nameOf, strictest } from './members.ts';

/**
 * Allows when every member does. A deny counts more than a pend, whatever the order; facts are merged, the later member
 * wins. Every member with a `notify` hears of a certificate when one of them asked, in the strictest way that one of
 * them asked for; a member that was told may be told again until all of them accepted. Throws ConfigError when there is
 * no member. `decide` throws what a member throws, and ConfigError when two members would use up a challenge each.
 */
export function allOf(members: readonly Policy[]): Policy {
  assertSome(members, 'allOf');
  const hears = hearing(members);
  return {
    name: nameOf('allOf', members),
    decidesRenewals: members.some(({ decidesRenewals }) => decidesRenewals),

    async decide(request, signal) {
      const allowed: Allow[] = [];
      let facts: Facts = {};
      let pend: Pend | undefined;
      for (const member of members) {
        const decision = await ask(member, request, signal);
        facts = { ...facts, ...decision.facts };
        if (decision.kind === 'deny') return { ...decision, facts };
        if (decision.kind === 'pend') pend ??= decision;
        else allowed.push({ ...decision, notify: askedFor(member, decision) });
      }
      return pend ? waiting(pend, allowed, facts) : together(allowed, facts);
    },

    ...(hears.length > 0 && {
      async notify(notification, signal) {
        const heard: Facts[] = [];
        for (const member of hears) heard.push(await member.notify(notification, signal));
        return Object.assign({}, ...heard) as Facts;
      },
    }),
  };
}

/** Members that are not asked again have had their one-time challenge now. */
function waiting(pend: Pend, allowed: readonly Allow[], facts: Facts): Decision {
  const consumes = pend.reason === 'approval' ? used([pend, ...allowed]) : pend.consumes;
  return { ...pend, ...(consumes !== undefined && { consumes }), facts };
}

function together(allowed: readonly Allow[], facts: Facts): Decision {
  const consumes = used(allowed);
  return {
    kind: 'allow',
    notify: strictest(allowed.map(({ notify }) => notify)),
    ...(consumes !== undefined && { consumes }),
    ...(allowed.some(({ vouchesForNames }) => vouchesForNames) && { vouchesForNames: true }),
    facts,
  };
}

/** A request has one challenge, so only one can be used up. */
function used(decisions: readonly (Allow | Pend)[]): string | undefined {
  const [first, ...others] = new Set(decisions.flatMap(({ consumes }) => consumes ?? []));
  if (others.length === 0) return first;
  throw new ConfigError('allOf: two of its policies use up a challenge each, and a request has one', 'Remove one.');
}
