/** `audit`: what signs the chain over the history. */
import { secret } from './yaml/value-type.ts';
import { text } from './yaml/value-types.ts';
import { type FileContext, keyUri } from './references.ts';
import { optional, section } from './yaml/table.ts';

/** The section. */
export const auditSection = (context: FileContext) =>
  section('The chain over the history, see audit.md.', '{ key: "file:audit.key.pem" }', {
    key: optional(
      keyUri(context, '"file:audit.key.pem"'),
      'Signs the end of the chain within seconds after each new entry: RSA or EC. A key of its own: that of a CA is refused.',
      'the chain is not signed',
    ),
    passphrase: optional(
      secret(text('"${env:AUDIT_KEY_PASSPHRASE}"')),
      'The passphrase of the key file.',
      'not encrypted',
    ),
  }).prefault({});
