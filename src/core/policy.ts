/** The contract of a policy: it decides whether a certificate is issued. */
import type { RefusalCode } from './errors.ts';
import type { Notification } from './notification.ts';
import type { EnrollmentRequest } from './request.ts';

/** Facts about a decision for the log and the audit; never a secret. Example: Intune's code and activity id. */
export type Facts = Readonly<Record<string, string>>;

/** The answer of a policy. `deny` and `pend` are values; an exception means that the policy could not find out. */
export type Decision = Allow | Deny | Pend;

/** The certificate may be issued. */
export type Allow = {
  kind: 'allow';
  /** Whether the authorizer is notified of the certificate: `strict` before delivery, `outbox` after it. */
  notify: 'none' | 'strict' | 'outbox';
  /** A one-time challenge, used up in the same transaction that records the certificate. */
  consumes?: string;
  /** The authorizer compared every requested name with what it knows, as Intune does with its profile. */
  vouchesForNames?: boolean;
  /**
   * The authorizer compared the requested extended key usages too: all of them are certified or the request is refused,
   * so that what is issued is what was approved.
   */
  vouchesForPurposes?: boolean;
  /** The permission is the certificate that is renewed, so usages and purposes stay within its own. */
  withinRenewed?: boolean;
  facts?: Facts;
};

/** The request is refused. `code` is the row of REFUSALS that the device sees; `detail` is for the log. */
export type Deny = { kind: 'deny'; code: RefusalCode; detail: string; facts?: Facts };

/** There is no decision yet: the device gets PENDING and polls. `detail` is for the log. */
export type Pend = {
  kind: 'pend';
  /**
   * `approval`: an administrator decides, and the policy is not called again. The other two call it at the next poll:
   * `unreachable`: the authorizer could not be reached, which becomes a refusal after an hour; `undecided`: the
   * authorizer needs more time.
   */
  reason: 'approval' | 'unreachable' | 'undecided';
  detail: string;
  /** As in `Allow`: a one-time challenge that is used up by waiting. */
  consumes?: string;
  facts?: Facts;
};

/** Decides whether a certificate is issued. There is no default policy; an endpoint without one does not start. */
export interface Policy {
  /** For log lines and error messages. */
  readonly name: string;
  /** True when the policy decides about renewals too, as Intune does. Otherwise a valid certificate may renew itself. */
  readonly decidesRenewals?: boolean;
  /**
   * True when every challenge that the policy allows is made for one request and has at least 64 random bits, as those of
   * Intune and one-time passwords. Then a reply may be encrypted with it (RFC 8894 3.1): one who records the reply can
   * try passwords until one fits, and must not find a challenge that is still worth something.
   */
  readonly strongChallenges?: boolean;
  /**
   * Throws when it could not find out. `signal` aborts when the time of the request is over, 55 seconds; a later answer
   * counts for nothing. An answer without a promise is as good.
   */
  decide(request: EnrollmentRequest, signal: AbortSignal): Promise<Decision>;
  /**
   * Notifies the authorizer of the result of an allowed request; throws when it was not acknowledged. Only called when
   * an Allow asked for it, or when issuing failed after an Allow that asked for it.
   */
  notify?(notification: Notification, signal: AbortSignal): Promise<Facts>;
}
