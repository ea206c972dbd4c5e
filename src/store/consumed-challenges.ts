/** One-time challenges that are used up, by whichever request came first. */
import { createHash } from 'node:crypto';
import { prepared } from './prepared.ts';
import type { ConsumedChallengeTable, Database } from './tables.ts';

const byId = prepared((db, { id }: { id: string }) =>
  db.selectFrom('consumed_challenges').select('id').where('id', '=', id),
);
const insert = prepared((db, row: ConsumedChallengeTable) => db.insertInto('consumed_challenges').values(row));

/** Whether it is used up already. */
export const isConsumed = async (db: Database, challenge: string): Promise<boolean> =>
  (await byId(db, { id: markOf(challenge) })).rows.length > 0;

/** Uses it up. The primary key lets only the first of two processes through. */
export async function consume(tx: Database, challenge: string, at: Date): Promise<void> {
  await insert(tx, { id: markOf(challenge), at: at.getTime() });
}

/** It was used up by a request that got nothing for it. */
export async function giveBack(tx: Database, challenge: string): Promise<void> {
  await tx.deleteFrom('consumed_challenges').where('id', '=', markOf(challenge)).execute();
}

/** What a used challenge leaves behind: SHA-256, because what a policy names may be the challenge itself. */
export const markOf = (challenge: string): string => createHash('sha256').update(challenge).digest('hex');
