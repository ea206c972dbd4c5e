/** One-time passwords that were issued: only their hashes, and only until a day after they expire. */
import { createHash } from 'node:crypto';
import { DAY } from '../core/durations.ts';
import type { ChallengeBinding, NewChallenge, StoredChallenge } from '../core/records.ts';
import { isConsumed, markOf } from './consumed-challenges.ts';
import type { Database, Moment } from './tables.ts';

/** For how long an expired password is still recognised as expired; afterwards it is unknown. */
const REMEMBERED = DAY;

/** Returns false, and writes nothing, when `most` passwords of the endpoint are neither used nor expired. */
export async function addChallenge(tx: Database, challenge: NewChallenge, most: number): Promise<boolean> {
  const { endpoint, password, createdAt, expiresAt, binding } = challenge;
  const now = createdAt.getTime();
  await forget(tx, endpoint, now - REMEMBERED);
  if ((await outstanding(tx, endpoint, now)) >= most) return false;
  await tx
    .insertInto('challenges')
    .values({
      mark: markOf(idOf(endpoint, password)),
      endpoint,
      created_at: now,
      expires_at: expiresAt.getTime(),
      binding: binding ? JSON.stringify(binding) : null,
    })
    .execute();
  return true;
}

/** Undefined for a password that was not issued for this endpoint, or that expired more than a day ago. */
export async function findChallenge(
  db: Database,
  endpoint: string,
  password: string,
): Promise<StoredChallenge | undefined> {
  const id = idOf(endpoint, password);
  const row = await db
    .selectFrom('challenges')
    .select(['expires_at', 'binding'])
    .where('mark', '=', markOf(id))
    .executeTakeFirst();
  if (!row) return undefined;
  const binding = row.binding === null ? undefined : (JSON.parse(row.binding) as ChallengeBinding);
  return { id, expiresAt: new Date(row.expires_at), used: await isConsumed(db, id), ...(binding && { binding }) };
}

async function outstanding(tx: Database, endpoint: string, now: Moment): Promise<number> {
  const { count } = await tx
    .selectFrom('challenges')
    .leftJoin('consumed_challenges', 'consumed_challenges.id', 'challenges.mark')
    .select(({ fn }) => fn.countAll<number | bigint | string>().as('count'))
    .where('endpoint', '=', endpoint)
    .where('expires_at', '>', now)
    .where('consumed_challenges.id', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** With their marks, which are of no use without them. */
async function forget(tx: Database, endpoint: string, before: Moment): Promise<void> {
  const old = tx
    .selectFrom('challenges')
    .select('mark')
    .where('endpoint', '=', endpoint)
    .where('expires_at', '<', before);
  await tx.deleteFrom('consumed_challenges').where('id', 'in', old).execute();
  await tx.deleteFrom('challenges').where('endpoint', '=', endpoint).where('expires_at', '<', before).execute();
}

/** The same password at two endpoints is two challenges. */
const idOf = (endpoint: string, password: string): string =>
  createHash('sha256').update(`${endpoint.length}:${endpoint}${password}`).digest('hex');
