/** The contract of an issuing CA: it turns an allowed request into a certificate, at once or later, or refuses it. */
import type { Allow } from './policy.ts';
import type { EnrollmentRequest } from './request.ts';

/** A certificate was made. */
export type Issued = {
  kind: 'issued';
  /** DER. */
  certificate: Uint8Array;
  /**
   * The chain that it was signed with, DER: the issuing CA first, then the certificates above it. The store takes name and
   * key of the issuer from here. Return the same array elements for every certificate: each is parsed once.
   */
  chain: readonly Uint8Array[];
  /**
   * What the CA calls this order, if it has a name for it: recorded with the certificate, and handed to the Revoker. When
   * absent after `pending`, it is the reference of that.
   */
  reference?: string;
  /** The shard of the revocation list that the certificate names, from 1 on; absent where it names the whole list. */
  crlShard?: number;
  /** The name of the profile that it was made after, for the log and for metrics. */
  profile?: string;
  /**
   * The end that was ordered, where the order named one: a certificate that ends more than a minute later, or more than an hour
   * earlier, is refused, and revoked at the CA.
   */
  wantedEnd?: Date;
  /** The end that the profile allows, where the CA decides by itself: a certificate that ends more than a minute later is refused likewise. */
  latestEnd?: Date;
  /**
   * The purposes (extendedKeyUsage, dotted OIDs) that the profile allows: a certificate with another one, or with none, which is every
   * purpose, is refused likewise.
   */
  allowedPurposes?: readonly string[];
};

/** The CA has taken the order and not decided yet: the device gets PENDING. `retryAfter`: seconds until the next poll. */
export type IssuancePending = { kind: 'pending'; reference: string; retryAfter: number };

/**
 * Turns an allowed request into a certificate. Small on purpose: the CA of a vendor implements this one method. What
 * else a CA can do is in the optional interfaces of this file.
 */
export interface Issuer {
  /** What this CA can do; absent for one that only issues at once. */
  readonly capabilities?: IssuerCapabilities;
  /** What the log and metrics call this kind of CA, such as `local`. */
  readonly backend?: string;
  /**
   * Throws IssuerError, which says whether the same request can succeed later, or Refusal with a code of
   * docs/errors.md. Any other exception is final: the device gets FAILURE and nothing is recorded. `signal` aborts when
   * the time of the request is over, after 55 seconds: then the device gets PENDING, and when it polls, or after five minutes, the CA is asked by `find` what
   * became of the order; when it polls, it may also be given it again. A certificate that comes later is passed to the `revoker`, unless the CA is `idempotent` or has `find`.
   */
  issue(request: EnrollmentRequest, decision: Allow, signal: AbortSignal): Promise<Issued | IssuancePending>;
}

/** What a CA can do beyond issuing a certificate with the names and the key of the CSR. */
export type IssuerCapabilities = {
  /** It certifies the subjectAltName of the CSR. */
  sanFromCsr?: boolean;
  /** It takes the subjectAltName from a parameter of the order. */
  sanFromRequest?: boolean;
  /** It takes the subject from a parameter of the order. */
  subjectFromRequest?: boolean;
  /** It takes the end of the validity from a parameter of the order. */
  validityOverride?: boolean;
  /** What it appends to the text of each subject, RFC 4514, such as `O=Contoso,C=DE`; a subject that has it stays as it is. */
  appends?: string;
  /**
   * It leaves names and purposes of the CSR out, where its own rules say so. Without it a certificate must have all of them, so that none
   * is lost in silence.
   */
  leavesOut?: boolean;
  /** It repeats the common name of the subject among the subjectAltNames, as DNS name or e-mail address. No other name may be added. */
  addsCommonName?: boolean;
  /** `issue` can return `pending`; the issuer is a PendingIssuer too. */
  pending?: boolean;
  /** It is a Finder too. */
  find?: boolean;
  /** The same `requestKey` twice gives the same certificate. */
  idempotent?: boolean;
  /** The same, within so many milliseconds after the first order. */
  idempotentFor?: number;
  /** It makes certificates in this process, with a key that may be elsewhere: without its answer there is no certificate. */
  makesHere?: boolean;
  /**
   * It signs in this process, with a key that was compared with the certificate of the CA when it was opened: its
   * signatures are not verified again. Only for such a CA.
   */
  signsHere?: boolean;
  /** The reasons that its Revoker can pass on; another reason becomes `unspecified`. */
  revokeReasons?: readonly RevocationReason[];
};

