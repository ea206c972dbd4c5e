/** Who may do what on the administrator's listener: tokens of programs, users who log in, and sessions. */
import { z } from 'zod';
import { parseTokenHash } from '../access/bearer-tokens.ts';
import { type PasswordHash, parsePasswordHash } from '../access/password-hash.ts';
import { parseSecondFactor } from '../access/totp.ts';
import { ROLES } from '../core/access.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import { nameFromText, nameText } from '../pkix/name.ts';
import { file, type FileContext } from './references.ts';
import { defaulted, item, mapOf, optional, required, section } from './yaml/table.ts';
import { secret, transformed, type ValueType, valueType } from './yaml/value-type.ts';
import { choice, duration, text, valueList } from './yaml/value-types.ts';

const passwordHash = secret({
  schema: transformed(z.string(), (text) => {
    const hash = parsePasswordHash(text);
    if (hash) return hash;
    throw new ConfigError('not a hash of a password', 'Create one: `openndes hash-password` asks for the password.');
  }),
  type: 'a hash from `openndes hash-password`',
  example: '"${file:ndes.hash}"',
  secret: true,
});

const tokenHash = valueType(
  transformed(z.string(), (text) => {
    const hash = parseTokenHash(text.trim());
    if (hash) return hash;
    throw new ConfigError(
      'not the hash of a token',
      'Create a token: `openndes token new NAME` prints it once, and its hash for here.',
    );
  }),
  'a hash from `openndes token new`',
  '"${file:inventory.hash}"',
);

const secondFactor = secret({
  schema: transformed(z.string(), (text) => {
    const factor = parseSecondFactor(text);
    if (factor) return factor;
    throw new ConfigError(
      'not the URI of a key for codes',
      'Create one: `openndes totp new USER` prints it for here and for the app on the phone.',
    );
  }),
  type: 'a URI from `openndes totp new`',
  example: '"${file:ada.totp}"',
  secret: true,
});

/** In the form that `nameText` writes. */
const subject = valueType(
  transformed(z.string().min(1), (text) => nameText(nameFromText(text))),
  'a subject (RFC 4514)',
  '"CN=Ada"',
);

/** A day begins at midnight, UTC. */
const date = valueType(
  transformed(z.string(), (text) => {
    const at = /^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(at) ? undefined : new Date(at);
  }),
  'a date such as `2027-01-31`, or with a time in UTC such as `2027-01-31T12:00:00Z`',
  '2027-01-31',
);

/** What a role may be limited to, in a section of its own for each holder. */
export const limits = () => ({
  endpoints: optional(
    valueList(text('/scep/routers'), '[/scep/routers]'),
    'The names of the endpoints that the role is limited to. Where several lists are given, all of them must name the place.',
    'all',
  ),
  authorities: optional(valueList(text('issuing'), '[issuing]'), 'The authorities that it is limited to.', 'all'),
  tenants: optional(valueList(text('contoso'), '[contoso]'), 'The tenants that it is limited to.', 'all'),
});

const ROLE = 'What it may do: docs/access.md has a table.';
const TOKEN_EXAMPLE = '{ hash: "${file:inventory.hash}", role: viewer }';

/** `admin.tokens`. */
export const tokens = () => {
  const [description, example] = [
    'Tokens of programs, by name. They are sent as `Authorization: Bearer TOKEN`.',
    `{ inventory: ${TOKEN_EXAMPLE} }`,
  ];
  const map = mapOf(
    description,
    example,
    section('A token.', TOKEN_EXAMPLE, {
      hash: required(tokenHash, 'The hash of the token.'),
      role: required(choice(...ROLES), ROLE),
      expires: optional(date, 'From then on the token is refused.', 'never'),
      ...limits(),
    }),
  );
  return defaulted(valueType(map, 'a mapping of names', example), {}, description, 'none');
};

const PERSON_ROLES = ROLES.filter((role) => role !== 'metrics');
const USER_EXAMPLE = '{ password: "${file:ada.hash}", totp: "${file:ada.totp}", role: operator }';

const user = () =>
  transformed(
    section('A user of the pages.', USER_EXAMPLE, {
      password: required(passwordHash, 'The hash of the password.'),
      totp: optional(secondFactor, 'The key of the second factor, an app that shows codes (RFC 6238).', 'none'),
      certificate: optional(
        subject,
        'The subject of the certificate of the client, which a CA of `admin.tls.clientCa` issued: a second factor too. With `totp`, both are asked.',
        'none',
      ),
      role: required(choice(...PERSON_ROLES), ROLE),
      ...limits(),
    }),
    (user) => {
      if (user.totp ?? user.certificate) return user;
      throw new ConfigError('a password alone', 'Add `totp` (`openndes totp new USER`) or `certificate`.');
    },
  );

/** A user who logs in at the pages. */
export type UserConfig = z.output<ReturnType<typeof user>>;

/** Any user: one with a hash alone gets one-time passwords, and nothing else. */
export type AdminUser = PasswordHash | UserConfig;

/** Whether it is a hash alone. */
export const isHashAlone = (user: AdminUser): user is PasswordHash => 'kdf' in user;

/** The hash of the password of a user. */
export const hashOf = (user: AdminUser): PasswordHash => (isHashAlone(user) ? user : user.password);

/** `admin.users`. */
export const users = () => {
  const value: ValueType<z.ZodType<AdminUser>> = {
    schema: z.union([passwordHash.schema, user()]),
    type: `${passwordHash.type}, or a mapping of keys`,
    example: passwordHash.example,
    secret: true,
  };
  const [description, example] = [
    'Users, by name. A hash alone: one-time passwords on the page of NDES and by the API, and nothing else. A mapping: logs in at the pages.',
    '{ ndes: "${file:ndes.hash}" }',
  ];
  const map = mapOf(description, example, item(value));
  return defaulted(valueType(map, 'a mapping of names', example), {}, description, 'none');
};

const TLS_EXAMPLE = '{ certificate: admin.pem, key: admin.key }';

/** `admin.tls`. */
export const adminTls = (context: FileContext) =>
  optional(
    valueType(
      section('TLS.', TLS_EXAMPLE, {
        certificate: required(file(context, 'admin.pem'), 'The certificate of the listener and those above it, PEM.'),
        key: required(file(context, 'admin.key'), 'Its key, PEM, not encrypted.'),
        clientCa: optional(
          file(context, 'client-ca.pem'),
          'The CAs that issued the certificates of users, PEM. Browsers are then asked for a certificate.',
          'nobody is asked for a certificate',
        ),
      }),
      'a mapping of keys',
      TLS_EXAMPLE,
    ),
    'HTTPS by the listener itself. A reload takes new files over.',
    'plain HTTP',
  );

/** `admin.session`. */
export const session = () => {
  const [description, example] = ['Sessions of people who are logged in.', '{ idle: 30m, longest: 8h }'];
  const keys = section(description, example, {
    idle: defaulted(duration('30m'), '30m', 'A session ends when nothing was asked for so long.'),
    longest: defaulted(duration('8h'), '8h', 'A session ends so long after the login.'),
  });
  return defaulted(valueType(keys, 'a mapping of keys', example), {}, description, 'as below');
};

type Limits = { endpoints?: string[]; authorities?: string[]; tenants?: string[] };

/** The limits of a grant as its owner has them. */
export const limitsOf = ({ endpoints, authorities, tenants }: Limits): Limits =>
  defined({ endpoints, authorities, tenants });
