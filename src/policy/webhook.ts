/** Lets a service of the administrator decide, over HTTP, and notifies it of the result if configured. */
import { catchDerError } from '../asn1/limits.ts';
import type { Clock } from '../core/environment.ts';
import type { Decision, Deny, Facts, Policy } from '../core/policy.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { WebhookUnreachable } from './post.ts';
import { notificationBody, readVerdict, requestBody, type WebhookVerdict } from './webhook-message.ts';
import { type SenderOptions, webhookSender } from './webhook-sender.ts';
import { withhold } from './withhold.ts';

/** The service, when it is notified, and the decision when it gives no clear answer. */
export type WebhookPolicyOptions = SenderOptions & {
  /** When the service is notified: never, before the device gets its certificate (`strict`) or after (`outbox`). */
  notify: 'none' | 'strict' | 'outbox';
  /** Whether an unclear or missing answer makes the request pending or refused. */
  onUnreachable: 'pending' | 'fail';
  clock: Clock;
};

/**
 * The policy; docs/webhook.md is its protocol. Only a clear "allow" allows. Decisions, facts and errors do not contain
 * the challenge. Throws ConfigError for a URL or a secret that cannot be used.
 */
export function webhookPolicy(options: WebhookPolicyOptions): Policy {
  const { notify, onUnreachable, clock } = options;
  const { host, send } = webhookSender(options);
  return {
    name: 'webhook',
    decidesRenewals: true,

    async decide(request, signal) {
      const now = clock();
      const body = bodyOf(request, now);
      if (typeof body !== 'string') return body;
      try {
        const { status, text } = await send(body, now, signal);
        const verdict = status === 200 ? readVerdict(text) : undefined;
        if (verdict) return DECISIONS[verdict.verdict](reasonOf(verdict, request), notify);
        if (isRefusal(status))
          return {
            kind: 'deny',
            code: 'policy_denied',
            detail: unclearAnswer(host, status),
            facts: statusFact(status),
          };
        return withoutDecision(onUnreachable, unclearAnswer(host, status), statusFact(status));
      } catch (error) {
        if (!(error instanceof WebhookUnreachable)) throw error;
        return withoutDecision(onUnreachable, error.message, {});
      }
    },

    ...(notify !== 'none' && {
      async notify(notification, signal) {
        const now = clock();
        const { status } = await send(notificationBody(notification, now), now, signal).catch(notificationFailed);
        if (status >= 200 && status < 300) return statusFact(status);
        throw new Refusal('notification_failed', `${host} answered a notification with HTTP ${status}`);
      },
    }),
  };
}

/** What a service answers that is not set up, does not know us, is slow or is throttled: not about the request. */
const NOT_ABOUT_THE_REQUEST = [401, 403, 404, 407, 408, 410, 429];

/** Any other 4xx is about the request (RFC 9110 15.5), such as 413: a client must not make a service unreachable at will. */
const isRefusal = (status: number): boolean => status >= 400 && status < 500 && !NOT_ABOUT_THE_REQUEST.includes(status);

const statusFact = (status: number): Facts => ({ webhookStatus: String(status) });

const unclearAnswer = (host: string, status: number): string =>
  `${host} answered with HTTP ${status} and without a clear "allow", "deny" or "pend"; docs/webhook.md has the form`;

function notificationFailed(cause: unknown): never {
  if (!(cause instanceof WebhookUnreachable)) throw cause;
  throw new Refusal('notification_failed', cause.message, { cause });
}

/** A request with an extension that cannot be parsed is refused here; the profile would refuse it later. */
function bodyOf(request: EnrollmentRequest, now: Date): string | Deny {
  return catchDerError<string, Deny>(
    () => requestBody(request, now),
    ({ message }) => ({ kind: 'deny', code: 'request_refused', detail: `an extension cannot be read: ${message}` }),
  );
}

const LONGEST_REASON = 300;

/** The challenge is removed before the text is cut, or the cut could leave the beginning of the challenge. */
const reasonOf = ({ reason }: WebhookVerdict, { csr }: EnrollmentRequest): string =>
  withhold(reason, csr.challenge).slice(0, LONGEST_REASON);

const reasonFact = (reason: string): Facts => (reason === '' ? {} : { webhookReason: reason });

const DECISIONS: Readonly<
  Record<WebhookVerdict['verdict'], (reason: string, notify: WebhookPolicyOptions['notify']) => Decision>
> = {
  allow: (reason, notify) => ({ kind: 'allow', notify, facts: reasonFact(reason) }),
  deny: (reason) => ({
    kind: 'deny',
    code: 'policy_denied',
    detail: `the webhook denied the request: ${reason || 'no reason'}`,
  }),
  pend: (reason) => ({
    kind: 'pend',
    reason: 'undecided',
    detail: `the webhook has not decided yet: ${reason || 'no reason'}`,
  }),
};

const withoutDecision = (behaviour: 'pending' | 'fail', detail: string, facts: Facts): Decision =>
  behaviour === 'pending'
    ? { kind: 'pend', reason: 'unreachable', detail, facts }
    : { kind: 'deny', code: 'policy_unreachable', detail, facts };
