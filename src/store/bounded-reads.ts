/** What a search over certificates reads: the few that an index names, or the next ones of the list. */
import { type RawBuilder, sql } from 'kysely';
import type { BoundedCount, CertificateQuery, SearchTerms } from '../core/search-store.ts';
import { padded } from './chained-entries.ts';
import { conditionsOf } from './search-conditions.ts';
import { type Driver, driversOf, type IdSpan } from './search-drivers.ts';
import { type ListedRow, type ListOrder, type ListPlace, orderOf, pastPlace } from './search-order.ts';
import type { Database } from './tables.ts';
import { rowsWithTerm } from './terms-in-rows.ts';

/** Certificates that one call reads at most, beside those that it returns. */
export const MOST = 5_000;
/** Rows of one statement, a power of two. */
const AT_ONCE = 1_024;
/** With fewer it does not pay to look for less. */
const FEW = 200;
/** Certificates that are read for one call at most where their names decide. */
const MOST_NAMED = 1_024;
/** Names that are read for one call at most. */
const BROAD = 100_000;

/** Rows that a driver has named, each once. */
export type Few = { kind: Driver['kind']; ids: readonly number[] };

/** Those of the driver that has the fewest; undefined where each has more than `MOST`. */
export async function fewest(db: Database, drivers: readonly Driver[]): Promise<Few | undefined> {
  let best: Few | undefined;
  for (const { kind, rows: driver } of drivers) {
    const most = best?.ids.length ?? MOST;
    const { rows } = await sql<{ id: number }>`select id from (${driver}) as driver limit ${most + 1}`.execute(db);
    if (rows.length <= most) best = { kind, ids: [...new Set(rows.map(({ id }) => id))] };
    if (best && best.ids.length < FEW) return best;
  }
  return best;
}

const COLUMNS = sql`certificates.id, certificates.state, certificates.not_after`;

/** Those of these rows for which all conditions hold. */
export async function matching(db: Database, { kind, ids }: Few, query: CertificateQuery): Promise<ListedRow[]> {
  const { terms, names, now } = query;
  const others = driversOf(db, { now, ...(terms && { terms }), ...(names && { names }) }, {});
  let left = ids;
  for (const other of others) if (other.kind !== kind) left = await both(db, { ...other, terms }, left);
  const found: ListedRow[] = [];
  for (let at = 0; at < left.length; at += AT_ONCE) {
    const { rows } = await sql<ListedRow>`select ${COLUMNS} from certificates
      where id in (${sql.join(padded(left.slice(at, at + AT_ONCE)))}) and ${conditionsOf(query)}`.execute(db);
    found.push(...rows);
  }
  return found;
}

type Asked = Driver & { terms: SearchTerms | undefined };

/** Those that the driver has too. */
async function both(db: Database, { kind, rows: driver, terms }: Asked, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return [];
  if (kind === 'terms' && terms && (await isBroad(db, driver))) return rowsWithTerm(db, ids, terms);
  const { rows } = await sql<{ id: number }>`select id from (${driver}) as driver
    where id in (${sql.join(padded(ids))})`.execute(db);
  return [...new Set(rows.map(({ id }) => id))];
}

/** Whether it has so many that reading them all takes too long. */
async function isBroad(db: Database, driver: Driver['rows']): Promise<boolean> {
  const { rows } = await sql<{ number: number | string }>`select count(*) as number
    from (select id from (${driver}) as driver limit ${BROAD + 1}) as bounded`.execute(db);
  return Number(rows[0]?.number) > BROAD;
}

/** `enough`: with more matches than these it ends. */
export type Walk = { query: CertificateQuery; ids: IdSpan; after?: ListPlace | undefined; enough: number };

/** `examined`: the last row that was read; absent where none is left. */
export type Walked = { rows: ListedRow[]; examined: ListedRow | undefined };

/** Reads on in the order of the list, a bounded number of rows. */
export async function stepThrough(db: Database, { enough, ...walk }: Walk): Promise<Walked> {
  const most = walk.query.terms || walk.query.names ? MOST_NAMED : MOST;
  const rows: ListedRow[] = [];
  let examined: ListedRow | undefined;
  for (let [read, size] = [0, 2 * enough]; read < most && rows.length <= enough; size *= 4) {
    const limit = Math.min(size, most - read);
    const some = await nextRows(db, { ...walk, after: examined ?? walk.after }, limit);
    rows.push(...some.filter(({ holds }) => holds));
    examined = some.at(-1);
    if (some.length < limit) return { rows, examined: undefined };
    read += limit;
  }
  return { rows, examined };
}

