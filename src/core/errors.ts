/**
 * Every reason to refuse a request, in one table: the stable code, what the device is sent, and what an administrator
 * does about it. docs/errors.md is generated from this table.
 */

/** RFC 8894 3.2.1.4: why a request was rejected. */
export const FAIL_INFO = { badAlg: 0, badMessageCheck: 1, badRequest: 2, badTime: 3, badCertId: 4 } as const;
/** A failInfo by its name. */
export type FailInfo = keyof typeof FAIL_INFO;

/** What a refusal is on the wire: failInfo, signed HRESULT and text; `remedy` is for the administrator. */
export type RefusalRow = { failInfo: FailInfo; hresult: number; text: string; remedy: string };

// Signed HRESULTs, the ones that NDES puts into szOID_ENROLL_SCEP_ERROR (1.3.6.1.4.1.311.21.33), so that Windows shows
// the administrator the same messages as with NDES.
const E_INVALIDARG = -2147024809;
const NTE_BAD_ALGID = -2146893816;
const TRUST_E_CERT_SIGNATURE = -2146869244;
const E_PROP_NOT_FOUND = -2147023728;
const CERT_E_CHALLENGE_USED = -2146762480;
const CERTSRV_E_BAD_REQUESTSUBJECT = -2146877439;
const RPC_S_SERVER_UNAVAILABLE = -2147023174;
const TRUST_E_TIME_STAMP = -2146869243;

const row = (failInfo: FailInfo, hresult: number, text: string, remedy: string): RefusalRow => ({
  failInfo,
  hresult,
  text,
  remedy,
});

