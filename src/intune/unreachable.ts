/** The error of this room: no answer. An answer of Intune is a value and never an error, a refusal included. */

/**
 * The step that failed, in the order of the steps; `directory`: a list of devices or users; `certificateStates`: of certificates; `user`
 * and `userPfxCertificates`: a user, and the PKCS#12 files of users. */
export type IntuneHop =
  | 'token'
  | 'discovery'
  | 'validateRequest'
  | 'successNotification'
  | 'failureNotification'
  | 'directory'
  | 'certificateStates'
  | 'user'
  | 'userPfxCertificates'
  | 'downloadRevocationRequests'
  | 'uploadRevocationResults';

/** The fields of IntuneUnreachable; `what` becomes its message. */
export type UnreachableDetails = {
  hop: IntuneHop;
  /** What happened. Contains no secret and no body of a reply. */
  what: string;
  /** What an administrator can do. */
  remedy: string;
  /** Whether the same call may succeed a moment later. */
  retryable: boolean;
  /** The HTTP status, when there was a reply. */
  status?: number | undefined;
  /** Microsoft's id of the failed operation, a GUID. */
  activityId?: string | undefined;
  /** The id of the call that openndes sent, a GUID; Microsoft's support can look it up. */
  clientRequestId?: string | undefined;
  /** The Retry-After of the service, milliseconds from the reply. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
};

/** Entra, Graph or Intune gave no usable answer, so it is unknown whether the certificate may be issued. */
export class IntuneUnreachable extends Error {
  override readonly name = 'IntuneUnreachable';
  readonly hop: IntuneHop;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly activityId: string | undefined;
  readonly clientRequestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly #what: string;

  constructor(details: UnreachableDetails) {
    super(messageOf(details), details.cause === undefined ? {} : { cause: details.cause });
    this.hop = details.hop;
    this.#what = details.what;
    this.remedy = details.remedy;
    this.retryable = details.retryable;
    this.status = details.status;
    this.activityId = details.activityId;
    this.clientRequestId = details.clientRequestId;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** The message without the hop and the ids. No field, because a log shows the fields beside the message. */
  get what(): string {
    return this.#what;
  }
}

function messageOf({ hop, what, activityId, clientRequestId }: UnreachableDetails): string {
  const ids = [activityId && `activity id ${activityId}`, clientRequestId && `client-request-id ${clientRequestId}`];
  const given = ids.filter(Boolean).join(', ');
  return `Intune ${hop}: ${what}${given && ` (${given})`}`;
}
