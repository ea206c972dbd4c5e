/** `pfx`: keys for people, which are made here and travel in PKCS#12 files. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { USER_KEYS } from '../keys/user-key.ts';
import { parseAltNameTemplate } from '../pfx/alt-name-template.ts';
import { PADDING_SCHEMES } from '../pfx/connector-envelope.ts';
import { PFX_PROFILES } from '../pfx/pkcs12-writer.ts';
import { parseSubjectTemplate } from '../pfx/subject-template.ts';
import { isOfDevice, TemplateError, type TemplatePiece } from '../pfx/template-variables.ts';
import { peopleKey } from './people-section.ts';
import { file, type FileContext } from './references.ts';
import { defaulted, mapOf, optional, required, section } from './yaml/table.ts';
import { transformed, valueType } from './yaml/value-type.ts';
import { choice, flag, integer, text, url, valueList } from './yaml/value-types.ts';

const EXAMPLE = '{ subject: "CN={{UserPrincipalName}},E={{EmailAddress}}", altNames: ["email:{{EmailAddress}}"] }';
const SEE = 'docs/pfx.md has the variables and the form of templates.';

/** What `read` makes of a template. A key of a person is for no device, so its variables would never have a value. */
function template<T>(read: (text: string) => T, pieces: (template: T) => readonly TemplatePiece[]) {
  return transformed(z.string().min(1), (written): T => {
    try {
      const found = read(written);
      const ofDevice = pieces(found).find(isOfDevice);
      if (ofDevice) throw new TemplateError(`{{${ofDevice.variable}}} is of a device, and this key is for a person`);
      return found;
    } catch (error) {
      if (error instanceof TemplateError) throw new ConfigError(error.message, SEE);
      throw error;
    }
  });
}

const subject = valueType(
  template(parseSubjectTemplate, (rdns) => rdns.flat().flatMap(({ pieces }) => pieces)),
  'a subject template',
  '"CN={{UserPrincipalName}},E={{EmailAddress}}"',
);
const altName = valueType(
  template(parseAltNameTemplate, ({ pieces }) => pieces),
  'a template that begins with email:, upn:, dns: or uri:',
  '"email:{{EmailAddress}}"',
);

/** 64 hexadecimal digits, with or without colons. */
const sha256 = valueType(
  transformed(z.string(), (written) => (/^[\da-f]{64}$/i.test(written.replaceAll(':', '')) ? written : undefined)),
  'a SHA-256 in hexadecimal',
  '9f86d0…',
);

const connector = (context: FileContext) =>
  section(
    'Microsoft’s connector for Intune, which opens the passwords of imported files.',
    '{ publicKey: connector.pem, sha256: 9f86d0…, keyName: PFXKey }',
    {
      publicKey: required(
        file(context, 'connector.pem'),
        'Its public key: PEM, or a blob of CNG, as Export-IntunePublicKey writes it.',
      ),
      sha256: required(sha256, 'The SHA-256 of this key, as SubjectPublicKeyInfo. Nothing starts with another key.'),
      keyName: required(text('PFXKey'), 'The name of the key on the machine of the connector.'),
      provider: defaulted(
        text('Microsoft Software Key Storage Provider'),
        'Microsoft Software Key Storage Provider',
        'The provider of CNG that has the key there.',
      ),
      padding: defaulted(choice(...PADDING_SCHEMES), 'oaepSha512', 'How passwords are encrypted.'),
    },
  );

const escrow = (context: FileContext) =>
  section(
    'Keys for encryption are kept, sealed to recovery officers.',
    '{ required: 2, officers: { alice: alice.pem, bob: bob.pem, carol: carol.pem } }',
    {
      required: defaulted(integer(2, 255, 2), 2, 'How many officers together open a key.'),
      officers: mapOf(
        'The public key (PEM) or certificate of each officer, RSA, by a name for the history.',
        '{ alice: alice.pem, bob: bob.pem, carol: carol.pem }',
        required(file(context, 'alice.pem'), 'The public key or certificate of this officer.'),
      ),
    },
  );

/** The section. Without it no keys are made for people. */
export const pfxSection = (context: FileContext) => {
  const schema = section('Keys for people.', EXAMPLE, {
    subject: required(subject, 'The subject of certificates, see [docs/pfx.md](pfx.md#names).'),
    altNames: defaulted(valueList(altName, '["email:{{EmailAddress}}"]'), [], 'The names of the subjectAltName.'),
    userName: defaulted(
      choice('upn', 'local'),
      'upn',
      '`{{UserName}}`: the user principal name, or what is before its `@`.',
    ),
    domainName: defaulted(flag, false, '`{{onPremisesSamAccountName}}` has the domain and a backslash before it.'),
    longNames: defaulted(flag, false, 'Values of the subject may be longer than X.520 permits.'),
    key: defaulted(choice(...USER_KEYS), 'rsa-2048', 'The key.'),
    profile: defaulted(
      choice(...PFX_PROFILES),
      'compat',
      'The form of files: `compat` has 3DES, which every platform opens; `modern` AES-256.',
    ),
    connector: optional(
      {
        schema: connector(context),
        type: 'a mapping of keys',
        example: '{ publicKey: connector.pem, … }',
        secret: false,
      },
      'Microsoft’s connector for Intune.',
      'nothing is made for Intune',
    ),
    escrow: optional(
      { schema: escrow(context), type: 'a mapping of keys', example: '{ officers: { … } }', secret: false },
      'Keys for encryption are kept, and opened by several recovery officers together.',
      'no key is kept',
    ),
    people: peopleKey(),
    links: optional(
      url(['https'], 'https://scep.example.com'),
      'The URL under which people reach this server. Files wait at `/pfx/` below it to be fetched once, see [docs/pfx.md](pfx.md#links).',
      'no file can be fetched',
    ),
  });
  return optional(
    { schema, type: 'a mapping of keys', example: EXAMPLE, secret: false },
    'Keys for people, such as S/MIME, see [docs/pfx.md](pfx.md).',
    'no keys are made for people',
  );
};
