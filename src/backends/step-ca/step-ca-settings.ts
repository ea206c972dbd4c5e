/** How step-ca is asked for certificates. */

/** The provisioner is named as in step-ca. Its key is PEM or a private JWK; with `certificate` it is an X5C provisioner. */
export type StepCaSettings = {
  /** Such as `https://ca.example:9000`. */
  url: string;
  provisioner: string;
  /** Of a JWK provisioner, or of the certificate of an X5C provisioner. A secret. */
  key: string;
  /** The `kid` of a JWK provisioner; the RFC 7638 thumbprint of the key when absent, as step-ca chooses it. */
  keyId?: string | undefined;
  /** PEM: the certificate that an X5C provisioner knows, and those between it and its root. */
  certificate?: string | undefined;
};
