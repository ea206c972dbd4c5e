/**
 * What the errors of PostgreSQL and of the way to it mean for an administrator, and what he does about each. SQLSTATE:
 * PostgreSQL manual, appendix A.
 */
import { ConfigError } from '../core/errors.ts';
import { placeText, type PostgresPlace } from '../core/postgres-place.ts';

/** The reason for an error, without values of a statement, and the next step. `code`: SQLSTATE, or that of Node.js or the driver. `constraint`: the one that a write violates. */
export class PostgresFault extends Error {
  override readonly name = 'PostgresFault';
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
  readonly constraint: string | undefined;
  /** True when the answer to a commit was lost. */
  readonly mayBeRecorded: boolean;
  constructor(place: PostgresPlace, { code, reason, remedy, constraint, mayBeRecorded = false }: Said) {
    super(`store ${placeText(place)}: ${reason}. ${remedy}`);
    this.code = code;
    this.constraint = constraint;
    this.reason = reason;
    this.remedy = remedy;
    this.mayBeRecorded = mayBeRecorded;
  }
}

type Said = { code: string; reason: string; remedy: string; constraint?: string | undefined; mayBeRecorded?: boolean };

/** The error of the driver in words. Its own properties, in which are the values of the statement, are left behind. */
export function postgresFault(place: PostgresPlace, failure: unknown): PostgresFault {
  if (failure instanceof PostgresFault) return failure;
  // The name of a host may have several addresses: Node.js has then tried each, and says nothing in its own words.
  const error: unknown = failure instanceof AggregateError ? failure.errors.at(-1) : failure;
  const code = codeOf(error);
  const constraint = (error as { constraint_name?: string } | undefined)?.constraint_name;
  const [reason, remedy] = [reasonOf(code, error), remedyOf(code, place, error)];
  return new PostgresFault(place, { code, reason, remedy, constraint });
}

const codeOf = (error: unknown): string => {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : 'unknown';
};

const SQLSTATE = /^[0-9A-Z]{5}$/;
/** data_exception: the message repeats the value. */
const VALUES = /^22/;

const UNTRUSTED = 'its certificate is of a CA that is not trusted here';

const NO_ANSWER = 'the server did not answer in time';

const REASONS: Readonly<Record<string, string>> = {
  CONNECT_TIMEOUT: NO_ANSWER,
  CONNECTION_CLOSED: 'the server closed the connection',
  CONNECTION_DESTROYED: 'the connection was given up, because the server did not answer in time',
  ECONNREFUSED: 'nothing accepts connections there',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network of the host',
  ERR_SOCKET_CONNECTION_TIMEOUT: NO_ANSWER,
  ETIMEDOUT: NO_ANSWER,
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the name of the host could not be looked up',
  ENOENT: 'there is no socket of a server in that folder',
  NO_TLS: 'the server has no TLS',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

function reasonOf(code: string, error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
  if (VALUES.test(code)) return `a value was refused (${code})`;
  if (SQLSTATE.test(code)) return `${text} (${code})`;
  return REASONS[code] ?? (text || code);
}

const OTHERWISE = 'Look at the log of the database server.';
const TLS = 'Name in `sslrootcert` the file with the root certificate of the database server.';
const VALIDITY = 'Give the database server a certificate that is valid now, and look at the clock of this machine.';

/** As in "permission denied for table schema_version". */
const OF_TABLE = /\b(?:table|relation|sequence|index)\b/;

const REACH = (): string => 'Check host, port and firewall, and whether the database server runs.';

/** By SQLSTATE, or the code of Node.js or the driver. `text`: the message of the database server. */
const REMEDIES: Readonly<Record<string, (place: PostgresPlace, text: string) => string>> = {
  '28P01': () => 'Check the password in `store`, and whether the role exists and may log in.',
  '28000': ({ user }) => `Allow the role ${user} to connect from here, in pg_hba.conf of the database server.`,
  '3D000': ({ database, user }) =>
    `Create it: create database "${database}" owner "${user}" encoding 'UTF8' template template0;`,
  '42501': ({ database, user }, text) =>
    OF_TABLE.test(text)
      ? `Make the role the owner of each table: alter table NAME owner to "${user}"; and restore a dump as this role, with pg_restore --no-owner.`
      : `Make the role the owner: alter database "${database}" owner to "${user}";`,
  '53100': () => 'The disk of the database server is full. Free some space; what was acknowledged before is safe.',
  '53300': () =>
    'Raise max_connections of the database server: openndes uses up to seven connections, and five more for each thread of `listen.workers`.',
  '55P03': () =>
    'Another program, a backup for example, keeps a table locked that has to be changed. Start this one again when that has ended.',
  '25006': () => 'The server is a standby or read-only: name the one that takes writes.',
  CONNECT_TIMEOUT: REACH,
  ERR_SOCKET_CONNECTION_TIMEOUT: REACH,
  ETIMEDOUT: REACH,
  ECONNREFUSED: () => 'Check host and port, and whether the database server runs and listens there.',
  ENOTFOUND: () => 'Check the host in the URL of `store`.',
  EAI_AGAIN: () => 'Check the name server of this machine.',
  EHOSTUNREACH: () => 'Check host and network.',
  ENETUNREACH: () => 'Check host and network.',
  ENOENT: () => 'Check the folder of the socket, and whether the database server runs.',
  NO_TLS: () =>
    'Turn `ssl` on in its postgresql.conf; or, where the network is protected otherwise, write `sslmode=disable` in the URL of `store`.',
  CERT_HAS_EXPIRED: () => VALIDITY,
  CERT_NOT_YET_VALID: () => VALIDITY,
  ERR_TLS_CERT_ALTNAME_INVALID: () => 'Write the host in the URL of `store` as the certificate has it.',
  EACCES: () => 'Give the user that runs openndes access to the folder of the socket.',
};

const isOfTls = (code: string): boolean =>
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_|ERR_SSL_|ERR_OSSL)/.test(code);

const remedyOf = (code: string, place: PostgresPlace, error: unknown): string =>
  REMEDIES[code]?.(place, String(error)) ?? (isOfTls(code) ? TLS : OTHERWISE);

/** At the start: what the database answers is told as an error of the configuration. Throws ConfigError. */
export async function refusing<T>(place: PostgresPlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PostgresFault)) throw error;
    throw new ConfigError(`store: ${placeText(place)} cannot be used: ${error.reason}`, error.remedy, { cause: error });
  }
}
