/** Allows what one of several policies allows. They are asked in order; the first allow ends it. */
import type { Decision, Deny, Facts, Pend, Policy } from '../core/policy.ts';
import { ask } from '../core/ask.ts';
import { ConfigError } from '../core/errors.ts';
import { assertMembers, compositeName, notifiable, requestedMode } from './members.ts';

/**
 * Allows when a member allows, with that member's decision. If none allows: `decide` throws when a member threw, else
 * answers with the first pend, else with a deny that has the details of all. Throws ConfigError when there is no
 * member, or when several have a `notify`: a stored notification does not record which member allowed the request.
 */
export function anyOf(members: readonly Policy[]): Policy {
  assertMembers(members, 'anyOf');
  const [notified, ...others] = notifiable(members);
  if (others.length > 0)
    throw new ConfigError(
      'anyOf: more than one of its policies needs notifications of certificates',
      'Give each of them an endpoint of its own, or turn off the notifications of all but one.',
    );
  return {
    name: compositeName('anyOf', members),
    decidesRenewals: members.some(({ decidesRenewals }) => decidesRenewals),
    strongChallenges: members.every(({ strongChallenges }) => strongChallenges),

    async decide(request, signal) {
      const denies: Deny[] = [];
      const errors: Error[] = [];
      let pend: Pend | undefined;
      for (const member of members) {
        try {
          const decision = await ask(member, request, signal);
          if (decision.kind === 'allow')
            return {
              ...decision,
              notify: requestedMode(member, decision),
              facts: { policy: member.name, ...decision.facts, ...failuresOf(errors) },
            };
          if (decision.kind === 'pend') pend ??= decision;
          else denies.push(named(member, decision));
        } catch (error) {
          errors.push(new Error(`${member.name} failed to decide`, { cause: error }));
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join('; '));
      return pend ?? combinedDeny(denies);
    },

    ...(notified && { notify: (notification, signal) => notified.notify(notification, signal) }),
  };
}

/** For the log: a member that failed needs a repair, although another member allowed the request. */
const failuresOf = (errors: readonly Error[]): Facts =>
  errors.length === 0 ? {} : { failed: errors.map(({ message }) => message).join('; ') };

/** What a wrong challenge is called by the policies that compare challenges. */
const WRONG: ReadonlySet<unknown> = new Set<Deny['code']>(['challenge_wrong', 'intune_denied']);

/** With the member in the detail, and in the facts when the challenge was wrong: the common code may not say so. */
const named = ({ name }: Policy, { code, detail, facts }: Deny): Deny => ({
  kind: 'deny',
  code,
  detail: `${name}: ${detail}`,
  facts: { ...facts, ...(WRONG.has(code) && { wrongChallenge: name }) },
});

/** The code that all denies have in common, else `policy_denied`. */
function combinedDeny(denies: readonly Deny[]): Decision {
  const [{ code }, ...others] = denies as [Deny, ...Deny[]];
  return {
    kind: 'deny',
    code: others.every((deny) => deny.code === code) ? code : 'policy_denied',
    detail: denies.map(({ detail }) => detail).join('; '),
    facts: Object.assign({}, ...denies.map(({ facts }) => facts)) as Record<string, string>,
  };
}
