/** All that a store has of one person, to be read. */
import { sql } from 'kysely';
import type { ChainedEntry } from '../core/audit-chain.ts';
import type { PersonPassword, PersonRecords, PersonRequest } from '../core/person.ts';
import type { ChallengeBinding } from '../core/records.ts';
import type { UserKey } from '../core/user-key-store.ts';
import { listBlocks } from './blocks.ts';
import { entriesOf } from './chained-entries.ts';
import { listCertificates } from './listed-certificates.ts';
import { attemptsOf } from './old-attempts.ts';
import { namedIn, PAGE, personNames, personRows, type PersonTransaction } from './person-rows.ts';
import { listUserKeys } from './user-keys.ts';
import type { Database } from './tables.ts';

/** See PersonStore. */
export async function findPerson(db: Database, name: string): Promise<PersonRecords> {
  const isNamed = namedIn(name);
  const { transactions, entries } = await personRows(db, name);
  const certificates = await listCertificates(db, { names: personNames(name) });
  return {
    certificates: certificates.toReversed(),
    requests: transactions.map(personRequest),
    entries: await entriesIn(
      db,
      entries.map(({ id }) => id),
    ),
    blocks: (await listBlocks(db)).filter(({ name: blocked, comment = null }) =>
      [blocked.slice(blocked.indexOf(':') + 1), comment].some(isNamed),
    ),
    passwords: await passwords(db, isNamed),
    directory: await directory(db, name),
    attempts: await attemptsOf(db, name),
    keys: (await listUserKeys(db, { user: name })).map(withoutEscrow),
  };
}

function withoutEscrow(key: UserKey): PersonRecords['keys'][number] {
  const { escrow: _, ...rest } = key;
  return rest;
}

const personRequest = (row: PersonTransaction): PersonRequest => ({
  endpoint: row.endpoint,
  transactionId: row.transaction_id,
  subject: row.subject,
  state: row.state,
  createdAt: new Date(row.created_at),
  updatedAt: new Date(row.updated_at),
});

async function entriesIn(db: Database, ids: readonly number[]): Promise<ChainedEntry[]> {
  const found: ChainedEntry[] = [];
  for (let at = 0; at < ids.length; at += PAGE) found.push(...(await entriesOf(db, ids.slice(at, at + PAGE))));
  return found;
}

async function passwords(db: Database, isNamed: ReturnType<typeof namedIn>): Promise<PersonPassword[]> {
  const rows = await db
    .selectFrom('challenges')
    .select(['endpoint', 'created_at', 'expires_at', 'binding'])
    .where('binding', 'is not', null)
    .orderBy('created_at')
    .execute();
  return rows.flatMap(({ endpoint, binding: text, ...row }) => {
    const binding = JSON.parse(text ?? '') as ChallengeBinding;
    if (![binding.subject, ...binding.san.map(valueOf)].some(isNamed)) return [];
    return [{ endpoint, createdAt: new Date(row.created_at), expiresAt: new Date(row.expires_at), binding }];
  });
}

/** Without `upn:` and the like. */
const valueOf = (typed: string): string => typed.slice(typed.indexOf(':') + 1);

const directory = (db: Database, name: string): Promise<PersonRecords['directory']> =>
  db
    .selectFrom('directory_objects')
    .select(['tenant', 'kind', 'id', 'name'])
    .where(sql<string>`lower(name)`, '=', name.toLowerCase())
    .orderBy('tenant')
    .orderBy('id')
    .execute();
