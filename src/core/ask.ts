/** Asks a policy, and believes only an answer that is one: a vendor's policy is code that nobody here has compiled. */
import type { Decision, Policy } from './policy.ts';
import type { EnrollmentRequest } from './request.ts';
import { REFUSALS } from './errors.ts';

const NOTIFY = ['none', 'strict', 'outbox'];
const REASONS = ['approval', 'unreachable', 'undecided'];

/** What makes each kind of answer whole. An answer of no kind here is not a yes. */
const WHOLE: Readonly<Record<string, (answer: Record<string, unknown>) => boolean>> = {
  allow: ({ notify }) => NOTIFY.includes(notify as string),
  deny: ({ code }) => typeof code === 'string' && Object.hasOwn(REFUSALS, code),
  pend: ({ reason }) => REASONS.includes(reason as string),
};

/**
 * The policy's decision, within the deadline. Throws what the policy throws, the signal's reason when it takes too long,
 * and TypeError for anything that is no decision: nothing is issued for an answer that nobody understands.
 */
export async function ask(policy: Policy, request: EnrollmentRequest, signal: AbortSignal): Promise<Decision> {
  const answer: unknown = await within(policy.decide(request, signal), signal);
  if (isDecision(answer)) return answer;
  throw new TypeError(`the policy ${policy.name} answered neither allow, deny nor pend of core/policy.ts`);
}

function isDecision(answer: unknown): answer is Decision {
  if (typeof answer !== 'object' || answer === null) return false;
  const { kind } = answer as { kind?: unknown };
  return typeof kind === 'string' && Object.hasOwn(WHOLE, kind) && WHOLE[kind]!(answer as Record<string, unknown>);
}

/** The result of `work`, or the reason of the signal if that comes first: not everybody listens to a signal. */
export function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const expire = (): void => reject(signal.reason as Error);
  const settle = <R>(answer: (result: R) => void) => {
    return (result: R): void => {
      signal.removeEventListener('abort', expire);
      answer(result);
    };
  };
  signal.addEventListener('abort', expire, { once: true });
  if (signal.aborted) expire();
  work.then(settle(resolve), settle(reject));
  return promise;
}
