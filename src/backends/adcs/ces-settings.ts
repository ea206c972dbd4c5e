/** How an enterprise CA of Windows (AD CS) is asked through its Certificate Enrollment Web Service (CES). */

/** An account of the domain, as WS-Security has it: `EXAMPLE\name` or `name@example.com`. */
export type AdcsLogin = { user: string; password: string };

/** Settings of one authority. */
export type CesSettings = {
  /** Of the service, as clients of it write it: it stands in each message too. */
  url: string;
  /** The name of the template (its CN, not its display name). */
  template: string;
  /** How the request of a device is sent: as it is, or unchanged inside CMC, which has room for what is ordered. */
  request: 'cmc' | 'pkcs10';
  /** Whether the end of the certificate is ordered; only with `cmc`. */
  expirationDate: boolean;
};
