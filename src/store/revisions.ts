/**
 * The revision of an issuer: it rises with each revocation and each release, in the transaction of that. Rows of their own, which
 * an enrolment neither reads nor locks.
 */
import { type RawBuilder, sql } from 'kysely';
import type { RevocationStanding } from '../core/records.ts';
import { prepared } from './prepared.ts';
import { listId } from './list-shards.ts';
import type { Database } from './tables.ts';

const rise = prepared((db, row: { issuer: number; shard: number }) =>
  db
    .insertInto('revocation_revisions')
    .values({ issuer: row.issuer, crl_shard: row.shard, revision: 1 })
    .onConflict((conflict) =>
      conflict.columns(['issuer', 'crl_shard']).doUpdateSet({ revision: sql`revocation_revisions.revision + 1` }),
    ),
);

/** In the transaction of a revocation or a release. `shard`: that of the certificate. */
export const raiseRevision = async (tx: Database, issuer: number, shard: number): Promise<void> =>
  void (await rise(tx, { issuer, shard }));

/** The certificates of an issuer are of another one from now on: what is cached of that has to be made anew. */
export async function moveRevisions(tx: Database, from: number, to: number): Promise<void> {
  await sql`insert into revocation_revisions (issuer, crl_shard, revision)
    select cast(${to} as integer), crl_shard, revision from revocation_revisions where issuer = ${from}
    on conflict (issuer, crl_shard) do update set revision = revocation_revisions.revision + excluded.revision`.execute(
    tx,
  );
  await tx.deleteFrom('revocation_revisions').where('issuer', '=', from).execute();
}

const standing = prepared((db, { issuerId, list }: { issuerId: string; list: string }) =>
  db.selectNoFrom((eb) => [
    eb
      .selectFrom('revocation_revisions')
      .innerJoin('issuers', 'issuers.id', 'revocation_revisions.issuer')
      .select(({ fn }) => fn.sum<number | string>('revision').as('sum'))
      .where('issuer_id', '=', issuerId)
      .as('revision'),
    eb.selectFrom('revocation_lists').select('published').where('issuer_id', '=', list).as('published'),
  ]),
);

const ofShard = prepared((db, { issuerId, list, shard }: { issuerId: string; list: string; shard: number }) =>
  db.selectNoFrom((eb) => [
    eb
      .selectFrom('revocation_revisions')
      .innerJoin('issuers', 'issuers.id', 'revocation_revisions.issuer')
      .select('revision')
      .where('issuer_id', '=', issuerId)
      .where('crl_shard', '=', shard)
      .as('revision'),
    eb.selectFrom('revocation_lists').select('published').where('issuer_id', '=', list).as('published'),
  ]),
);

/** Zeros before the first revocation and the first list. */
export async function revocationStanding(db: Database, issuerId: string, shard?: number): Promise<RevocationStanding> {
  const list = listId(issuerId, shard);
  const { rows } =
    shard === undefined ? await standing(db, { issuerId, list }) : await ofShard(db, { issuerId, list, shard });
  const [row] = rows;
  return { revision: Number(row?.revision ?? 0), published: row?.published ?? 0 };
}

/** The higher one of two numbers, where `max` is a function of groups on one of the databases. */
export const higher = (column: string, number: number): RawBuilder<number> =>
  sql<number>`case when ${sql.ref(column)} < ${number} then ${number} else ${sql.ref(column)} end`;
