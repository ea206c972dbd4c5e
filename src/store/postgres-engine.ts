/** PostgreSQL under kysely's query builder: one connection for what is written, and a few for what is read. */
import { CompiledQuery, type DataTypeNode, PostgresQueryCompiler } from 'kysely';
import { DIALECTS, type Dialect } from './dialect.ts';
import { type Engine, transact } from './engine.ts';
import { kyselyOver } from './kysely-over.ts';
import { type Connecting, connectPostgres, type PostgresConnection, type RunStatement } from './postgres-connection.ts';
import { NumberingAdapter, rowIds } from './row-ids.ts';

/** Connections for what is read outside of a transaction. */
const READERS = 4;

/** `random`: from 0 to 1, spreads the retries and the ids of several servers. `isolation`: of the transactions that write. */
export type PostgresEngineOptions = Connecting & {
  random: () => number;
  isolation?: 'read committed' | 'serializable';
};

/** An engine that connects when it is first needed, and again after a connection is lost. */
export function postgresEngine({ random, isolation = 'read committed', ...connecting }: PostgresEngineOptions): Engine {
  const readers = connectionPool(READERS, () => connectPostgres(connecting));
  const writer = writingConnection(() => connectPostgres({ ...connecting, pipelined: true }));
  const ids = rowIds(random);
  const over = kyselyOver(new NumberingAdapter(ids), new OrderedText());
  const dialect: Dialect = { ...DIALECTS.postgres, begin: `begin isolation level ${isolation}` };
  const engine: Engine = {
    db: over(readers.run),
    dialect,
    inTransaction: writer.inTransaction,
    alone: (work) => writer.alone((run) => work(over(run))),
    async backOff(tries) {
      ids.move();
      await pause((FIRST_PAUSE * 2 ** tries * (1 + random())) / 2);
    },
    useClock: (clock) => ids.follow(clock),
    async close() {
      await Promise.all([readers.close(), writer.close()]);
    },
  };
  return { ...engine, proveSpace: () => proveSpace(engine) };
}

/** Rows that take a megabyte; beyond `work_mem` PostgreSQL writes them into a temporary file, which is gone afterwards. */
const MEGABYTE = 'select count(*) from generate_series(1, 32000)';

/** A row that is written again finds its place on a full disk; only tables that grow would notice. */
const proveSpace = (engine: Engine): Promise<void> =>
  transact(engine, async (tx) => {
    await tx.executeQuery(CompiledQuery.raw("set local work_mem = '64kB'"));
    await tx.executeQuery(CompiledQuery.raw(MEGABYTE));
  });

/** Milliseconds, doubled at each try. */
const FIRST_PAUSE = 10;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

type Open = () => Promise<PostgresConnection>;

/** Transactions one after the other. */
function writingConnection(open: Open) {
  let busy: Promise<void> | undefined;
  let connection: PostgresConnection | undefined;

  async function connected(): Promise<PostgresConnection> {
    if (!connection?.isOpen()) connection = await open();
    return connection;
  }

  async function alone<T>(work: (run: RunStatement) => Promise<T>): Promise<T> {
    while (busy) await busy;
    const { promise, resolve } = Promise.withResolvers<void>();
    busy = promise;
    try {
      return await work((await connected()).run);
    } finally {
      // Its end did not come through: the server ends it with the connection.
      if (connection?.inTransaction()) void connection.close();
      busy = undefined;
      resolve();
    }
  }

  return { alone, inTransaction: () => connection?.inTransaction() ?? false, close: async () => connection?.close() };
}

type Member = { running: number; connection: Promise<PostgresConnection> };

/** Up to `most` connections. A statement goes to one that is free, to a new one, or to the one with the shortest queue. */
function connectionPool(most: number, open: Open) {
  let members: Member[] = [];
  let closed = false;

  function leave(member: Member): void {
    members = members.filter((each) => each !== member);
  }

  function join(): Member {
    const member: Member = { running: 0, connection: open() };
    member.connection.catch(() => leave(member));
    members.push(member);
    return member;
  }

  function choose(): Member {
    const [free] = members.toSorted((a, b) => a.running - b.running);
    return free && (free.running === 0 || members.length === most) ? free : join();
  }

  const run: RunStatement = async (query) => {
    if (closed) throw new Error('The store is closed: the query came after its end.');
    const member = choose();
    member.running += 1;
    try {
      const connection = await member.connection;
      if (connection.isOpen()) return await connection.run(query);
    } finally {
      member.running -= 1;
      void member.connection.then(
        (connection) => !connection.isOpen() && leave(member),
        () => {},
      );
    }
    leave(member);
    return run(query);
  };

  async function close(): Promise<void> {
    closed = true;
    const open = await Promise.allSettled(members.map(({ connection }) => connection));
    await Promise.all(open.map(async (each) => each.status === 'fulfilled' && each.value.close()));
  }

  return { run, close };
}

/** Text is ordered by its octets in every column, as in SQLite, whatever the collation of the database is. */
class OrderedText extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    if (node.dataType === 'text') this.append(' collate "C"');
  }
}
