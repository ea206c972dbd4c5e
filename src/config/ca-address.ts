/** How a CA product is reached: keys that the sections of several products have. */
import { certificateText, type FileContext } from './references.ts';
import { defaulted, optional, required } from './yaml/table.ts';
import { secret } from './yaml/value-type.ts';
import { flag, text, url } from './yaml/value-types.ts';

/** The address, the CAs that its certificate may be from, and the proxy in between. */
export const caAddress = (context: FileContext, example: string) => ({
  url: required(url(['https'], example), 'Its address.'),
  trustOnly: optional(
    certificateText(context, 'certs/ca-server-root.pem'),
    'The only CA certificates that its TLS certificate may be from; PEM.',
    'the public CAs',
  ),
  proxy: optional(
    secret(url(['http', 'https'], '"http://user:${env:PROXY_PASSWORD}@proxy.example.com:3128"')),
    'The HTTP proxy through which it is reached, with user and password if it needs them.',
  ),
});

/** A client certificate by which it knows this server. Both or none. */
export const clientIdentity = (context: FileContext) => ({
  clientCertificate: optional(
    certificateText(context, 'certs/openndes-client.pem'),
    'The client certificate by which it knows this server, with those above it; PEM. Needs `clientKey`.',
    'none',
  ),
  clientKey: optional(
    secret(text('"${file:certs/openndes-client.key.pem}"')),
    'The key of `clientCertificate`, PEM, not encrypted.',
  ),
});

/** `where`: what of the product permits it. */
export const validityOverride = (where: string) => ({
  validityOverride: defaulted(
    flag,
    false,
    `Whether an order says when its certificate ends, which ${where} must permit. Without it the product decides, and \`validity\` and \`maxValidity\` of the profile must be the same.`,
  ),
});