/** How many of the next `MOST` rows of the list hold; for a query without names. `more`: there are others. */
export async function countNext(db: Database, walk: Pick<Walk, 'query' | 'ids'>): Promise<BoundedCount> {
  const { rows } = await sql<{ read: number | string; number: number | string | null }>`select count(*) as read,
    sum(case when ${conditionsOf(walk.query)} then 1 else 0 end) as number
    from (${sourceOf(walk, MOST)}) as certificates`.execute(db);
  return { number: Number(rows[0]?.number ?? 0), more: Number(rows[0]?.read) === MOST };
}

type Read = ListedRow & { holds: boolean };

/** The next rows of the list, and whether all conditions hold for each. */
async function nextRows(db: Database, walk: Omit<Walk, 'enough'>, limit: number): Promise<Read[]> {
  if (walk.query.terms || walk.query.names) return nextNamed(db, walk, limit);
  const { rows } = await sql<
    ListedRow & { holds: number | boolean }
  >`select ${COLUMNS}, (${conditionsOf(walk.query)}) as holds
    from (${sourceOf(walk, limit)}) as certificates`.execute(db);
  return rows.map((row) => ({ ...row, holds: Boolean(row.holds) }));
}

/** The next of those that other tables name. Some are named twice. */
async function nextNamed(db: Database, { query, ids, after }: Omit<Walk, 'enough'>, limit: number): Promise<Read[]> {
  const [driver] = driversOf(db, query, {});
  if (!driver) return [];
  const broad = driver.kind === 'terms' && (await isBroad(db, driver.rows));
  const past = sql.join([sql`true`, ...pastPlace(after, 'newest'), ...inSpan(ids)], sql` and `);
  const source = broad
    ? sql<{ id: number }>`select id from (${sourceOf({ query, ids, after }, limit)}) as source`
    : sql<{ id: number }>`select id from (${driver.rows}) as driver where ${past} order by id desc limit ${limit}`;
  const { rows } = await source.execute(db);
  const named = rows.map(({ id }) => id);
  const kind = broad ? 'column' : driver.kind;
  const found = await matching(db, { kind, ids: [...new Set(named)] }, query);
  const held = new Map(found.map((row) => [row.id, row]));
  return named.map((id, at) => ({
    ...(held.get(id) ?? { id, state: 'issued', not_after: 0 }),
    holds: held.has(id) && named[at - 1] !== id,
  }));
}

const inSpan = ({ from, before }: IdSpan) => [
  ...(from === undefined ? [] : [sql`id >= ${from}`]),
  ...(before === undefined ? [] : [sql`id < ${before}`]),
];

/** Rows of `certificates` in the order of the list. */
function sourceOf({ query, ids, after }: Omit<Walk, 'enough'>, limit: number): RawBuilder<unknown> {
  const order = orderOf(query);
  const conditions = [
    sql`true`,
    ...pastPlace(after, order),
    ...inSpan(ids),
    ...(order === 'newest' ? [] : endsOf(query)),
    ...(query.state === 'revoked' ? [sql`state = 'revoked'`] : []),
  ];
  return sql`select id, state, not_after, endpoint, issuer, subject_folded, imported_at, issued_at from certificates
    where ${sql.join(conditions, sql` and `)} order by ${ORDERS[order]} limit ${limit}`;
}

const ORDERS: Readonly<Record<ListOrder, RawBuilder<unknown>>> = {
  newest: sql`id desc`,
  soonest: sql`not_after, id`,
  latest: sql`not_after desc, id desc`,
};

const endsOf = ({ ends, state, now }: CertificateQuery) => [
  ...(ends?.from ? [sql`not_after >= ${ends.from.getTime()}`] : []),
  ...(ends?.before ? [sql`not_after < ${ends.before.getTime()}`] : []),
  ...(state === 'expired' ? [sql`not_after < ${now.getTime()}`] : []),
  ...(state === 'delivered' ? [sql`not_after >= ${now.getTime()}`] : []),
];
