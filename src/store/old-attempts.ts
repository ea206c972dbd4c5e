/** Removes attempts: those that are old or too many, and those of one person. */
import { foldedName, searchedNames, type StoredAttempt } from '../core/attempt-store.ts';
import { attemptInRow, findAttempts } from './recorded-attempts.ts';
import type { GroupCommit } from './batch.ts';
import { padded } from './chained-entries.ts';
import type { Database } from './tables.ts';

/** Attempts that are removed together: every statement of a transaction keeps others waiting. */
const PAGE = 500;

/** See AttemptStore. They are written in the order of their time, nearly. */
export async function removeAttempts(
  db: Database,
  write: GroupCommit['write'],
  { before, limit }: { before: Date; limit: number },
): Promise<number> {
  const oldest = db.selectFrom('attempts').select(['id', 'at']).where('id', '>', 0).orderBy('id').limit(limit);
  const old = (await oldest.execute()).filter(({ at }) => at < before.getTime()).map(({ id }) => id);
  await removeRows(write, old);
  return old.length;
}

/** See AttemptStore. */
export async function trimEndpoints(db: Database, write: GroupCommit['write'], keep: number): Promise<number> {
  let removed = 0;
  for (const endpoint of await endpointsOf(db)) {
    const last = await nthNewest(db, endpoint, keep);
    if (last !== undefined) removed += await removeBelow(db, write, { endpoint, last });
  }
  return removed;
}

async function removeBelow(
  db: Database,
  write: GroupCommit['write'],
  { endpoint, last }: { endpoint: string; last: number },
): Promise<number> {
  let removed = 0;
  for (;;) {
    const rows = await db
      .selectFrom('attempts')
      .select('id')
      .where('endpoint', '=', endpoint)
      .where('id', '<', last)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    await removeRows(
      write,
      rows.map(({ id }) => id),
    );
    removed += rows.length;
    if (rows.length < PAGE) return removed;
  }
}

/** One after the other, by the index. */
async function endpointsOf(db: Database): Promise<string[]> {
  const found: string[] = [];
  for (let next = await endpointFrom(db, '>=', ''); next !== undefined; ) {
    found.push(next);
    next = await endpointFrom(db, '>', next);
  }
  return found;
}

const endpointFrom = async (db: Database, beyond: '>' | '>=', endpoint: string): Promise<string | undefined> =>
  (
    await db
      .selectFrom('attempts')
      .select('endpoint')
      .where('endpoint', beyond, endpoint)
      .orderBy('endpoint')
      .limit(1)
      .executeTakeFirst()
  )?.endpoint;

/** Entries of the index that one statement passes: a few milliseconds, in which SQLite keeps everything else waiting. */
const PASSED = 10_000;

/** The id of this one; undefined where there are fewer. */
async function nthNewest(db: Database, endpoint: string, number: number): Promise<number | undefined> {
  let last: number | undefined;
  for (let left = number; left > 0; left -= PASSED) {
    last = await passed(db, { endpoint, before: last, number: Math.min(left, PASSED) });
    if (last === undefined) return undefined;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return last;
}

type Passed = { endpoint: string; before: number | undefined; number: number };

async function passed(db: Database, { endpoint, before, number }: Passed): Promise<number | undefined> {
  let query = db.selectFrom('attempts').select('id').where('endpoint', '=', endpoint);
  if (before !== undefined) query = query.where('id', '<', before);
  const nth = query.orderBy('id', 'desc').offset(number - 1);
  return (await nth.limit(1).executeTakeFirst())?.id;
}

/** See AttemptStore. */
export async function trimAttempts(
  db: Database,
  write: GroupCommit['write'],
  { name, keep }: { name: string; keep: number },
): Promise<number> {
  const rows = await db
    .selectFrom('attempt_names')
    .select('attempt')
    .where('value', '=', foldedName(name))
    .orderBy('attempt', 'desc')
    .offset(keep)
    .limit(10 * PAGE)
    .execute();
  await removeRows(
    write,
    rows.map(({ attempt }) => attempt),
  );
  return rows.length;
}

async function removeRows(write: GroupCommit['write'], ids: readonly number[]): Promise<void> {
  for (let at = 0; at < ids.length; at += PAGE) {
    const some = padded(ids.slice(at, at + PAGE));
    await write((tx) => deleteAttempts(tx, some));
  }
}

/** With the names by which they are found: these are read first, because their table is in the order of the names. */
export async function deleteAttempts(tx: Database, ids: number[]): Promise<void> {
  const rows = await tx.selectFrom('attempts').selectAll().where('id', 'in', ids).execute();
  for (const { id, ...attempt } of rows.map(attemptInRow))
    await tx
      .deleteFrom('attempt_names')
      .where('value', 'in', searchedNames(attempt))
      .where('attempt', '=', id)
      .execute();
  await tx.deleteFrom('attempts').where('id', 'in', ids).execute();
}

/** At most. */
const OF_PERSON = 10_000;

/** Those with exactly this name, and what else belongs to the same transactions, such as polls. Oldest first. */
export async function attemptsOf(db: Database, name: string): Promise<StoredAttempt[]> {
  const own = await findAttempts(db, { name, limit: OF_PERSON });
  const found = new Map(own.map((each) => [each.id, each]));
  for (const transaction of new Set(own.flatMap(({ transactionId }) => transactionId ?? [])))
    for (const each of await findAttempts(db, { name: transaction, limit: OF_PERSON })) found.set(each.id, each);
  return [...found.values()].sort((a, b) => a.id - b.id);
}
