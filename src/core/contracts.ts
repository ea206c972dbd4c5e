/**
 * The contracts a vendor implements or replaces: who decides (`Policy`), who signs (`Issuer`), who keeps keys
 * (`KeyProvider`), who remembers (`Store`, in store.ts), and the four things taken from the system. No I/O here.
 */
import type { RefusalCode } from './errors.ts';
import type { Notice } from './store.ts';

/** The present time. Every part that needs it takes it as a parameter. */
export type Clock = () => Date;

/** Cryptographically strong random octets. */
export type RandomBytes = (length: number) => Uint8Array;

/** The subset of pino that this product uses; any structured logger fits. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** An X.509 extension as requested: `value` is the content of extnValue (DER). RFC 5280 4.1.2.9. */
export type Extension = { oid: string; critical: boolean; value: Uint8Array };

/** One GeneralName (RFC 5280 4.2.1.6). `der` is the whole element; `type` names its context tag; `text` is for people. */
export type GeneralName = { type: GeneralNameType; der: Uint8Array; text: string };
/** The choices of GeneralName that RFC 5280 4.2.1.6 numbers from 0 to 8. */
export type GeneralNameType =
  | 'otherName'
  | 'email'
  | 'dns'
  | 'x400'
  | 'directory'
  | 'ediParty'
  | 'uri'
  | 'ip'
  | 'registeredId';

/** What kind of public key, without the key. `bits` is the modulus length or the field size. */
export type KeyKind = { type: 'rsa' | 'ec' | 'ed25519'; bits: number };

/**
 * A PKCS#10 certification request (RFC 2986), already proven: its own signature verified. Plain data, safe to send to
 * another thread. `challenge` is a secret: it never goes to a log or an error, and stores hold it only inside
 * the CSR of a request that waits or is owed a notice.
 */
export type CertificationRequest = {
  der: Uint8Array;
  /** The Name, DER, exactly as requested. */
  subject: Uint8Array;
  /** The Name in RFC 4514 form, for people. */
  subjectText: string;
  /** SubjectPublicKeyInfo, DER. */
  spki: Uint8Array;
  key: KeyKind;
  challenge: string | undefined;
  extensions: Extension[];
  /** How long the client wants the certificate to be valid: a wish, never more than the profile allows. */
  requestedValidity?: RequestedValidity;
};

/** ValidityPeriod and ValidityPeriodUnits of [MS-WCCE] 2.2.2.7.10, put right: `count` is a positive integer. */
export type RequestedValidity = { unit: ValidityUnit; count: number };
/** The units that Windows names, in its own spelling. */
export type ValidityUnit = 'Hours' | 'Days' | 'Weeks' | 'Months' | 'Years';

/** One request for one certificate, in the words of enrolment rather than of SCEP. */
export type EnrollmentRequest = {
  /** The configured path of the endpoint, its name everywhere. */
  endpoint: string;
  transactionId: string;
  csr: CertificationRequest;
  /** SubjectPublicKeyInfo of the key that signed the message; often not the requested key. */
  signerSpki: Uint8Array;
  /** The live certificate of ours that signed the message: a renewal. RFC 8894 3.3.1.2. */
  renews?: { serial: string; certificate: Uint8Array };
};

/** Facts about a decision for the log and the audit; never a secret. Example: Intune's code and activity id. */
export type Facts = Readonly<Record<string, string>>;

/**
 * What a policy says. `deny` and `pend` are values, not errors: an exception means "could not find out".
 * `notify`: who must hear of the certificate: `strict` before the device does, `outbox` after it.
 * `consumes`: a one-time challenge that is used up in the same transaction that records the certificate.
 */
export type Decision = Allow | Deny | Pend;
/** Yes. */
export type Allow = {
  kind: 'allow';
  notify: 'none' | 'strict' | 'outbox';
  consumes?: string;
  /** The authoriser compared every name in the request with what it knows, as Intune does with its profile. */
  vouchesForNames?: boolean;
  facts?: Facts;
};
/** No: `code` is the row of REFUSALS that the device sees, `detail` is for the log. */
export type Deny = { kind: 'deny'; code: RefusalCode; detail: string; facts?: Facts };
/** Not yet: the device is told to ask again. `detail` is for the log. */
export type Pend = {
  kind: 'pend';
  /**
   * `approval`: an administrator decides, and the policy is not asked again. After the others it is, at the next poll:
   * `unreachable`: nobody could be asked, which is a no after an hour; `undecided`: who decides needs more time.
   */
  reason: 'approval' | 'unreachable' | 'undecided';
  detail: string;
  /** As in `Allow`: a one-time challenge that is used up by waiting. */
  consumes?: string;
  facts?: Facts;
};

/** Decides whether a certificate is issued. Closed until configured: there is no default policy. */
export interface Policy {
  readonly name: string;
  /** Asked about renewals too, as Intune wants; otherwise a live certificate of ours is permission to renew itself. */
  readonly decidesRenewals?: boolean;
  decide(request: EnrollmentRequest, signal: AbortSignal): Promise<Decision>;
  /**
   * Tells the authoriser what became of an allowed request. Throws when it did not accept.
   * Only called when an Allow asked for it, or when issuing failed after an Allow that asked for it.
   */
  notify?(notice: Notice, signal: AbortSignal): Promise<Facts>;
}

/** Turns an allowed request into a certificate. Small on purpose: a vendor's CA implements this one method. */
export interface Issuer {
  /** Returns the certificate, DER. Throws when it cannot; the device then gets FAILURE and nothing is recorded. */
  issue(request: EnrollmentRequest, decision: Allow, signal: AbortSignal): Promise<Uint8Array>;
}

/** The reasons of RFC 5280 5.3.1 that this product uses. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;
/** A reason by its name in RFC 5280. */
export type RevocationReason = keyof typeof REVOCATION_REASONS;

/** Optional beside `Issuer`: tells a foreign CA that a certificate is revoked. Idempotent. */
export interface Revoker {
  revoke(certificate: Uint8Array, reason: RevocationReason, signal: AbortSignal): Promise<void>;
}

/** Hash functions under the names of node:crypto. */
export type Digest = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** How a content-encryption key was encrypted: RFC 8017 7.2 (pkcs1) or 7.1 (oaep, both hashes named). */
export type KeyTransport = { scheme: 'pkcs1' } | { scheme: 'oaep'; hash: Digest; mgf1Hash: Digest };

/**
 * One key pair. The private half never leaves the implementation (file, HSM, cloud KMS, WebCrypto).
 * Results may come at once or as a promise, so that a key in memory costs no turn of the event loop.
 */
export interface KeyProvider {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly key: KeyKind;
  /** RSASSA-PKCS1-v1_5 for RSA keys, ECDSA as DER for EC keys. */
  sign(data: Uint8Array, digest: Digest): Uint8Array | Promise<Uint8Array>;
  /**
   * The content-encryption key, or any octets when the padding is wrong: a wrong padding must not be told apart
   * (implicit rejection). Throws only on facts that are public, such as the length of the ciphertext.
   */
  decrypt?(ciphertext: Uint8Array, transport: KeyTransport): Uint8Array | Promise<Uint8Array>;
  /**
   * ECDH (SEC 1 3.3.1): the secret shared with another public key on the same curve, given as SubjectPublicKeyInfo, DER.
   * Only a client with an EC key needs it, to read what is enveloped to it. Throws when the other key is malformed.
   */
  agree?(spki: Uint8Array): Uint8Array | Promise<Uint8Array>;
}
