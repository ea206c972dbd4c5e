/** A certification request (RFC 2986) and the enrolment request that carries it, as plain data. */
import type { KeyKind } from './keys.ts';

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

/**
 * A PKCS#10 certification request (RFC 2986) whose proof of possession was verified. Plain data, safe to send to another
 * thread. `challenge` is a secret: it never goes to a log or an error, and stores hold it only inside the CSR of a
 * request that waits or of a pending notification.
 */
export type CertificationRequest = {
  der: Uint8Array;
  /** The Name, DER, exactly as requested. */
  subject: Uint8Array;
  /** The Name in RFC 4514 form, for people. */
  subjectText: string;
  /** SubjectPublicKeyInfo, DER, in its standard form: RSA with NULL parameters, EC with the point not compressed. */
  spki: Uint8Array;
  key: KeyKind;
  challenge: string | undefined;
  extensions: Extension[];
  /** How long the client wants the certificate to be valid. The profile is the upper limit. */
  requestedValidity?: RequestedValidity;
};

/** ValidityPeriod and ValidityPeriodUnits of [MS-WCCE] 2.2.2.7.10, normalised: `count` is a positive integer. */
export type RequestedValidity = { unit: ValidityUnit; count: number };

/** The units that Windows names, in its own spelling. */
export type ValidityUnit = 'Hours' | 'Days' | 'Weeks' | 'Months' | 'Years';

/** One request for one certificate, in the terms of enrolment rather than of SCEP. */
export type EnrollmentRequest = {
  /** The name of the endpoint: `endpoints[].name`, its path as written when absent. */
  endpoint: string;
  transactionId: string;
  csr: CertificationRequest;
  /** SubjectPublicKeyInfo of the key that signed the message. It often differs from the requested key. */
  signerSpki: Uint8Array;
  /**
   * The same for every message with this request, 64 lower-case hexadecimal digits: the RequestKey of the store (core/records.ts), and for
   * a renewal SHA-256 over it. A CA that takes a key for an order, so that it makes no second certificate, is given this one.
   */
  requestKey: string;
  /** Present for a renewal: the valid certificate of this server that signed the message. RFC 8894 3.3.1. */
  renews?: { serial: string; certificate: Uint8Array };
};
