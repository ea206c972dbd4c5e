/** How AWS Private CA is asked for certificates. */

/** Credentials are those that the SDK finds: a role of the machine, of the pod, or the environment. */
export type AwsPcaSettings = {
  /** The ARN of the CA. */
  certificateAuthority: string;
  /** The name of a template for end entities, with its version: see `TEMPLATE`. */
  template: string;
  /** Absent: that of the ARN. */
  region?: string;
  /** Absent: that of AWS. For a VPC endpoint. */
  endpoint?: string;
};

/** The ARN of a CA. */
export const CA_ARN =
  /^arn:(?<partition>aws[a-z-]*):acm-pca:(?<region>[a-z0-9-]+):\d{12}:certificate-authority\/[\w-]+$/;

/**
 * Templates for end entities, whose subjectAltName is that of the request. Those for CAs, for signers of code and of OCSP, and blank ones,
 * which certify what a request asks for, are not among them.
 */
export const TEMPLATE =
  /^EndEntity(ClientAuth|ServerAuth)?Certificate(_APIPassthrough|_CSRPassthrough|_APICSRPassthrough)?\/V1$/;
