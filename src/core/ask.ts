/** Asks a policy and validates its answer: the policy of a vendor is code that was not compiled with this product. */
import type { Decision, Policy } from './policy.ts';
import type { EnrollmentRequest } from './request.ts';
import { REFUSALS } from './errors.ts';

const NOTIFY = ['none', 'strict', 'outbox'];
const REASONS = ['approval', 'unreachable', 'undecided'];

/** Whether an answer of each kind is complete. An answer of another kind is not a decision. */
const IS_COMPLETE: Readonly<Record<string, (answer: Record<string, unknown>) => boolean>> = {
  allow: ({ notify }) => NOTIFY.includes(notify as string),
  deny: ({ code }) => typeof code === 'string' && Object.hasOwn(REFUSALS, code),
  pend: ({ reason }) => REASONS.includes(reason as string),
};

/**
 * The policy's decision. Throws what the policy throws, the reason of the signal when that aborts first, and TypeError
 * for an answer that is not a decision or asks for a notification that the policy cannot send: nothing is issued for an answer that cannot be understood.
 */
export async function ask(policy: Policy, request: EnrollmentRequest, signal: AbortSignal): Promise<Decision> {
  const answer: unknown = await within(() => policy.decide(request, signal), signal);
  if (isDecision(answer)) return notifiable(answer, policy);
  throw new TypeError(`the policy ${policy.name} answered neither allow, deny nor pend of core/policy.ts`);
}

/** A notification that no policy can send must not count as sent: under `strict` the certificate would be delivered. */
function notifiable(answer: Decision, policy: Policy): Decision {
  if (answer.kind !== 'allow' || answer.notify === 'none' || policy.notify) return answer;
  throw new TypeError(`the policy ${policy.name} asked for a notification (${answer.notify}) and has no notify()`);
}

function isDecision(answer: unknown): answer is Decision {
  if (typeof answer !== 'object' || answer === null) return false;
  const { kind } = answer as { kind?: unknown };
  return (
    typeof kind === 'string' &&
    Object.hasOwn(IS_COMPLETE, kind) &&
    IS_COMPLETE[kind]!(answer as Record<string, unknown>)
  );
}

/**
 * The result of `work`; rejects with what it throws, and with the reason of the signal if that aborts first. For every
 * call of code that was not compiled with this product: such code does not always observe its signal, and a plain answer
 * is as good as a promise.
 */
export function within<T>(work: () => T | PromiseLike<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const calls = callsUnder(signal);
  const expire = (): void => reject(signal.reason as Error);
  const settle = <R>(answer: (result: R) => void) => {
    return (result: R): void => {
      calls.delete(expire);
      answer(result);
    };
  };
  if (signal.aborted) expire();
  else calls.add(expire);
  started(work).then(settle(resolve), settle(reject));
  return promise;
}

/**
 * What ends the calls that are running, by signal: many calls share one signal, and a listener for each costs more. The one
 * listener stays as long as the signal.
 */
const CALLS = new WeakMap<AbortSignal, Set<() => void>>();

function callsUnder(signal: AbortSignal): Set<() => void> {
  const known = CALLS.get(signal);
  if (known) return known;
  const calls = new Set<() => void>();
  signal.addEventListener('abort', () => calls.forEach((expire) => expire()), { once: true });
  CALLS.set(signal, calls);
  return calls;
}

/** The work as a promise, whatever it returns or throws. */
export async function started<T>(work: () => T | PromiseLike<T>): Promise<T> {
  return work();
}
