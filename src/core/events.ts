/**
 * What happened, as one typed value for each kind of event. The log is one subscriber; metrics and traces can be others.
 * Events hold what a log line may hold: never a challenge, a key or a token.
 */
import type { DirectoryKind } from './tenant-directory.ts';
import type { HttpErrorCode, IssuerErrorCode } from './errors.ts';
import type { RevocationReason } from './issuer.ts';
import type { AuditSource, OldKind, RequestName } from './records.ts';

/** Under this key an event has what is for a trace and not for the log, which writes only what has a name. */
export const REQUEST_NAMES = Symbol('names in the request');

/** The names in a request that was opened. */
export type NameFacts = { [REQUEST_NAMES]?: readonly RequestName[] };

/** How a PKIOperation ended. `repeated`: the certificate of an earlier identical request; `found`: GetCert and GetCRL. */
export type RequestOutcome = 'issued' | 'repeated' | 'refused' | 'pending' | 'found';

/** Which HTTP request it was. `ip` follows `trustProxy`; `userAgent` is cut at 200 characters. */
export type HttpFacts = { method: string; ip: string; userAgent: string | undefined };

/** Which SCEP message it was. `subject` is RFC 4514, cut at 512 characters; absent when the message was not opened. */
export type MessageFacts = { messageType: string; transactionId: string; subject?: string };

/** Weak algorithms that the message used, and how often each was used at this endpoint since the start. */
export type LegacyFacts = { legacy?: readonly string[]; legacyUses?: Readonly<Record<string, number>> };

/** What the CA did: for a new certificate its profile, the kind of CA and its milliseconds; `issuerFault` where it failed. */
export type IssueFacts = { profile?: string; backend?: string; issueMs?: number; issuerFault?: IssuerErrorCode };

/** What the outcome was. The facts of the policy stand beside these, and replace one of the same name. */
export type OutcomeFacts = {
  serial?: string;
  /** SHA-1 of the certificate, upper-case hexadecimal. */
  thumbprint?: string;
  /** Why it is pending. */
  reason?: string;
  /** A RefusalCode, unless the facts of the policy have a `code`. */
  code?: string;
  detail?: string;
  err?: unknown;
};

/** Everything that is said about one answered request. `operation` is as the client wrote it; `ms` are milliseconds. */
export type AnsweredFacts = HttpFacts &
  Partial<MessageFacts> &
  NameFacts &
  LegacyFacts &
  IssueFacts &
  OutcomeFacts & { endpoint: string; operation: string; outcome?: RequestOutcome; ms: number };

/** A request that got an HTTP error instead of a CertRep. `path` is cut at 200 characters; `endpoint`: the one that it names. */
export type HttpErrorFacts = HttpFacts & {
  path: string;
  operation?: string;
  endpoint?: string;
  status: number;
  code: HttpErrorCode;
  err: unknown;
};

/** How an HTTP call to Entra, Graph or Intune ended. `throttled`: HTTP 429; `refused` and `failed`: 4xx and 5xx. */
export type CallResult = 'answered' | 'throttled' | 'refused' | 'failed' | 'unreachable';

/** One HTTP call for a tenant. `call`: the step that it belongs to; `ms`: milliseconds until its answer or its end. */
export type IntuneCallFacts = {
  tenant: string;
  call: string;
  result: CallResult;
  status?: number;
  clientRequestId?: string;
  ms: number;
};

/** What an OCSP response says: of several certificates the worst; or why it says nothing. */
export type OcspStatus =
  | 'good'
  | 'revoked'
  | 'unknown'
  | 'malformedRequest'
  | 'internalError'
  | 'tryLater'
  | 'unauthorized';

/**
 * A request for a path that is no endpoint. `path` is cut at 200 characters, `operation` at 40; `nearest` is the path of
 * an endpoint. `skipped`: such requests before it that have no event, because there are at most ten a minute.
 */
export type UnknownPathFacts = HttpFacts & { path: string; operation?: string; nearest?: string; skipped?: number };

/** A request line with headers of more than `limit` octets: it got 431. `ip` is that of the connection. */
export type TooLongFacts = { ip: string; limit: number; skipped?: number };

/** Which request a notification belongs to. */
export type NotificationFacts = { endpoint: string; transactionId: string };

/** A notification that is tried again later. `attempts` counts those that were made. */
export type PostponedFacts = NotificationFacts & { attempts: number; err?: unknown };

/** A notification of the outbox that is not sent again. */
export type GivenUpFacts = PostponedFacts & {
  notification: 'success' | 'failure';
  serial?: string;
  why: 'answered finally' | '14 days old';
};

/** A revocation that a CA is told of. */
export type RevocationFacts = { endpoint: string; serial: string };

/** A revocation of which the CA is told again later. `attempts` counts those that were made. */
export type PostponedRevocationFacts = RevocationFacts & { attempts: number; err?: unknown };

/** `unknown`: no file waits under this token, or not any more. `too-many`: too many came with a wrong one, and nobody looked. */
export type KeyLinkRefusal = 'unknown' | 'too-many';

