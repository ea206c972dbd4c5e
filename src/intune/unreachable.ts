/** "Could not find out": the one exception of this room. What Intune answers, also a "no", is a value and never this. */

/** Where on the way to an answer it happened, in the order in which they are passed. */
export type IntuneHop = 'token' | 'discovery' | 'validateRequest' | 'successNotification' | 'failureNotification';

export type UnreachableDetails = {
  hop: IntuneHop;
  /** What happened, without a secret and without the body of an answer. */
  what: string;
  /** What an administrator does about it. */
  remedy: string;
  /** Whether the same call may succeed a moment later. */
  retryable: boolean;
  /** The HTTP status, when there was an answer at all. */
  status?: number | undefined;
  /** Microsoft's own number for what happened. */
  activityId?: string | undefined;
  /** Our number for the call, which Microsoft's support can look up. */
  clientRequestId?: string | undefined;
  /** How long the service asks to be left alone, milliseconds. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
};

/** Entra, Graph or Intune gave no answer that means anything: nobody knows whether the certificate may be issued. */
export class IntuneUnreachable extends Error {
  override readonly name = 'IntuneUnreachable';
  readonly hop: IntuneHop;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly activityId: string | undefined;
  readonly clientRequestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(circumstances: UnreachableDetails) {
    super(sentence(circumstances), circumstances.cause === undefined ? {} : { cause: circumstances.cause });
    this.hop = circumstances.hop;
    this.remedy = circumstances.remedy;
    this.retryable = circumstances.retryable;
    this.status = circumstances.status;
    this.activityId = circumstances.activityId;
    this.clientRequestId = circumstances.clientRequestId;
    this.retryAfterMs = circumstances.retryAfterMs;
  }
}

function sentence({ hop, what, activityId, clientRequestId }: UnreachableDetails): string {
  const ids = [activityId && `activity id ${activityId}`, clientRequestId && `client-request-id ${clientRequestId}`];
  const known = ids.filter(Boolean).join(', ');
  return `Intune ${hop}: ${what}${known && ` (${known})`}`;
}