/** Optional beside `Issuer`, on the same object: asks about an order that was answered with `pending`. */
export interface PendingIssuer {
  /**
   * `reference`: as in the last IssuancePending, also after a restart. May be called again for an order that was issued,
   * and then returns the same certificate. Throws IssuerError or Refusal when the CA refused the order; with a retryable
   * IssuerError, or any other exception, the order is still open.
   */
  poll(reference: string, signal: AbortSignal): Promise<Issued | IssuancePending>;
}

/** The issuer of an endpoint: one whose CA lets requests wait has `poll` too, and one whose orders can be looked for has `find`. */
export type EndpointIssuer = Issuer & Partial<PendingIssuer & Finder>;

/** Optional beside `Issuer`, on the same object: looks for the certificate of an order whose outcome is unknown. */
export interface Finder {
  /**
   * The certificate that an earlier `issue` with this `requestKey` made; undefined only when the CA made none and will make none. Throws when
   * that cannot be known now: it is called again, and nothing is ordered before. `since`: the order was not recorded earlier, so that a
   * certificate that the CA made before is none of it. One that begins more than 25 hours before is not taken.
   */
  find(request: EnrollmentRequest, signal: AbortSignal, since?: Date): Promise<Issued | undefined>;
}

/** Optional beside `Issuer`: the CA names its certificates itself. */
export interface CaSource {
  /** DER: the issuing CA first, the root last. */
  chain(signal: AbortSignal): Promise<readonly Uint8Array[]>;
}

/**
 * What a CA says of itself. `warnings`: one sentence each for what works and should be changed, such as a template for which everybody
 * may enrol, and for what could not be looked at. All texts are for the administrator and hold no secret.
 */
export type IssuerStanding = { ok: boolean; detail: string; warnings?: readonly string[] };

/** Optional beside `Issuer`: whether the CA can be reached and accepts our credentials. */
export interface Health {
  /** Never issues. */
  check(signal: AbortSignal): Promise<IssuerStanding>;
}

/**
 * The reasons of RFC 5280 5.3.1 with their numbers in a CRL entry. removeFromCRL (8) is not one: it is for delta lists alone,
 * and a certificate that is released from its hold is absent from the next list.
 */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const;

/** A reason by its name in RFC 5280. */
export type RevocationReason = keyof typeof REVOCATION_REASONS;

/** Why a CA is told: `removeFromCRL` takes back a hold. */
export type OrderReason = RevocationReason | 'removeFromCRL';

/** One revocation, as a CA is told of it. */
export type RevocationOrder = {
  /** Lower-case hexadecimal without leading zero octets. */
  serial: string;
  /** The name of the issuer, RFC 4514. */
  issuer: string;
  /** DER. */
  certificate: Uint8Array;
  /** As in `Issued`, where it is known. */
  reference?: string;
  reason: RevocationReason;
  /** When it was revoked here. */
  at: Date;
};

/**
 * Optional beside `Issuer`: tells a foreign CA that a certificate is revoked. What it throws is logged, and it is called
 * again later, also after a restart.
 */
export interface Revoker {
  /** Idempotent: resolves for a certificate that is revoked already, and for one that is on hold makes it final. */
  revoke(order: RevocationOrder, signal: AbortSignal): Promise<void>;
  /** Takes back a hold; idempotent. Where it is absent, an event says that an administrator of that CA must do it. */
  release?(order: Omit<RevocationOrder, 'reason'>, signal: AbortSignal): Promise<void>;
}
