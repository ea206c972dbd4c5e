/** Several policies of which one must allow: asked in their order, the first yes ends it. */
import type { Decision, Deny, Facts, Pend, Policy } from '../core/policy.ts';
import { ask } from '../core/ask.ts';
import { ConfigError } from '../core/errors.ts';
import { assertSome, askedFor, hearing, nameOf } from './members.ts';

/**
 * Allows when a member does, with that member's words. Where none allows: what a member threw, else the first pend, else
 * a deny with what all of them said. Throws ConfigError when there is no member, or when more than one of them has a
 * `notify`: a notification does not say who allowed the request, and after a restart nobody else remembers.
 */
export function anyOf(members: readonly Policy[]): Policy {
  assertSome(members, 'anyOf');
  const [hears, ...others] = hearing(members);
  if (others.length > 0)
    throw new ConfigError(
      'anyOf: more than one of its policies wants to hear of certificates',
      'Give each of them an endpoint of its own, or switch the notifications of all but one off.',
    );
  return {
    name: nameOf('anyOf', members),
    decidesRenewals: members.some(({ decidesRenewals }) => decidesRenewals),

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
              notify: askedFor(member, decision),
              facts: { policy: member.name, ...decision.facts, ...failuresOf(errors) },
            };
          if (decision.kind === 'pend') pend ??= decision;
          else denies.push({ ...decision, detail: `${member.name}: ${decision.detail}` });
        } catch (error) {
          errors.push(new Error(`${member.name} could not say`, { cause: error }));
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join('; '));
      return pend ?? refused(denies);
    },

    ...(hears && { notify: (notification, signal) => hears.notify(notification, signal) }),
  };
}

/** Said in the log although another member said yes: somebody has to mend it. */
const failuresOf = (errors: readonly Error[]): Facts =>
  errors.length === 0 ? {} : { failed: errors.map(({ message }) => message).join('; ') };

/** The code that all of them gave, if it is one. */
function refused(denies: readonly Deny[]): Decision {
  const [{ code }, ...others] = denies as [Deny, ...Deny[]];
  return {
    kind: 'deny',
    code: others.every((deny) => deny.code === code) ? code : 'policy_denied',
    detail: denies.map(({ detail }) => detail).join('; '),
    facts: Object.assign({}, ...denies.map(({ facts }) => facts)) as Record<string, string>,
  };
}
