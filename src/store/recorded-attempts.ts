/** What devices asked, and what it is found by: written in few statements, because every request is recorded. */
import { sql, type Selectable } from 'kysely';
import {
  type DeviceAttempt,
  type AttemptFilter,
  foldedName,
  searchedNames,
  type StoredAttempt,
} from '../core/attempt-store.ts';
import type { RequestName } from '../core/records.ts';
import { prepared } from './prepared.ts';
import { isNumbered, newId } from './row-ids.ts';
import type { AttemptNameTable, AttemptTable, Database } from './tables.ts';

type Row = Selectable<AttemptTable>;

/** In the order of the values that `valuesOf` has. */
const COLUMNS = [
  'id',
  'at',
  'last_at',
  'times',
  'ms',
  'endpoint',
  'operation',
  'outcome',
  'address',
  'names',
  'message_type',
  'transaction_id',
  'code',
  'detail',
  'reason',
  'intune_code',
  'client_request_id',
  'activity_id',
  'user_agent',
  'subject',
  'serial',
  'thumbprint',
  'status',
] as const satisfies readonly (keyof AttemptTable)[];

type Values = readonly (string | number | null)[];

/** Rows in one statement. */
const ROWS = 16;
const NAMES = 64;

/** One prepared statement for each number of rows. */
const INSERTS = Array.from({ length: ROWS + 1 }, (_, rows) =>
  prepared((db, values: Values) =>
    db.insertInto('attempts').values(Array.from({ length: rows }, (_row, at) => rowAt(COLUMNS, values, at) as Row)),
  ),
);
const NAME_INSERTS = Array.from({ length: NAMES + 1 }, (_, rows) =>
  prepared((db, values: Values) =>
    db
      .insertInto('attempt_names')
      .values(Array.from({ length: rows }, (_row, at) => rowAt(['value', 'attempt'], values, at) as AttemptNameTable)),
  ),
);

const rowAt = (columns: readonly string[], values: Values, row: number): object =>
  Object.fromEntries(columns.map((column, at) => [column, values[row * columns.length + at]]));

/** See AttemptStore. */
export async function recordAttempts(tx: Database, attempts: readonly DeviceAttempt[]): Promise<void> {
  const idOf = await ids(tx);
  const rows: Values[] = [];
  const names: Values[] = [];
  for (const attempt of attempts) {
    const id = idOf();
    rows.push(valuesOf(id, attempt));
    for (const value of searchedNames(attempt)) names.push([value, id]);
  }
  await insert(tx, INSERTS, rows);
  await insert(tx, NAME_INSERTS, names);
}

type Insert = (tx: Database, values: Values) => Promise<unknown>;

async function insert(tx: Database, inserts: readonly Insert[], rows: readonly Values[]): Promise<void> {
  const most = inserts.length - 1;
  for (let at = 0; at < rows.length; at += most) {
    const some = rows.slice(at, at + most);
    await inserts[some.length]?.(tx, some.flat());
  }
}

/** Where the database numbers rows by itself: nobody else writes meanwhile. */
async function ids(tx: Database): Promise<() => number> {
  if (isNumbered(tx)) return () => newId(tx).id ?? 0;
  const row = await tx
    .selectFrom('attempts')
    .select(({ fn }) => fn.max('id').as('last'))
    .executeTakeFirst();
  let last = row?.last ?? 0;
  return () => ++last;
}

const valuesOf = (id: number, attempt: DeviceAttempt): Values => [
  id,
  attempt.at.getTime(),
  (attempt.lastAt ?? attempt.at).getTime(),
  attempt.times,
  attempt.ms,
  attempt.endpoint,
  attempt.operation,
  attempt.outcome,
  attempt.address,
  attempt.names.length === 0 ? '' : JSON.stringify(attempt.names.map(({ kind, value }) => [kind, value])),
  attempt.messageType ?? null,
  attempt.transactionId ?? null,
  attempt.code ?? null,
  attempt.detail ?? null,
  attempt.reason ?? null,
  attempt.intuneCode ?? null,
  attempt.clientRequestId ?? null,
  attempt.activityId ?? null,
  attempt.userAgent ?? null,
  attempt.subject ?? null,
  attempt.serial ?? null,
  attempt.thumbprint ?? null,
  attempt.status ?? null,
];

