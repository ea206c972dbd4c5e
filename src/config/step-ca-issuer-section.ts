/** `stepCa` of an issuer: step-ca, and the provisioner whose tokens this server signs. */
import { defined } from '../core/defined.ts';
import { caAddress } from './ca-address.ts';
import { certificateText, type FileContext } from './references.ts';
import { optional, required, section } from './yaml/table.ts';
import { secret, transformed, type ValueType } from './yaml/value-type.ts';
import { text } from './yaml/value-types.ts';

const EXAMPLE = '{ url: "https://ca.example.com:9000", provisioner: openndes, key: "${file:certs/provisioner.jwk}" }';

/** The value of the key: `address` of the client, and the settings of `stepCaBackend`. */
export const stepCaIssuer = (context: FileContext) => {
  const keys = section('The CA step-ca.', EXAMPLE, {
    ...caAddress(context, 'https://ca.example.com:9000'),
    provisioner: required(text('openndes'), 'The name of the provisioner, of the type JWK, or X5C with `certificate`.'),
    key: required(
      secret(text('"${file:certs/provisioner.jwk}"')),
      'Its private key: a JWK or PEM, not encrypted; EC, RSA or Ed25519.',
    ),
    keyId: optional(
      text('kid-of-the-provisioner'),
      'The `kid` of a JWK provisioner.',
      'the RFC 7638 thumbprint of the key',
    ),
    certificate: optional(
      certificateText(context, 'certs/openndes-ra.pem'),
      'For an X5C provisioner: the certificate of `key`, and those between it and the root that the provisioner has; PEM.',
      'none: a JWK provisioner',
    ),
  });
  const schema = transformed(keys, ({ url, trustOnly, proxy, ...settings }) => ({
    address: { name: 'step-ca', url, ...defined({ ca: trustOnly, proxy }) },
    settings: { url, ...settings },
  }));
  return { schema, type: 'a mapping of keys', example: EXAMPLE, secret: false } satisfies ValueType<typeof schema>;
};