/** The facts of every event, by its name. Names are stable; docs/log.md is made from them. */
export type EventFacts = {
  'scep-request-answered': AnsweredFacts;
  'scep-request-refused': HttpErrorFacts;
  'scep-request-deferred': HttpErrorFacts;
  'scep-request-failed': HttpErrorFacts;
  'scep-requests-unlogged': { ip: string; code: HttpErrorCode; number: number };
  overloaded: { endpoint: string; refused: number; running: number; queued: number; answerMs: number };
  'overload-over': { endpoint: string };
  'path-unknown': UnknownPathFacts;
  'request-line-too-long': TooLongFacts;
  'notification-acknowledged': NotificationFacts & { notification: 'success' | 'failure'; serial?: string };
  'notification-postponed': PostponedFacts;
  'notification-without-endpoint': PostponedFacts;
  'notification-without-certificate': PostponedFacts;
  'notification-abandoned': NotificationFacts & { serial: string; err?: unknown };
  'notification-given-up': GivenUpFacts;
  'enrollment-recovered': NotificationFacts & { serial: string; outcome: RequestOutcome };
  'certificates-revoked': { source: AuditSource; reason: RevocationReason; number: number };
  'certificate-refused': RevocationFacts & { transactionId: string; revoked: boolean; err: unknown };
  'revocation-taken': RevocationFacts;
  'revocation-postponed': PostponedRevocationFacts;
  'revocation-without-endpoint': PostponedRevocationFacts;
  'revocation-not-taken': RevocationFacts & { err: unknown };
  'release-not-taken': RevocationFacts;
  'job-failed': { job: string; err: unknown };
  'attempts-lost': { number: number; err?: unknown };
  'subscriber-failed': { failed: string; err: unknown };
  'revocation-list-failed': { path: string | undefined; err: unknown };
  'key-fetched': HttpFacts & { endpoint: string; transactionId: string };
  'key-link-refused': HttpFacts & { reason: KeyLinkRefusal; skipped?: number };
  'key-link-failed': HttpFacts & { err: unknown };
  'ocsp-failed': { path: string; err: unknown; skipped?: number };
  'ocsp-answered': { authority: string; status: OcspStatus };
  'ocsp-signer-made': { subject: string; thumbprint: string; ends: string; replaced: boolean };
  'ocsp-signer-not-made': { authority: string; err: unknown };
  'ocsp-signer-not-kept': { authority: string; err: unknown };
  'earlier-ca-list-failed': { earlierCa: string; list: string; err: unknown };
  'key-failed': { authority: string; reason: string };
  'key-works': { authority: string };
  'issuer-failed': { authority: string; reason: string };
  'issuer-works': { authority: string };
  'issuer-warns': { authority: string; warnings: readonly string[] };
  'issuer-warns-no-more': { authority: string };
  'not-ready': { probe: string; err: unknown };
  'configuration-warning': { warning: string };
  'server-started': { version: string; listeners: readonly string[] };
  'configuration-reloaded': { endpoints: number };
  'configuration-not-reloaded': { err: unknown };
  'server-stopping': { version: string; drain: number };
  'server-stopped': { version: string };
  'certificate-ends': { what: string; subject: string; ends: string; days: number };
  'certificate-not-in-force': {
    what: string;
    subject: string;
    standing: 'ended' | 'not yet valid';
    begins?: string;
    ends: string;
  };
  'ra-not-renewed': { err: unknown };
  'endpoint-not-served': { endpoint: string; err: unknown };
  'intune-called': IntuneCallFacts;
  'tenant-unusable': { tenant: string; hop: string; remedy: string; err: unknown };
  'tenant-usable': { tenant: string };
  'directory-listed': { tenant: string; listing: number; there: Readonly<Record<DirectoryKind, number>>; gone: number };
  'directory-revoked': RevocationFacts & { tenant: string; why: string };
  'directory-waits': { tenant: string; certificates: number };
  'old-records-removed': Readonly<Record<OldKind, number>>;
  'revocations-requested': {
    tenant: string;
    revoked: number;
    already: number;
    unknown: number;
    unreadable: number;
    foreign: number;
  };
  'revocations-foreign': { tenant: string; number: number; issuers: readonly string[] };
  'revocation-results-given-up': { tenant: string; requests: readonly string[] };
  'clock-differs': { seconds: number };
  'ra-made': { subject: string; thumbprint: string; replaced: boolean };
  'challenge-requested': { endpoint: string; ip: string; user?: string; outcome: 'issued' | 'full' };
  'challenges-guessed': { endpoint: string; wrong: number };
  'challenge-api-token-wrong': { ip: string; token?: string };
  'challenge-api-failed': { err: unknown };
  'api-failed': { operation: string; err: unknown };
  'administrator-login-failed': { ip: string; user?: string; reason?: string };
  'administrator-page-failed': { err: unknown };
  'rejection-unhandled': { err: unknown };
  'exception-uncaught': { err: unknown };
  /** `err`: what ended it; absent when it ended without an error. */
  'thread-ended': { err: unknown };
};

/** The stable name of an event. */
export type EventName = keyof EventFacts;

/** One event: its name in `event`, and its facts beside it. It is also the log line, so that logging copies nothing. */
export type ServerEvent = { [Name in EventName]: { event: Name } & Readonly<EventFacts[Name]> }[EventName];

/** Passes an event to all subscribers. It does not throw, and it does not wait. */
export type Emit = (event: ServerEvent) => void;
