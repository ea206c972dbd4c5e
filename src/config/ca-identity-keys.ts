/** The client certificate by which a CA product knows this server, as files that are read again when they change. */
import type { KerberosSettings } from './kerberos-keys.ts';
import { file, type FileContext } from './references.ts';
import { optional, required } from './yaml/table.ts';

/** `what`: whom the product knows by it. */
export const clientFiles = (context: FileContext, what: string) => ({
  clientCertificate: required(
    file(context, 'certs/ca-client.pem'),
    `${what}, and those above it, PEM. It is read again when the file changes.`,
  ),
  clientKey: required(
    file(context, 'certs/ca-client.key.pem'),
    'Its private key, PEM, not encrypted. Only the user that runs this server may read the file.',
  ),
});

/** The same, for a product that has another login too: both files or none. */
export const optionalClientFiles = (context: FileContext, what: string) => ({
  clientCertificate: optional(
    file(context, 'certs/ca-client.pem'),
    `${what}, and those above it, PEM. It is read again when the file changes. Needs \`clientKey\`.`,
    'none',
  ),
  clientKey: optional(
    file(context, 'certs/ca-client.key.pem'),
    'Its private key, PEM, not encrypted. Only the user that runs this server may read the file.',
  ),
});

/** What the keys of a product over HTTPS become. */
export type CaServiceConfig = {
  url: string;
  trustOnly?: string | undefined;
  proxy?: string | undefined;
  clientCertificate?: string;
  clientKey?: string;
  kerberos?: KerberosSettings | undefined;
};
