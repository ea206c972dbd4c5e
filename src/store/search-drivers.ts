/** What a search over certificates can begin with: queries of an index that name every certificate that can be in the result, and others. */
import { type RawBuilder, sql } from 'kysely';
import type { CertificateQuery, SearchTerms } from '../core/search-store.ts';
import { groupsOf, issuerRows } from './search-conditions.ts';
import { withName } from './listed-certificates.ts';
import { folded } from './searchable-names.ts';
import type { Database } from './tables.ts';
import { withThumbprint } from './thumbprint-runs.ts';

/** `rows`: gives `id`s of certificates, some twice. `kind`: of `terms` and `names` no condition on a certificate can be made. */
export type Driver = { kind: 'terms' | 'names' | 'column'; rows: RawBuilder<{ id: number }> };

/** `ids`: the rows among which those of `recorded` are. */
export type IdSpan = { from?: number; before?: number };

/** Those of a query, each of which alone is enough. None: then all certificates are read. */
export function driversOf(db: Database, query: CertificateQuery, ids: IdSpan): Driver[] {
  const { terms, names, places } = query;
  return [
    ...(terms ? [{ kind: 'terms' as const, rows: byTerms(db, terms) }] : []),
    ...(names ? [{ kind: 'names' as const, rows: sql<{ id: number }>`${withName(db, names)}` }] : []),
    ...[
      ...byState(query),
      ...byEnds(query),
      ...(isBounded(ids) ? [between('id', ids)] : []),
      ...(places ? [byPlaces(places)] : []),
    ].map((rows) => ({ kind: 'column' as const, rows })),
  ];
}

type Ids = RawBuilder<{ id: number }>;
type Bounds = { from?: number | undefined; before?: number | undefined };

function byState({ state }: CertificateQuery): Ids[] {
  if (state === 'revoked') return [sql<{ id: number }>`select id from certificates where state = 'revoked'`];
  // Each has a notification that is not acknowledged.
  if (state === 'issued')
    return [sql<{ id: number }>`select certificate_id as id from notifications where certificate_id is not null`];
  return [];
}

function byEnds({ state, ends, now }: CertificateQuery): Ids[] {
  const before = Math.min(ends?.before?.getTime() ?? Infinity, state === 'expired' ? now.getTime() : Infinity);
  const bounds = { from: ends?.from?.getTime(), before: before === Infinity ? undefined : before };
  return isBounded(bounds) ? [between('not_after', bounds)] : [];
}

const isBounded = ({ from, before }: Bounds): boolean => from !== undefined || before !== undefined;

const between = (column: 'id' | 'not_after', { from, before }: Bounds): Ids =>
  sql<{ id: number }>`select id from certificates where ${sql.join(
    [
      ...(from === undefined ? [] : [sql`${sql.ref(column)} >= ${from}`]),
      ...(before === undefined ? [] : [sql`${sql.ref(column)} < ${before}`]),
    ],
    sql` and `,
  )}`;

const NONE = sql<{ id: number }>`select id from certificates where 1 = 0`;

const byPlaces = (places: NonNullable<CertificateQuery['places']>): Ids => {
  const parts = groupsOf(places).map(
    ({ endpoints, issuerIds }) =>
      sql`select id from certificates where endpoint in (${sql.join(endpoints)}) and issuer in ${issuerRows(issuerIds)}`,
  );
  return parts.length === 0 ? NONE : sql<{ id: number }>`${sql.join(parts, sql` union all `)}`;
};

/** Sorts after every character, and after every hexadecimal digit, where text is ordered by its octets. */
const AFTER_TEXT = '\u{10ffff}';
const AFTER_DIGITS = 'g';

/** What one of the terms finds. */
function byTerms(db: Database, { name, serialPrefix, thumbprint }: SearchTerms): RawBuilder<{ id: number }> {
  const parts = [
    ...(name?.kinds ?? []).map((kind) => {
      const { value } = folded({ kind, value: name?.beginning ?? '' });
      return sql`select certificate_id as id from names where kind = ${kind} and value >= ${value} and value < ${value + AFTER_TEXT}`;
    }),
    ...(serialPrefix === undefined
      ? []
      : [
          sql`select certificate_id as id from serials where serial >= ${serialPrefix} and serial < ${serialPrefix + AFTER_DIGITS}`,
        ]),
    ...(thumbprint === undefined ? [] : [withThumbprint(db, thumbprint)]),
  ];
  return parts.length === 0 ? NONE : sql<{ id: number }>`${sql.join(parts, sql` union all `)}`;
}
