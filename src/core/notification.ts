/** Notifications for the authorizer (Intune, a webhook) about an allowed request, as plain data that the store keeps. */

/** A notification to the authorizer. */
export type Notification = SuccessNotification | FailureNotification;

/** A certificate was issued. `csr` is DER and contains the challenge. */
export type SuccessNotification = {
  kind: 'success';
  endpoint: string;
  transactionId: string;
  csr: Uint8Array;
  /** SHA-1 of the certificate, upper-case hexadecimal. */
  thumbprint: string;
  serial: string;
  notAfter: Date;
  issuer: string;
};

/** An allowed request got no certificate. `csr` is DER and contains the challenge. */
export type FailureNotification = {
  kind: 'failure';
  endpoint: string;
  transactionId: string;
  csr: Uint8Array;
  /** Signed 32-bit HRESULT. */
  hresult: number;
  description: string;
};
