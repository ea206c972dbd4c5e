/** Answers of the API by their key: see core/answer-store.ts. */
import type { AnswerStore, EarlierAnswer } from '../core/answer-store.ts';
import { columnType, type Dialect } from './dialect.ts';
import type { Database } from './tables.ts';

/** A part of step 4 of the schema. */
export async function createKeptAnswers(db: Database, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('kept_answers')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('at', columnType(dialect.moment), (column) => column.notNull())
    .addColumn('status', 'integer')
    .addColumn('body', 'text')
    .execute();
  await db.schema.createIndex('kept_answers_by_time').on('kept_answers').column('at').execute();
}

/** Removes what is too old, and then begins. */
export async function beginAnswer(
  tx: Database,
  key: string,
  { fingerprint, forget, at }: Parameters<AnswerStore['beginAnswer']>[1] & { at: Date },
): Promise<EarlierAnswer | undefined> {
  await tx.deleteFrom('kept_answers').where('at', '<', forget.getTime()).execute();
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('kept_answers')
    .values({ key, fingerprint, at: at.getTime(), status: null, body: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows ? undefined : keptAnswer(tx, key);
}

async function keptAnswer(db: Database, key: string): Promise<EarlierAnswer> {
  const { fingerprint, status, body } = await db
    .selectFrom('kept_answers')
    .select(['fingerprint', 'status', 'body'])
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  return { fingerprint, ...(status !== null && body !== null && { answer: { status, body } }) };
}

/** Nothing happens for a key that was not begun. */
export async function keepAnswer(tx: Database, key: string, answer: { status: number; body: string }): Promise<void> {
  await tx.updateTable('kept_answers').set(answer).where('key', '=', key).execute();
}

/** The key can be used again. */
export async function withdrawAnswer(tx: Database, key: string): Promise<void> {
  await tx.deleteFrom('kept_answers').where('key', '=', key).where('status', 'is', null).execute();
}