/** Refusals a device may see: by code, what the device is sent (failInfo, HRESULT, failInfoText) and the remedy for the administrator. */
export const REFUSALS = {
  signature_invalid: row(
    'badMessageCheck',
    TRUST_E_CERT_SIGNATURE,
    'The message integrity check failed.',
    'The message was changed on its way, or the client signs it incorrectly. Look for a proxy that rewrites bodies: `openndes doctor --url URL` finds one.',
  ),
  algorithm_refused: row(
    'badAlg',
    NTE_BAD_ALGID,
    'An algorithm of the message is not accepted.',
    'The client uses a digest, cipher or key type that this endpoint does not allow. Old clients need `legacy` on the endpoint.',
  ),
  signing_time_refused: row(
    'badTime',
    TRUST_E_TIME_STAMP,
    'The signing time is outside the accepted window.',
    'Set the clock of the client, or widen the signing time window.',
  ),
  request_refused: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The envelope, the certification request or its proof of possession cannot be used. `detail` in the log says which rule is broken; `openndes explain` decodes a captured message. When no device of a platform gets further, `openndes doctor` says whether the RA certificate suits it.',
  ),
  message_type_refused: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The client sent a message type that this server does not serve, or RenewalReq where `renewal` is off.',
  ),
  sender_nonce_missing: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The client sent no senderNonce (RFC 8894 3.2.1.5), or one longer than 64 octets.',
  ),
  signer_key_mismatch: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The endpoint demands `requireSignerKeyMatch`, and the message is signed with another key than the one in the request. Windows always does that.',
  ),
  subject_refused: row(
    'badRequest',
    CERTSRV_E_BAD_REQUESTSUBJECT,
    'The subject of the request was refused.',
    'The profile does not allow a value in the request. The log says which.',
  ),
  challenge_missing: row(
    'badRequest',
    TRUST_E_CERT_SIGNATURE,
    'The request has no challenge password.',
    'The client sent no challengePassword, or an empty one. A renewal signed with a certificate that neither this server nor a CA of `renewal.from` issued counts as a first request, so it needs a challenge too.',
  ),
  challenge_wrong: row(
    'badRequest',
    E_PROP_NOT_FOUND,
    'The challenge password was refused.',
    'The challenge is not the one that this endpoint expects.',
  ),
  challenge_used: row(
    'badRequest',
    CERT_E_CHALLENGE_USED,
    'The challenge password was refused.',
    'A one-time challenge was used by another request before. Issue a new one.',
  ),
  challenge_expired: row(
    'badRequest',
    E_PROP_NOT_FOUND,
    'The challenge password was refused.',
    'The challenge is older than its validity. Intune gives the device a new one at its next check-in; issue a new one-time password yourself.',
  ),
  blocked: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The block list names the device, the user, the subject, the key or the certificate that signed; `detail` in the log says which entry. The policy was not asked. `openndes block list` shows the list, and `openndes block remove` takes an entry out.',
  ),
  policy_denied: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The policy of the endpoint denied the request. The log line has its reason.',
  ),
  intune_denied: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'Intune answered validateRequest with another code than Success. The log line has the code; docs/intune.md explains each. Or the challenge cannot be one of Intune’s, and Intune was not asked (`precheck`).',
  ),
  intune_unreachable: row(
    'badRequest',
    RPC_S_SERVER_UNAVAILABLE,
    'The request could not be checked.',
    'Entra, Graph or Intune could not be reached or answered with an error. The log line says which, and why; so does `/readyz` on the administrator’s listener. `openndes doctor` looks at clock, network, token, permissions and service, and says what to do first.',
  ),
  policy_unreachable: row(
    'badRequest',
    RPC_S_SERVER_UNAVAILABLE,
    'The request could not be checked.',
    'The service behind a webhook could not be asked or gave no clear answer; or a request waited for it, or for Intune, for an hour. The log line says which, and why; `openndes doctor` asks each service at once. Under `onUnreachable: fail` Intune has the code `intune_unreachable`.',
  ),
  notification_failed: row(
    'badRequest',
    RPC_S_SERVER_UNAVAILABLE,
    'The request could not be completed.',
    'Intune, or the service behind a webhook, did not accept the notification. Under `notify: strict` nothing is delivered, and the certificate is revoked.',
  ),
  issuer_failed: row(
    'badRequest',
    RPC_S_SERVER_UNAVAILABLE,
    'The certificate could not be issued.',
    'The issuing CA or its key failed. The log line has the cause.',
  ),
  rejected: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'An administrator rejected the request, or its certificate is revoked. A certificate that could not be delivered is revoked too.',
  ),
  replayed: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The same certification request got a certificate before, which is older than `retention` or has expired, and the message is a copy or was signed with another key than the requested one. The device must make a new request.',
  ),
  key_compromised: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'A certificate with this key was revoked for keyCompromise, at this endpoint or another. The key is never certified again: the device must make a new one.',
  ),
  renewal_refused: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The certificate that signed the renewal is revoked, was never delivered, is not valid now, is not in its renewal window yet, was renewed already or belongs to another endpoint; the list of the earlier CA that issued it is not known; or the request has another subject or a name that the certificate lacks. `detail` in the log says which.',
  ),
  unknown_transaction: row(
    'badCertId',
    E_PROP_NOT_FOUND,
    'No such transaction.',
    'A poll for a transaction that this server does not know, or that was begun with another key.',
  ),
  unknown_certificate: row(
    'badCertId',
    E_PROP_NOT_FOUND,
    'No such certificate.',
    'The client asked for a certificate that does not exist or belongs to another client, or for the revocation list of an endpoint that has none, or whose list is longer than 1 MB: clients find that one at `/crl/NAME.crl`. The list is always that of the CA of the endpoint, whatever issuer the message names.',
  ),
} as const satisfies Record<string, RefusalRow>;

/** The stable code of a refusal: in the log, in docs/errors.md, and never renamed. */
export type RefusalCode = keyof typeof REFUSALS;

/** Errors a client sees as an HTTP status, without detail: there is no message that could be answered in SCEP. */
export const HTTP_ERRORS = {
  message_undecodable: {
    status: 400,
    text: 'bad request',
    remedy:
      'The body is not a SCEP message. Look for a scanner, or for a proxy that changes bodies: `openndes doctor --url URL` finds one.',
  },
  operation_unknown: {
    status: 400,
    text: 'bad request',
    remedy: 'The URL has no operation of RFC 8894 3.5 and 4. Check the URL in the client.',
  },
  landing_off: {
    status: 403,
    text: 'forbidden',
    remedy: 'A browser opened the URL, and the endpoint has `landing: 403`. SCEP clients are not affected.',
  },
  next_ca_unknown: {
    status: 404,
    text: 'not found',
    remedy:
      'The client asked for the next CA, and `authorities.*.next` names none. It is needed only when a CA is going to be replaced.',
  },
  message_too_large: {
    status: 413,
    text: 'too large',
    remedy:
      'The message exceeds `listen.bodyLimit`. Without a Content-Length it was read up to that limit; nothing of it was used.',
  },
  message_too_slow: {
    status: 408,
    text: 'request timeout',
    remedy:
      'The body came with fewer than 512 octets per second, took more than 30 seconds, or was the slowest of too many that were on their way. Look for a broken network, or a client that holds connections on purpose.',
  },
  overloaded: {
    status: 503,
    text: 'busy',
    remedy:
      'More requests came than can be answered within `listen.answerWithin`, or more are running at the endpoint than `listen.mostRunning`, or more octets of messages are in memory than may be. Clients try again after Retry-After. `/readyz` on the administrator’s listener has the load of each endpoint.',
  },
  waiting_full: {
    status: 503,
    text: 'busy',
    remedy:
      'The request would have to wait, for an approval or for a policy that could not be reached or has not decided, and 2,000 requests wait at this endpoint already, or it is longer than 16 KB. Nothing is stored, and the device comes again after Retry-After. See `openndes certs pending`, and what the policy needs.',
  },
  unavailable: {
    status: 503,
    text: 'unavailable',
    remedy:
      'The store, a key or the policy failed; `err` in the log says which. `/readyz` checks only the store and the dates of certificates.',
  },
} as const satisfies Record<string, { status: number; text: string; remedy: string }>;

