/** `store`: a file of SQLite, or a PostgreSQL database. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import type { PostgresPlace } from '../core/postgres-place.ts';
import { isPostgresUrl, type PostgresAddress, parsePostgresUrl } from './postgres-url.ts';
import { file, type FileContext } from './references.ts';
import { item, optional, required, section } from './yaml/table.ts';
import { secret, transformed, valueType } from './yaml/value-type.ts';
import { either, text } from './yaml/value-types.ts';

const URL_EXAMPLE = 'postgres://openndes@db.example.com/openndes';

/** Where the store is: its kind before the first colon, and the rest as that kind reads it. */
export const store = (context: FileContext) => either(plain(context), database(context), 'a mapping of keys');

const plain = ({ resolve }: FileContext) => ({
  schema: transformed(z.string(), (value) => {
    if (isPostgresUrl(value)) return ofPostgres(parsePostgresUrl(value, resolve));
    const [, path] = /^sqlite:(.+)$/.exec(value) ?? [];
    return path === undefined ? undefined : { kind: 'sqlite' as const, path: resolve(path) };
  }),
  type: '`sqlite:` and the path of a file, a URL with `postgres`',
  example: 'sqlite:./data/openndes.db',
  secret: false,
});

const database = (context: FileContext) =>
  transformed(keysOfDatabase(context), ({ url, password, sslrootcert, secretsKey }) => ({
    ...ofPostgres({
      place: withRoot(url.place, sslrootcert),
      ...(password === undefined ? url.password !== undefined && { password: url.password } : { password }),
    }),
    ...(secretsKey && { secretsKeys: secretsKey }),
  }));

const keysOfDatabase = (context: FileContext) =>
  section('A PostgreSQL database.', `{ url: ${URL_EXAMPLE}, password: "\${file:db.password}" }`, {
    url: required(
      databaseUrl(context),
      'User, hosts and database. Several hosts have commas between them; the first that takes writes is used. Parameters: `sslmode`: `verify-full`, the default, or `disable`, the default for hosts of this machine; `sslrootcert`; `target_session_attrs`; `host`, the folder of a Unix socket.',
    ),
    password: optional(
      secret(text('"${file:db.password}"')),
      'The password of the user. It is read again at each new connection.',
      'that of the URL, or none',
    ),
    sslrootcert: optional(
      file(context, 'db-root.pem'),
      'The root certificate of the database server, PEM; read again at each new connection.',
      'that of the URL, or the public CAs',
    ),
    secretsKey: optional(
      secretsKeys,
      'Seals in the database what can hold a challenge, and the RA that `ra: auto` and `ra: split` make, which is there and not in files; servers with the same key share the database. 32 random octets. Of a list the first one seals, and each opens. To replace a key: `[OLD, NEW]` at every server, then `[NEW, OLD]` at every server, then the new one alone.',
      'nothing is sealed, and one server at a time uses the database',
    ),
  });

/** 32 octets each; the first one seals. */
type Keys = [Uint8Array, ...Uint8Array[]];

const KEY_EXAMPLE = '"${file:secrets.key}"';

const oneKey = secret({
  ...valueType(z.string(), '32 octets in base64', KEY_EXAMPLE),
  schema: transformed(z.string(), (text): Uint8Array => {
    const octets = Buffer.from(text, 'base64');
    if (octets.length === 32 && octets.toString('base64').replaceAll('=', '') === text.replaceAll('=', ''))
      return new Uint8Array(octets);
    throw new ConfigError('not 32 octets in base64', 'Make them: `openssl rand -base64 32`.');
  }),
});

const secretsKeys = secret({
  ...oneKey,
  type: '32 octets in base64, or a list of these',
  schema: z.union([
    oneKey.schema.transform((key): Keys => [key]),
    transformed(z.array(item(oneKey)), ([first, ...others]): Keys | undefined => first && [first, ...others]),
  ]),
});

const databaseUrl = ({ resolve }: FileContext) => ({
  schema: transformed(z.string(), (value) => (isPostgresUrl(value) ? parsePostgresUrl(value, resolve) : undefined)),
  type: 'a URL with `postgres`',
  example: URL_EXAMPLE,
  secret: true,
});

type PostgresStore = PostgresAddress & { kind: 'postgres'; secretsKeys?: Keys };

const ofPostgres = (address: PostgresAddress): PostgresStore => ({ kind: 'postgres', ...address });

function withRoot(place: PostgresPlace, rootCertificate: string | undefined): PostgresPlace {
  if (rootCertificate === undefined) return place;
  if (place.tls) return { ...place, tls: { rootCertificate } };
  throw new ConfigError(
    '`sslrootcert` for connections without TLS',
    'Add `?sslmode=verify-full` to the URL, or remove the key.',
  );
}
