/** `store`: a file of SQLite, or a PostgreSQL database. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import type { PostgresPlace } from '../core/postgres-place.ts';
import { isPostgresUrl, type PostgresAddress, parsePostgresUrl } from './postgres-url.ts';
import { file, type FileContext } from './references.ts';
import { optional, required, section } from './yaml/table.ts';
import { secret, transformed } from './yaml/value-type.ts';
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
  transformed(keysOfDatabase(context), ({ url, password, sslrootcert }) =>
    ofPostgres({
      place: withRoot(url.place, sslrootcert),
      ...(password === undefined ? url.password !== undefined && { password: url.password } : { password }),
    }),
  );

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
  });

const databaseUrl = ({ resolve }: FileContext) => ({
  schema: transformed(z.string(), (value) => (isPostgresUrl(value) ? parsePostgresUrl(value, resolve) : undefined)),
  type: 'a URL with `postgres`',
  example: URL_EXAMPLE,
  secret: true,
});

const ofPostgres = (address: PostgresAddress) => ({ kind: 'postgres' as const, ...address });

function withRoot(place: PostgresPlace, rootCertificate: string | undefined): PostgresPlace {
  if (rootCertificate === undefined) return place;
  if (place.tls) return { ...place, tls: { rootCertificate } };
  throw new ConfigError(
    '`sslrootcert` for connections without TLS',
    'Add `?sslmode=verify-full` to the URL, or remove the key.',
  );
}