/** The stable code of an HTTP error. */
export type HttpErrorCode = keyof typeof HTTP_ERRORS;

/** For errors that any client can cause: where this server noticed would make each line of the log longer, and no clearer. */
function withoutTrace(error: Error): void {
  error.stack = `${error.name}: ${error.message}`;
}

/** What a Refusal may say besides. */
export type RefusalOptions = { cause?: unknown; final?: boolean };

/** A request that is understood and refused. The message is for the log; the device gets the row of the code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  /** Of a notification: the authorizer has decided, and would answer the same again, so that it is not sent again. */
  readonly final: boolean;
  constructor(code: RefusalCode, detail: string, { final = false, ...options }: RefusalOptions = {}) {
    super(detail, options);
    this.code = code;
    this.final = final;
    withoutTrace(this);
  }
}

/**
 * Why a CA made no certificate. `rejected`: the CA refuses the order; `invalid`: it cannot read the order;
 * `unauthorised`: it refuses our credentials; `misconfigured`: a profile or a setting is wrong; `unavailable`: it cannot
 * be reached or has a fault; `throttled`: too many orders; `conflict`: the order contradicts an earlier one;
 * `unknown-outcome`: the order was sent and no answer came.
 */
export type IssuerErrorCode =
  | 'rejected'
  | 'invalid'
  | 'unauthorised'
  | 'misconfigured'
  | 'unavailable'
  | 'throttled'
  | 'conflict'
  | 'unknown-outcome';

/** What an IssuerError says. */
export type IssuerErrorFields = {
  code: IssuerErrorCode;
  /** Whether the same request can succeed later: the device then gets PENDING and not FAILURE. */
  retryable: boolean;
  /** Seconds after which the CA may be asked again, if the CA said so. */
  retryAfter?: number;
  /** For the log; never a secret. */
  adminText: string;
  /** What the device may see (failInfoText of RFC 8894 3.2.1.4). */
  clientText: string;
};

/** A CA made no certificate. The message is `adminText`; the wire gets the row `issuer_failed` with `clientText`. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
  readonly code: IssuerErrorCode;
  readonly retryable: boolean;
  readonly retryAfter?: number;
  readonly adminText: string;
  readonly clientText: string;
  constructor(fields: IssuerErrorFields, options?: { cause?: unknown }) {
    super(fields.adminText, options);
    this.code = fields.code;
    this.retryable = fields.retryable;
    if (fields.retryAfter !== undefined) this.retryAfter = fields.retryAfter;
    this.adminText = fields.adminText;
    this.clientText = fields.clientText;
  }
}

/** What an HttpError may say besides. */
export type HttpErrorOptions = { cause?: unknown; retryAfter?: number };

/** A request that cannot be answered in SCEP. The message is for the log; the client gets the row of the code. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  /** Whole seconds after which the client may come again, where they are known. */
  readonly retryAfter?: number;
  constructor(code: HttpErrorCode, detail: string, { retryAfter, ...options }: HttpErrorOptions = {}) {
    super(detail, options);
    this.code = code;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
    withoutTrace(this);
  }
}

/** Something that stops the start: what, where, and what to do next. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly remedy: string;
  constructor(message: string, remedy: string, options?: { cause?: unknown }) {
    super(message, options);
    this.remedy = remedy;
  }
}
