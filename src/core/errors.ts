/**
 * Every reason this product gives for a "no", in one table: the stable code, what the wire says for it and what an
 * administrator does about it. docs/errors.md is generated from it, so a new row is documented by being here.
 */

/** RFC 8894 3.2.1.4.5: why a request was rejected. */
export const FAIL_INFO = { badAlg: 0, badMessageCheck: 1, badRequest: 2, badTime: 3, badCertId: 4 } as const;
/** A failInfo by its name. */
export type FailInfo = keyof typeof FAIL_INFO;

/** What a refusal is on the wire: failInfo, signed HRESULT and text; `remedy` is for the administrator. */
export type RefusalRow = { failInfo: FailInfo; hresult: number; text: string; remedy: string };

// Signed HRESULTs, the ones that NDES puts into szOID_ENROLL_SCEP_ERROR (1.3.6.1.4.1.311.21.33), so that Windows shows
// the administrator the words he knows from NDES.
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

/** Refusals a device may see: code → wire words (failInfo, HRESULT, failInfoText) and the administrator's remedy. */
export const REFUSALS = {
  signature_invalid: row(
    'badMessageCheck',
    TRUST_E_CERT_SIGNATURE,
    'The message integrity check failed.',
    'The message was changed on its way, or the client signs wrongly. Look for a proxy that rewrites bodies.',
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
    'The envelope, the certification request or its proof of possession cannot be used. `openndes explain` decodes a captured message.',
  ),
  message_type_refused: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The client sent a message type that this server does not serve.',
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
    'The profile does not allow what the request names. The log says which value.',
  ),
  challenge_missing: row(
    'badRequest',
    TRUST_E_CERT_SIGNATURE,
    'The request has no challenge password.',
    'The client sent no challengePassword, or an empty one.',
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
    'A one-time challenge came a second time with another request. Issue a new one.',
  ),
  challenge_expired: row(
    'badRequest',
    E_PROP_NOT_FOUND,
    'The challenge password was refused.',
    'The challenge is older than its validity. The device gets a new one at its next check-in.',
  ),
  policy_denied: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The policy of the endpoint said no. The log line has its code and words.',
  ),
  intune_denied: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'Intune answered validateRequest with another code than Success. The log line has the code; docs/intune.md explains each.',
  ),
  intune_unreachable: row(
    'badRequest',
    RPC_S_SERVER_UNAVAILABLE,
    'The request could not be checked.',
    'Entra, Graph or Intune could not be reached or answered with a fault. Look at `openndes check` and the service health.',
  ),
  policy_unreachable: row(
    'badRequest',
    RPC_S_SERVER_UNAVAILABLE,
    'The request could not be checked.',
    'Whoever decides, Intune or the service behind a webhook, could not be asked or gave no clear answer. The log line says which, and why.',
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
    'An administrator rejected the request, or its certificate was never delivered.',
  ),
  renewal_refused: row(
    'badRequest',
    E_INVALIDARG,
    'The request was refused.',
    'The certificate that signed the renewal is not ours, not live, from another endpoint, or names another subject.',
  ),
  unknown_transaction: row(
    'badCertId',
    E_PROP_NOT_FOUND,
    'No such transaction.',
    'A poll for a transaction that this server does not know.',
  ),
  unknown_certificate: row(
    'badCertId',
    E_PROP_NOT_FOUND,
    'No such certificate.',
    'The client asked for a certificate that does not exist or is not its own.',
  ),
} as const satisfies Record<string, RefusalRow>;

/** The stable code of a refusal: in the log, in docs/errors.md, and never renamed. */
export type RefusalCode = keyof typeof REFUSALS;

/** Errors a client sees as an HTTP status, without detail: the message never became one that can be answered. */
export const HTTP_ERRORS = {
  message_undecodable: {
    status: 400,
    text: 'bad request',
    remedy: 'The body is not a SCEP message. Look for a proxy or a scanner.',
  },
  operation_unknown: {
    status: 400,
    text: 'bad request',
    remedy: 'The operation is none of RFC 8894 3.5. Look at the URL of the client.',
  },
  landing_off: {
    status: 403,
    text: 'forbidden',
    remedy: 'A browser asked, and the endpoint has `landing: 403`. SCEP clients are served all the same.',
  },
  next_ca_unknown: {
    status: 404,
    text: 'not found',
    remedy:
      'The client asked for the next CA, and `authorities.*.next` names none. Nothing is wrong until a CA is to be replaced.',
  },
  message_too_large: {
    status: 413,
    text: 'too large',
    remedy: 'The message exceeds `listen.bodyLimit`. Nothing was truncated and nothing was read.',
  },
  overloaded: {
    status: 503,
    text: 'busy',
    remedy: 'More requests are running than the server takes at once. Clients come back after Retry-After.',
  },
  unavailable: {
    status: 503,
    text: 'unavailable',
    remedy: 'The store or a key failed. /readyz and the log say which.',
  },
} as const satisfies Record<string, { status: number; text: string; remedy: string }>;

/** The stable code of an HTTP error. */
export type HttpErrorCode = keyof typeof HTTP_ERRORS;

/** A request that is understood and refused. Carries words for the log; the wire gets the row of its code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  constructor(code: RefusalCode, detail: string, options?: { cause?: unknown }) {
    super(detail, options);
    this.code = code;
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
  /** What the device may see (failInfoText of RFC 8894 3.2.1.4.6). */
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

/** A request that cannot be answered in SCEP at all. Carries words for the log; the wire gets status and a fixed word. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  constructor(code: HttpErrorCode, detail: string, options?: { cause?: unknown }) {
    super(detail, options);
    this.code = code;
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
