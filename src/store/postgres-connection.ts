/**
 * One connection to PostgreSQL, over the npm package `postgres`. Each has an instance of the package of its own, because
 * an instance with several connections opens a lost one again by itself, also in the middle of a transaction.
 */
import type { CompiledQuery, QueryResult } from 'kysely';
import type Postgres from 'postgres';
import { ConfigError } from '../core/errors.ts';
import { placeText, type PostgresPlace } from '../core/postgres-place.ts';
import type { RunQuery } from './kysely-over.ts';
import { PostgresFault, postgresFault } from './postgres-faults.ts';
import { oneSocket } from './postgres-socket.ts';

/** Runs one statement. Rejects with PostgresFault. */
export type RunStatement = RunQuery;

/** An open connection. */
export type PostgresConnection = {
  run: RunStatement;
  /** False once it is lost, for ever. */
  isOpen(): boolean;
  /** From the start of a transaction to its end, or to the loss of the connection. */
  inTransaction(): boolean;
  close(): Promise<void>;
};

/** How a connection is opened. */
export type Connecting = {
  place: PostgresPlace;
  /** Asked at each new connection, because a password can be changed while the server runs. */
  password?: (() => string | undefined) | undefined;
  /** Milliseconds after which a statement without an answer gives the connection up; never when absent. */
  patience?: number | undefined;
  /**
   * Whether a statement may be sent before the answer to the one before it. Only for those of one transaction: when a change of the
   * schema makes a prepared statement invalid, the package sends it again behind the later ones, and outside of a transaction takes
   * the answer of one for that of another.
   */
  pipelined?: boolean;
};

/** How long a statement of a server may take, in milliseconds: then the connection is given up. */
export const PATIENCE = 60_000;

/** The version that is tested. */
const PACKAGE = 'postgres@3.4.9';
/** Statements of a transaction that wait for their answers. */
const MOST_PIPELINED = 100;
/** Seconds from the socket to the first statement. */
const CONNECT_TIMEOUT = 5;

/**
 * `synchronous_commit`: a commit is acknowledged when it is on the disk. The others let the server notice within half a
 * minute that this process is gone, so that its locks do not keep other replicas out.
 */
const SESSION = {
  application_name: 'openndes',
  synchronous_commit: 'on',
  idle_in_transaction_session_timeout: 30_000,
  tcp_keepalives_idle: 10,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 3,
} as const;

/** Row numbers and moments as numbers, octets as Uint8Array. */
const TYPES = {
  bigint: { to: 20, from: [20], serialize: String, parse: Number },
  bytea: {
    to: 17,
    from: [17],
    serialize: (octets: Uint8Array) => `\\x${Buffer.from(octets).toString('hex')}`,
    parse: (text: string) => new Uint8Array(Buffer.from(text.slice(2), 'hex')),
  },
};

/** To the first host that takes writes. Throws PostgresFault, and ConfigError where the package is missing. */
export async function connectPostgres(connecting: Connecting): Promise<PostgresConnection> {
  const { place } = connecting;
  const make = await driver();
  let last: PostgresFault | undefined;
  for (const server of place.hosts) {
    try {
      return await connectTo(make, server, connecting);
    } catch (error) {
      last = postgresFault({ ...place, hosts: [server] }, error);
    }
  }
  throw last ?? new TypeError(`${placeText(place)} has no host.`);
}

async function driver(): Promise<typeof Postgres> {
  try {
    return (await import('postgres')).default;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new ConfigError(
      'store: PostgreSQL needs the npm package `postgres`, which is not installed',
      `Run: npm install ${PACKAGE}`,
      { cause },
    );
  }
}

type Server = PostgresPlace['hosts'][number];

async function connectTo(make: typeof Postgres, server: Server, connecting: Connecting): Promise<PostgresConnection> {
  const { place, password, patience, pipelined = false } = connecting;
  const { host, port } = server;
  const state = { open: true, inTransaction: false };
  // Every option, because the package reads those that are missing from the environment.
  const options = {
    host,
    port,
    // An option that its types do not know.
    socket: oneSocket({ server, tls: place.tls }),
    database: place.database,
    user: place.user,
    pass: () => password?.() ?? '',
    // By the socket.
    ssl: false,
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: CONNECT_TIMEOUT,
    keep_alive: 10,
    max_pipeline: pipelined ? MOST_PIPELINED : 0,
    prepare: true,
    fetch_types: false,
    types: TYPES,
    connection: SESSION,
    onnotice: () => {},
    onclose: () => void (state.open = false),
  };
  const sql = make(options);
  const giveUp = (): void => {
    state.open = false;
    void sql.end({ timeout: 0 });
  };
  const connection = connectionOver(sql, { place: { ...place, hosts: [server] }, state, patience, giveUp });
  try {
    await assertWritable(sql);
    return connection;
  } catch (error) {
    giveUp();
    throw error;
  }
}

async function assertWritable(sql: Postgres.Sql): Promise<void> {
  const [row] = await sql.unsafe<{ transaction_read_only: string }[]>('show transaction_read_only');
  if (row?.transaction_read_only !== 'on') return;
  throw Object.assign(new Error('it takes no writes'), { code: '25006' });
}

type Over = {
  place: PostgresPlace;
  state: { open: boolean; inTransaction: boolean };
  patience: number | undefined;
  giveUp: () => void;
};

function connectionOver(sql: Postgres.Sql, { place, state, patience, giveUp }: Over): PostgresConnection {
  async function run<Row>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    // The package would write to a socket that is gone.
    if (!state.open) throw postgresFault(place, Object.assign(new Error('closed'), { code: 'CONNECTION_CLOSED' }));
    const timer = patience === undefined ? undefined : setTimeout(giveUp, patience);
    try {
      const result = await sql.unsafe(text, parameters.map(storable) as never[], { prepare: true });
      follow(text, result.command);
      return { rows: result as unknown as Row[], numAffectedRows: BigInt(result.count ?? 0) };
    } catch (error) {
      if (!isOfStatement(error)) giveUp();
      if (text === 'commit' && !state.open) throw unknownOutcome(place, error);
      throw postgresFault(place, error);
    } finally {
      clearTimeout(timer);
    }
  }

  function follow(text: string, command: string): void {
    if (text.startsWith('begin')) state.inTransaction = true;
    if (text === 'commit' || text === 'rollback') state.inTransaction = false;
    // What PostgreSQL answers, without an error, to the commit of a transaction in which a statement failed.
    if (text === 'commit' && command !== 'COMMIT')
      throw new Error('the transaction was rolled back, because a statement of it failed');
  }

  return {
    run,
    isOpen: () => state.open,
    inTransaction: () => state.open && state.inTransaction,
    async close() {
      state.open = false;
      await sql.end({ timeout: 5 });
    },
  };
}

/**
 * Whether the connection lives on after this error. The package answers a statement after the others never: it rejects
 * before it notices that the socket is closed.
 */
const isOfStatement = (error: unknown): boolean => (error as { severity?: unknown } | undefined)?.severity === 'ERROR';

const unknownOutcome = (place: PostgresPlace, error: unknown): PostgresFault =>
  new PostgresFault(place, {
    code: postgresFault(place, error).code,
    reason: 'the connection was lost during a commit, which may have happened or not',
    remedy: 'The client repeats its request, and gets what is recorded.',
    mayBeRecorded: true,
  });

/** PostgreSQL has no NUL in text; U+FFFD stands for what cannot be written. */
const storable = (value: unknown): unknown =>
  typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value;
