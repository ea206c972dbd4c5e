/** An order of a certificate at AWS Private CA. */
import { readValidity, readCertificate } from '../../pkix/certificate.ts';
import { periodFor } from '../../ca/validity.ts';
import type { Profile } from '../../ca/profile.ts';
import { DAY } from '../../core/durations.ts';
import { ConfigError } from '../../core/errors.ts';
import type { EnrollmentRequest } from '../../core/request.ts';
import { requestPem } from '../../pkix/pem.ts';
import { readKeyKind } from '../../pkix/public-key.ts';
import { digestFor } from '../../pkix/signature.ts';
import type { IssueInput } from './aws-pca-sdk.ts';
import { type AwsPcaSettings, CA_ARN } from './aws-pca-settings.ts';

/** What an order is made with. `certificate`: of the CA, DER. */
export type AwsPcaPlace = { profile: Profile; certificate: Uint8Array };

/**
 * The order of a request. The token follows from the request, so that the same request is the same order for as long as AWS remembers it,
 * which is five minutes. A validity of whole days is given as days, so that the order stays the same to the octet.
 */
export function issueInput(
  { csr, requestKey }: EnrollmentRequest,
  { template, certificateAuthority }: AwsPcaSettings,
  { profile, certificate, now }: AwsPcaPlace & { now: Date },
): IssueInput {
  const period = readValidity(readCertificate(certificate));
  const { notAfter } = periodFor(profile, period, csr.requestedValidity, now);
  const length = notAfter.getTime() - now.getTime();
  const partition = CA_ARN.exec(certificateAuthority)?.groups?.['partition'];
  return {
    CertificateAuthorityArn: certificateAuthority,
    Csr: Buffer.from(requestPem(csr.der)),
    SigningAlgorithm: signingAlgorithm(certificate),
    TemplateArn: `arn:${partition}:acm-pca:::template/${template}`,
    Validity:
      length % DAY === 0
        ? { Type: 'DAYS', Value: length / DAY }
        : { Type: 'ABSOLUTE', Value: Math.floor(notAfter.getTime() / 1000) },
    IdempotencyToken: requestKey.slice(0, 36),
  };
}

/** The algorithm of the key of the CA. Throws ConfigError for a key that has none there. */
export function signingAlgorithm(certificate: Uint8Array): string {
  const kind = readKeyKind(readCertificate(certificate).spki);
  const digest = digestFor(kind)?.toUpperCase();
  if (kind.type === 'rsa') return `${digest}WITHRSA`;
  if (kind.type === 'ec') return `${digest}WITHECDSA`;
  throw new ConfigError('a CA of AWS Private CA whose key is neither RSA nor EC', 'Pin the certificate of another CA.');
}
