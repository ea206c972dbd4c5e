/** The number and the time of the newest revocation list of each CA, which the servers of one store agree on. */
import type { AgreedList, ListWish } from '../core/records.ts';
import type { Selectable } from 'kysely';
import { higher } from './revisions.ts';
import type { Database, Moment, RevocationListTable } from './tables.ts';

type Row = Omit<Selectable<RevocationListTable>, 'published'>;

/** The list that is to be served: the one of before while nothing was revoked and its time is not over, else a new one. */
export async function agreeOnList(tx: Database, issuerId: string, wish: ListWish, at: Date): Promise<AgreedList> {
  const now = at.getTime();
  for (;;) {
    const last = await tx
      .selectFrom('revocation_lists')
      .selectAll()
      .where('issuer_id', '=', issuerId)
      .executeTakeFirst();
    if (last && isCurrent(last, wish, now)) return agreed(last, last.made_at + wish.keep - now);
    const next = {
      issuer_id: issuerId,
      number: Math.max(now, (last?.number ?? 0) + 1),
      revision: wish.revision,
      made_at: now,
    };
    if (await write(tx, next, last)) return agreed(next, wish.keep);
  }
}

/** Milliseconds by which the clocks of two servers of one store may differ. */
const DIFFERENCE = 60_000;

/** One from before the clock was set back is not: it would be kept for too long. */
const isCurrent = (last: Row, { revision, keep }: ListWish, now: Moment): boolean =>
  last.revision >= revision && last.made_at <= now + DIFFERENCE && now < last.made_at + keep;

/** Returns false when another server was first. */
async function write(tx: Database, next: Row, last: Row | undefined): Promise<boolean> {
  if (!last) {
    const insert = tx.insertInto('revocation_lists').values(next);
    const { numInsertedOrUpdatedRows } = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }
  const { numUpdatedRows } = await tx
    .updateTable('revocation_lists')
    .set(next)
    .where('issuer_id', '=', next.issuer_id)
    .where('number', '=', last.number)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

const agreed = ({ number, revision, made_at }: Row, keptFor: number): AgreedList => ({
  number,
  revision,
  madeAt: new Date(made_at),
  keptFor,
});

/** The highest number that was served, this one counted. */
export async function publishList(tx: Database, issuerId: string, number: number): Promise<number> {
  const row = await tx
    .updateTable('revocation_lists')
    .set({ published: higher('published', number) })
    .where('issuer_id', '=', issuerId)
    .returning('published')
    .executeTakeFirst();
  return row?.published ?? number;
}
