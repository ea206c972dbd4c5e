/** Queries that kysely builds once instead of at each call: on the way of every enrolment, building costs more than running. */
import type { Compilable, CompiledQuery, DialectAdapter, QueryResult } from 'kysely';
import type { Database } from './tables.ts';

/** Stands in a compiled query for the parameter of this name. */
class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A query as a function of its parameters. `build` runs once for each open database, with stand-ins in place of the
 * values: it may put them into the query, and do nothing else with them. Every call has the same keys.
 */
export function prepared<Parameters extends object, Row>(
  build: (db: Database, parameters: Parameters) => Compilable<Row>,
): (db: Database, parameters: Parameters) => Promise<QueryResult<Row>> {
  const queries = new WeakMap<DialectAdapter, CompiledQuery<Row>>();

  function compile(db: Database, adapter: DialectAdapter, names: string[]): CompiledQuery<Row> {
    const slots = Object.fromEntries(names.map((name) => [name, new Slot(name)]));
    const query = build(db, slots as Parameters).compile();
    queries.set(adapter, query);
    return query;
  }

  return (db, parameters) => {
    // All transactions of one open database share its adapter.
    const { adapter } = db.getExecutor();
    const query = queries.get(adapter) ?? compile(db, adapter, Object.keys(parameters));
    const given = parameters as Readonly<Record<string, unknown>>;
    const values = query.parameters.map((value) => (value instanceof Slot ? given[value.name] : value));
    return db.executeQuery({ ...query, parameters: values });
  };
}
