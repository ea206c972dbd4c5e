/** How AD CS is asked by its web pages. */

/** Settings of one authority. */
export type CertsrvSettings = {
  /** The name of the template, which is not its display name. */
  template: string;
  /** Whether orders name their end. The CA heeds it only with EDITF_ATTRIBUTEENDDATE. */
  expirationDate: boolean;
  /** The account, for basic authentication; absent where a client certificate or Kerberos names it. */
  login?: { user: string; password: string } | undefined;
};
