/** kysely's query builder over the function of an engine that runs a query: kysely has no connection and no transaction. */
import {
  type CompiledQuery,
  DefaultQueryExecutor,
  type DialectAdapter,
  DummyDriver,
  Kysely,
  type QueryCompiler,
  type QueryResult,
} from 'kysely';
import type { Database, Tables } from './tables.ts';

/** Runs one compiled query. */
export type RunQuery = <Row>(query: CompiledQuery) => Promise<QueryResult<Row>>;

/** Hands every query to `run`. All of one engine share the adapter, by which `prepared` knows them. */
export function kyselyOver(adapter: DialectAdapter, compiler: QueryCompiler): (run: RunQuery) => Database {
  const dialect = {
    createAdapter: () => adapter,
    createQueryCompiler: () => compiler,
    createDriver: () => driver,
    createIntrospector: unsupported,
  };
  const driver = new NoDriver();
  return (run) =>
    new Kysely<Tables>({ config: { dialect }, dialect, driver, executor: new Executor(run, compiler, adapter) });
}

class Executor extends DefaultQueryExecutor {
  readonly #run: RunQuery;

  constructor(run: RunQuery, compiler: QueryCompiler, adapter: DialectAdapter) {
    super(compiler, adapter, { provideConnection: unsupported });
    this.#run = run;
  }

  override executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#run<R>(query);
  }
}

/** kysely's own transactions would pass the engine by. */
class NoDriver extends DummyDriver {
  override acquireConnection = unsupported;
}

function unsupported(): never {
  throw new TypeError('Transactions of the store are run by `transact`, not by kysely.');
}
