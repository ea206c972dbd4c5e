/** The certificates of a tenant as Intune lists them: what it was notified of, and what other connectors reported. */

/**
 * One row. A text that Intune leaves out is empty. `serial` and `thumbprint` as Intune writes them; `device` and `user`: their
 * names. `revocation`: its word for how far a revocation is, in lower case; `none` while there is none.
 */
export type IntuneCertificate = {
  serial: string;
  thumbprint: string;
  issuer: string;
  subject: string;
  device: string;
  user: string;
  revocation: string;
  ends?: Date;
};

/** Lists all of them, a page after the other. Throws when a page is missing, and the signal's reason on abort. */
export type ListIntuneCertificates = (signal: AbortSignal) => AsyncIterable<IntuneCertificate[]>;