/** See AttemptStore. */
export async function findAttempts(db: Database, filter: AttemptFilter): Promise<StoredAttempt[]> {
  const { endpoint, endpoints } = filter;
  if (endpoints === undefined) return (await rowsOf(db, filter)).map(attemptInRow);
  const wanted = [...new Set(endpoints)].filter((each) => endpoint === undefined || each === endpoint);
  // One after the other: for a list of endpoints no index has the order.
  const found: Row[] = [];
  for (const each of wanted) found.push(...(await rowsOf(db, { ...filter, endpoint: each })));
  return found
    .toSorted((one, other) => other.id - one.id)
    .slice(0, filter.limit)
    .map(attemptInRow);
}

function rowsOf(db: Database, filter: AttemptFilter): Promise<Row[]> {
  const { name, endpoint, failed, since, before, limit } = filter;
  let query = db.selectFrom('attempts').selectAll().orderBy('id', 'desc').limit(limit);
  if (name !== undefined) query = query.where('id', 'in', idsNamed(db, { ...filter, name }));
  if (endpoint !== undefined) query = query.where('endpoint', '=', endpoint);
  if (failed) query = query.where('code', 'is not', null);
  if (since) query = query.where('at', '>=', since.getTime());
  if (before !== undefined) query = query.where('id', '<', before);
  return query.execute();
}

/** The newest that fulfil all conditions, so that no more of one name are read. */
function idsNamed(db: Database, { name, endpoint, failed, since, before, limit }: AttemptFilter & { name: string }) {
  let named = db
    .selectFrom('attempt_names')
    .select('attempt_names.attempt')
    .where('attempt_names.value', '=', foldedName(name));
  if (before !== undefined) named = named.where('attempt_names.attempt', '<', before);
  if (endpoint !== undefined || failed || since) {
    let joined = named.innerJoin('attempts as their', 'their.id', 'attempt_names.attempt');
    if (endpoint !== undefined) joined = joined.where('their.endpoint', '=', endpoint);
    if (failed) joined = joined.where('their.code', 'is not', null);
    if (since) joined = joined.where('their.at', '>=', since.getTime());
    return joined.orderBy('attempt_names.attempt', 'desc').limit(limit);
  }
  return named.orderBy('attempt_names.attempt', 'desc').limit(limit);
}

/** A row as the store returns it. */
export function attemptInRow(row: Row): StoredAttempt {
  const { id, at, last_at, times, ms, endpoint, operation, outcome, address } = row;
  const attempt = { id, at: new Date(at), times, ms, endpoint, operation, outcome, address, names: namesIn(row.names) };
  const optional = {
    lastAt: last_at === at ? null : new Date(last_at),
    messageType: row.message_type,
    transactionId: row.transaction_id,
    status: row.status,
    code: row.code,
    detail: row.detail,
    reason: row.reason,
    intuneCode: row.intune_code,
    clientRequestId: row.client_request_id,
    activityId: row.activity_id,
    userAgent: row.user_agent,
    subject: row.subject,
    serial: row.serial,
    thumbprint: row.thumbprint,
  };
  return Object.assign(attempt, withoutNull(optional));
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], null> };

const withoutNull = <T extends object>(values: T): Present<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Present<T>;

const namesIn = (text: string): RequestName[] =>
  text === '' ? [] : (JSON.parse(text) as [RequestName['kind'], string][]).map(([kind, value]) => ({ kind, value }));

/** Sorts after every character where text is ordered by its octets. */
const AFTER_TEXT = '\u{10ffff}';

/** See AttemptStore. Looks for one name after the other, so that a name of many attempts costs no more than one of few. */
export async function listAttemptNames(db: Database, beginning: string, limit: number): Promise<string[]> {
  const first = foldedName(beginning);
  const end = first + AFTER_TEXT;
  const found: string[] = [];
  for (let last = await nameFrom(db, { from: first, end }); last !== undefined && found.length < limit; ) {
    found.push(last);
    last = await nameAfter(db, { after: last, end });
  }
  return found;
}

const nameFrom = async (db: Database, bounds: { from: string; end: string }) =>
  (await fromName(db, bounds)).rows[0]?.value;
const nameAfter = async (db: Database, bounds: { after: string; end: string }) =>
  (await afterName(db, bounds)).rows[0]?.value;

const names = (db: Database) => db.selectFrom('attempt_names').select('value').orderBy('value').limit(sql.lit(1));

const fromName = prepared((db, { from, end }: { from: string; end: string }) =>
  names(db).where('value', '>=', from).where('value', '<', end),
);
const afterName = prepared((db, { after, end }: { after: string; end: string }) =>
  names(db).where('value', '>', after).where('value', '<', end),
);
