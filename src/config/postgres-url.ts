/** The URL of a PostgreSQL database, as libpq writes it (PostgreSQL manual 34.1.1.2), with the parameters that a store needs. */
import { ConfigError } from '../core/errors.ts';
import type { PostgresPlace } from '../core/postgres-place.ts';

/** What a URL says. */
export type PostgresAddress = { place: PostgresPlace; password?: string };

const URL_PARTS =
  /^postgres(?:ql)?:\/\/(?:(?<user>[^:@/?]+)(?::(?<password>[^@/?]*))?@)?(?<hosts>[^/?@]*)\/(?<database>[^/?]+)(?:\?(?<query>.*))?$/;

const PARAMETERS: readonly string[] = ['host', 'sslmode', 'sslrootcert', 'target_session_attrs'];
/** The store is written, so that any of these finds the same server. */
const WRITABLE: readonly string[] = ['any', 'read-write', 'primary'];
const LOCAL = /^(\/|localhost$|127\.|::1$)/;
const DEFAULT_PORT = 5432;

/** True for a URL of this kind. */
export const isPostgresUrl = (text: string): boolean => /^postgres(ql)?:/.test(text);

/** `resolve` makes the path of a file absolute. Throws ConfigError, whose words have no part of the URL. */
export function parsePostgresUrl(text: string, resolve: (path: string) => string): PostgresAddress {
  const { user, password, hosts, database, query } = URL_PARTS.exec(text)?.groups ?? {};
  const parameters = new URLSearchParams(query);
  if (user === undefined || database === undefined)
    throw new ConfigError(
      'not a URL of a PostgreSQL database with a user',
      'Write it like `postgres://openndes@db.example.com/openndes`. In a user and a password write `@ : / ? %` as `%40 %3A %2F %3F %25`.',
    );
  const unknown = [...parameters.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined)
    throw new ConfigError('a parameter of the URL that is not known', `These are: ${PARAMETERS.join(', ')}.`);
  if (!WRITABLE.includes(parameters.get('target_session_attrs') ?? 'any'))
    throw new ConfigError('target_session_attrs asks for a server that takes no writes', 'Write `read-write`.');
  const servers = serversIn(parameters.get('host') ?? decodeURIComponent(hosts ?? ''));
  return {
    place: {
      hosts: servers,
      database: decodeURIComponent(database),
      user: decodeURIComponent(user),
      ...tlsOf(parameters, servers, resolve),
    },
    ...(password !== undefined && { password: decodeURIComponent(password) }),
  };
}

function serversIn(text: string): PostgresPlace['hosts'] {
  return text.split(',').map((each) => {
    const { host, six, port } = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+))(?::(?<port>\d+))?$/.exec(each)?.groups ?? {};
    const name = six ?? host;
    if (name === undefined)
      throw new ConfigError('a host of the URL cannot be read', 'Write `HOST:PORT`, or several with commas.');
    return { host: name, port: port === undefined ? DEFAULT_PORT : Number(port) };
  });
}

function tlsOf(
  parameters: URLSearchParams,
  servers: PostgresPlace['hosts'],
  resolve: (path: string) => string,
): Pick<PostgresPlace, 'tls'> {
  const isLocal = servers.every(({ host }) => LOCAL.test(host));
  const mode = parameters.get('sslmode') ?? (isLocal ? 'disable' : 'verify-full');
  const root = parameters.get('sslrootcert');
  if (mode === 'disable') return {};
  if (mode !== 'verify-full')
    throw new ConfigError(
      'an sslmode that does not verify the server',
      'Write `sslmode=verify-full`, with `sslrootcert=FILE` for a CA of your own; or `sslmode=disable` where the network is protected otherwise.',
    );
  return { tls: root === null ? {} : { rootCertificate: resolve(root) } };
}
