/** Searches over the history, each in a bounded amount of work. */
import { expressionBuilder, type Expression, type SqlBool, sql } from 'kysely';
import type { AuditQuery, FoundEntries, SearchPage } from '../core/search-store.ts';
import type { AuditEvent } from '../core/records.ts';
import { entries, fromRow } from './audit.ts';
import { padded } from './chained-entries.ts';
import { type Dated, idsOf } from './id-spans.ts';
import { groupsOf, issuerRows } from './search-conditions.ts';
import { cursorIn, cursorOf } from './search-order.ts';
import { certificateRow } from './serials.ts';
import type { Database, Tables } from './tables.ts';

/** Entries that one call reads at most, beside those that it returns. */
const MOST = 20_000;

const DATED: Dated = { table: 'audit', moment: sql<number>`at` };

/** What every enrolment writes. */
const ORDINARY = ['issued', 'delivered', 'notified', 'pending'] as const satisfies readonly AuditEvent[];

/** What is not a step of an ordinary enrolment. The index of the same condition finds it, because this is its text. */
export const NOTABLE = sql<boolean>`(actor in ('person', 'program') or event not in (${sql.join(ORDINARY.map((event) => sql.lit(event)))}))`;

const where = expressionBuilder<Pick<Tables, 'audit'>, 'audit'>();

/** See SearchStore. */
export async function searchAudit(
  db: Database,
  query: AuditQuery,
  { limit, cursor }: SearchPage,
): Promise<FoundEntries> {
  const after = cursor === undefined ? undefined : cursorIn(cursor, 'newest').id;
  const ids = query.at ? await idsOf(db, DATED, query.at) : {};
  const before = Math.min(after ?? Infinity, ids.before ?? Infinity);
  const row = query.certificate && ((await certificateRow(db, query.certificate)) ?? 0);
  const span = [
    ...(row === undefined ? [] : [sql<boolean>`certificate_id = ${row}`]),
    ...(before === Infinity ? [] : [sql<boolean>`id < ${before}`]),
    ...(ids.from === undefined ? [] : [sql<boolean>`id >= ${ids.from}`]),
    ...(isNotable(query) ? [NOTABLE] : []),
  ];
  return walk(db, { query, span, limit });
}

const isNotable = ({ notable, events, actors }: AuditQuery): boolean =>
  notable === true ||
  (events?.every((event) => !(ORDINARY as readonly AuditEvent[]).includes(event)) ?? false) ||
  (actors?.every((kind) => kind === 'person' || kind === 'program') ?? false);

type Condition = Expression<SqlBool>;
type Walk = { query: AuditQuery; span: Condition[]; limit: number };

/** Reads on in ever larger steps, until there is more than a page, or nothing left, or `MOST` were read. */
async function walk(db: Database, { query, span, limit }: Walk): Promise<FoundEntries> {
  const conditions = conditionsOf(query);
  const found: number[] = [];
  let examined: number | undefined;
  for (let [read, size] = [0, 2 * limit]; read < MOST && found.length <= limit; size *= 8) {
    const most = Math.min(size, MOST - read);
    const past = examined === undefined ? [] : [sql<boolean>`id < ${examined}`];
    const source = sql`select id, at, event, endpoint, actor, actor_name, source, detail, certificate_id from audit
      where ${sql.join([sql`true`, ...span, ...past], sql` and `)} order by id desc limit ${most}`;
    const { rows } = await sql<{ id: number; holds: number | boolean }>`select id, (${where.and(conditions)}) as holds
      from (${source}) as audit`.execute(db);
    found.push(...rows.filter(({ holds }) => Boolean(holds)).map(({ id }) => id));
    read += most;
    examined = rows.length < most ? undefined : rows.at(-1)?.id;
    if (examined === undefined) break;
  }
  const page = found.slice(0, limit);
  const next = found.length > limit ? page.at(-1) : examined;
  return {
    entries: await whole(db, page),
    ...(next !== undefined && { next: cursorOf({ id: next, not_after: 0 }, 'newest') }),
  };
}

function conditionsOf({ events, actors, actor, sources, detail, endpoint, places, at }: AuditQuery): Condition[] {
  return [
    ...(events ? [isOneOf('event', events)] : []),
    ...(actors ? [isOneOf('actor', actors)] : []),
    ...(sources ? [isOneOf('source', sources)] : []),
    ...(actor === undefined ? [] : [contains('actor_name', actor)]),
    ...(detail === undefined ? [] : [contains('detail', detail)]),
    ...(endpoint === undefined ? [] : [where('audit.endpoint', '=', endpoint)]),
    ...(places ? [where.or(inPlaces(places))] : []),
    ...(at?.from ? [where('audit.at', '>=', at.from.getTime())] : []),
    ...(at?.before ? [where('audit.at', '<', at.before.getTime())] : []),
  ];
}

const isOneOf = (column: 'event' | 'actor' | 'source', values: readonly string[]): Condition =>
  values.length === 0 ? sql<boolean>`1 = 0` : sql<boolean>`${sql.ref(`audit.${column}`)} in (${sql.join(values)})`;

// Neither database folds all letters alike in its SQL: those beyond ASCII are compared as they are.
const contains = (column: 'actor_name' | 'detail', text: string): Condition =>
  sql<boolean>`lower(${sql.ref(`audit.${column}`)}) like ${`%${asciiFolded(text).replace(/[\\%_]/g, '\\$&')}%`} escape '\\'`;

const asciiFolded = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

type Places = NonNullable<AuditQuery['places']>;

const inPlaces = (places: Places): Condition[] =>
  [true, false].flatMap((bare) =>
    groupsOf(places.filter((place) => place.bare === bare)).map(
      ({ endpoints, issuerIds }) => sql<boolean>`(audit.endpoint in (${sql.join(endpoints)})
        and ((audit.certificate_id is null and ${sql.lit(bare)}) or exists (select 1 from serials
          where serials.certificate_id = audit.certificate_id and serials.issuer in ${issuerRows(issuerIds)})))`,
    ),
  );

/** The entries in these rows, in this order. */
async function whole(db: Database, ids: readonly number[]): Promise<FoundEntries['entries']> {
  if (ids.length === 0) return [];
  const rows = await entries(db).where('audit.id', 'in', padded(ids)).execute();
  return rows.map((row) => ({ id: row.id, ...fromRow(row) }));
}
