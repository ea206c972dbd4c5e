/** Lists of certificates: each condition of a filter as SQL, with an index behind each but one that selects few of many. */
import { type Expression, expressionBuilder, type SqlBool, sql } from 'kysely';
import type { CertificateName, CertificateState, StoredCertificate } from '../core/records.ts';
import type { CertificateFilter } from '../core/store.ts';
import { fromRow, selectCertificates } from './certificate-rows.ts';
import { folded } from './searchable-names.ts';
import { certificateRow } from './serials.ts';
import type { Database, Tables } from './tables.ts';
import { withThumbprint } from './thumbprint-runs.ts';

/** Newest first. */
export async function listCertificates(db: Database, filter: CertificateFilter): Promise<StoredCertificate[]> {
  const { limit } = filter;
  const rows = await selectCertificates(db)
    .where(await allOf(db, filter))
    .orderBy('certificates.id', 'desc')
    .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
    .execute();
  return rows.map(fromRow);
}

/** Of the whole list. */
export async function countCertificates(db: Database, filter: CertificateFilter): Promise<number> {
  const { number } = await db
    .selectFrom('certificates')
    .select(({ fn }) => fn.countAll<number | bigint | string>().as('number'))
    .where(await allOf(db, filter))
    .executeTakeFirstOrThrow();
  return Number(number);
}

type Condition = Expression<SqlBool>;

const where = expressionBuilder<Pick<Tables, 'certificates'>, 'certificates'>();

async function allOf(db: Database, filter: CertificateFilter): Promise<Condition> {
  const { endpoint, state, subject, cn, names, thumbprint, serialPrefix, ends = {}, after } = filter;
  const last = after && ((await certificateRow(db, after)) ?? 0);
  const conditions: (Condition | undefined | false)[] = [
    endpoint !== undefined && where('certificates.endpoint', '=', endpoint),
    state && isState(state),
    subject !== undefined && containsSubject(subject),
    cn !== undefined && among(withCommonName(db, cn)),
    names && among(withName(db, names)),
    thumbprint !== undefined && among(sql`(${withThumbprint(db, thumbprint)})`),
    serialPrefix !== undefined && among(beginningWith(db, serialPrefix)),
    // Most certificates have not ended: this alone is no reason to read an index.
    ends.from && where('certificates.not_after', '>=', ends.from.getTime()),
    ends.before && among(endingBefore(db, ends.before)),
    last !== undefined && where('certificates.id', '<', last),
  ];
  return where.and(conditions.filter((each) => each !== undefined && each !== false));
}

/** By rows, so that SQLite takes them from the other index and still reads the certificates in the order of the list. */
const among = (rows: Expression<{ id: number }>): Condition => sql<boolean>`certificates.id in ${rows}`;

/** In the text of the query and no parameter, because only so it matches the condition of a partial index. */
export const isState = (state: CertificateState) => sql<boolean>`certificates.state = ${sql.lit(state)}`;

/** LIKE has two wildcards of its own, which in a subject are ordinary characters. */
export const containsSubject = (text: string) =>
  sql<boolean>`certificates.subject_folded like ${`%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`} escape '\\'`;

/** Rows of certificates that have one of these names. */
export const withName = (db: Database, names: readonly CertificateName[]) =>
  db
    .selectFrom('names')
    .select('certificate_id as id')
    .where((name) =>
      name.or(
        names.map(folded).map(({ kind, value }) => name.and([name('kind', '=', kind), name('value', '=', value)])),
      ),
    );

/** Sorts after every character where text is ordered by its octets. */
const AFTER_TEXT = '\u{10ffff}';

function withCommonName(db: Database, beginning: string) {
  const { kind, value } = folded({ kind: 'cn', value: beginning });
  return db
    .selectFrom('names')
    .select('certificate_id as id')
    .where('kind', '=', kind)
    .where('value', '>=', value)
    .where('value', '<', value + AFTER_TEXT);
}

/** Sorts after every hexadecimal digit; see transactions.ts. */
const AFTER_DIGITS = 'g';

const beginningWith = (db: Database, prefix: string) =>
  db
    .selectFrom('serials')
    .select('certificate_id as id')
    .where('serial', '>=', prefix)
    .where('serial', '<', prefix + AFTER_DIGITS);

const endingBefore = (db: Database, before: Date) =>
  db.selectFrom('certificates as other').select('other.id').where('other.not_after', '<', before.getTime());
