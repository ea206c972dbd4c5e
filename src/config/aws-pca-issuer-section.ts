/** `awsPca` of an issuer: AWS Private CA by its SDK. */
import { z } from 'zod';
import { CA_ARN, TEMPLATE } from '../backends/aws-pca/aws-pca-settings.ts';
import { ConfigError } from '../core/errors.ts';
import { defaulted, optional, required, section } from './yaml/table.ts';
import { transformed, valueType } from './yaml/value-type.ts';
import { text, url } from './yaml/value-types.ts';

const ARN_EXAMPLE =
  'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/5f1c29e7-7b0a-4d6e-8f00-112233445566';
const EXAMPLE = `{ certificateAuthority: "${ARN_EXAMPLE}" }`;

const arn = valueType(
  transformed(z.string(), (written) => {
    if (CA_ARN.test(written)) return written;
    throw new ConfigError('not the ARN of a CA of AWS Private CA', `Write it like ${ARN_EXAMPLE}.`);
  }),
  'an ARN',
  ARN_EXAMPLE,
);

const template = valueType(
  transformed(z.string(), (written) => {
    if (TEMPLATE.test(written)) return written;
    throw new ConfigError(
      'not the name of a template for devices and users',
      'Write EndEntityClientAuthCertificate/V1 or EndEntityCertificate/V1: templates for CAs and for signers of code and OCSP, and blank ones, are not used.',
    );
  }),
  'the name of a template',
  'EndEntityClientAuthCertificate/V1',
);

/** The value of the key. */
export const awsPcaIssuer = () => ({
  schema: section('AWS Private CA.', EXAMPLE, {
    certificateAuthority: required(arn, 'The ARN of the CA.'),
    template: defaulted(
      template,
      'EndEntityClientAuthCertificate/V1',
      'The template, which decides the usages of the certificate.',
    ),
    region: optional(text('eu-central-1'), 'The region of the service.', 'that of the ARN'),
    endpoint: optional(
      url(['http', 'https'], 'https://vpce-0a1b.acm-pca.eu-central-1.vpce.amazonaws.com'),
      'The address of the service, for a VPC endpoint; `http` only on loopback.',
      'that of AWS in the region',
    ),
  }),
  type: 'a mapping of keys',
  example: EXAMPLE,
  secret: false,
});
