/** The conditions of a search over certificates as SQL, each to be asked of one row. */
import { type Expression, expressionBuilder, type SqlBool, sql } from 'kysely';
import type { CertificateQuery, SearchedPlace, ShownState, Span } from '../core/search-store.ts';
import { containsSubject, isState } from './listed-certificates.ts';
import type { Tables } from './tables.ts';

/** Asked of a row of `certificates`. */
export type RowCondition = Expression<SqlBool>;

const where = expressionBuilder<Pick<Tables, 'certificates'>, 'certificates'>();

/** All conditions of the query but those of `terms` and `names`, which other tables answer. */
export function conditionsOf({ state, subject, places, ends, recorded, now }: CertificateQuery): RowCondition {
  return where.and([
    ...(state ? [inState(state, now)] : []),
    ...(subject === undefined ? [] : [containsSubject(subject)]),
    ...(places ? [inPlaces(places)] : []),
    ...(ends ? within('not_after', ends) : []),
    ...(recorded ? recordedIn(recorded) : []),
  ]);
}

/** As lists show it at `now`. */
export function inState(state: ShownState, now: Date): RowCondition {
  if (state === 'issued' || state === 'revoked') return isState(state);
  return where.and([
    isState('delivered'),
    where('certificates.not_after', state === 'expired' ? '<' : '>=', now.getTime()),
  ]);
}

/** None of no places. `issuer` of the table is a row of `issuers`. */
export const inPlaces = (places: readonly SearchedPlace[]): RowCondition =>
  where.or(
    groupsOf(places).map(({ endpoints, issuerIds }) =>
      where.and([
        where('certificates.endpoint', 'in', endpoints),
        where('certificates.issuer', 'in', issuerRows(issuerIds)),
      ]),
    ),
  );

/** Endpoints with the same issuers together: there can be hundreds, and a statement may not have a condition for each. */
export function groupsOf(places: readonly SearchedPlace[]): { endpoints: string[]; issuerIds: readonly string[] }[] {
  const groups = Map.groupBy(places, ({ issuerIds }) => issuerIds.join());
  return [...groups.values()].map((all) => ({
    endpoints: all.map(({ endpoint }) => endpoint),
    issuerIds: all[0]?.issuerIds ?? [],
  }));
}

/** Rows of issuers, as a query. */
export const issuerRows = (issuerIds: readonly string[]) =>
  sql<number>`(select id from issuers where issuer_id in (${issuerIds.length > 0 ? sql.join(issuerIds) : sql.lit('')}))`;

const within = (column: 'not_after', { from, before }: Span): RowCondition[] => [
  ...(from ? [where(`certificates.${column}`, '>=', from.getTime())] : []),
  ...(before ? [where(`certificates.${column}`, '<', before.getTime())] : []),
];

const RECORDED = sql<number>`coalesce(certificates.imported_at, certificates.issued_at)`;

const recordedIn = ({ from, before }: Span): RowCondition[] => [
  ...(from ? [sql<boolean>`${RECORDED} >= ${from.getTime()}`] : []),
  ...(before ? [sql<boolean>`${RECORDED} < ${before.getTime()}`] : []),
];
