/** One-time passwords that were issued: only their hashes, and only until a day after they expire. */
import { createHash } from 'node:crypto';
import { DAY } from '../core/durations.ts';
import type {
  ChallengeBinding,
  ChallengeOrigin,
  NewChallenge,
  StoredChallenge,
  UsedChallenge,
} from '../core/records.ts';
import { isConsumed, markOf } from './consumed-challenges.ts';
import { prepared } from './prepared.ts';
import type { Database, Moment } from './tables.ts';

/** For how long an expired password is still recognised as expired; afterwards it is unknown. */
const REMEMBERED = DAY;

/** Returns false, and writes nothing, when `most` passwords of the endpoint are neither used nor expired. */
export async function addChallenge(tx: Database, challenge: NewChallenge, most: number): Promise<boolean> {
  const { endpoint, password, createdAt, expiresAt, binding, origin } = challenge;
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
      origin: origin ? JSON.stringify(origin) : null,
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

const byMark = prepared((db, { mark }: { mark: string }) =>
  db.selectFrom('challenges').select(['created_at', 'origin']).where('mark', '=', mark),
);

/** What the history says of a challenge that is used up; undefined for one of another kind, or of unknown origin. */
export async function usedChallenge(tx: Database, id: string): Promise<UsedChallenge | undefined> {
  const [row] = (await byMark(tx, { mark: markOf(id) })).rows;
  if (!row || row.origin === null) return undefined;
  return { ...(JSON.parse(row.origin) as ChallengeOrigin), createdAt: new Date(row.created_at) };
}

/** A UsedChallenge as the history keeps it: the password itself is forgotten a day after it has expired. */
export const encodeChallenge = ({ createdAt, ...origin }: UsedChallenge): string =>
  JSON.stringify({ ...origin, createdAt: createdAt.getTime() });

/** The reverse of `encodeChallenge`. */
export function decodeChallenge(text: string): UsedChallenge {
  const { createdAt, ...origin } = JSON.parse(text) as ChallengeOrigin & { createdAt: number };
  return { ...origin, createdAt: new Date(createdAt) };
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
