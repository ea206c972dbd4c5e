/** The rows that name one person. Looks at every entry and at every request without a certificate, page by page. */
import type { Selectable } from 'kysely';
import type { CertificateName } from '../core/records.ts';
import { withName } from './listed-certificates.ts';
import type { AuditTable, Database, Moment, TransactionTable } from './tables.ts';

/** Rows in memory at once. */
export const PAGE = 500;

/** What a person is found by in certificates. */
export const personNames = (name: string): CertificateName[] =>
  (['cn', 'email', 'upn'] as const).map((kind) => ({ kind, value: name }));

/** Whether a text has the name as a word of its own, in any letter case. */
export function namedIn(name: string): (text: string | null) => boolean {
  const escaped = name.replace(/[^\p{L}\p{N}@ ]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  const word = new RegExp(`(?<![\\p{L}\\p{N}._@+-])${escaped}(?![\\p{L}\\p{N}_@+-]|\\.[\\p{L}\\p{N}])`, 'iu');
  return (text) => text !== null && word.test(text);
}

/**
 * `isNamed`: its detail has the name. `isOwn`: it is about a certificate or a request of the person. `certificate`: also where that
 * was issued later; NEVER where the request still waits.
 */
export type PersonEntry = { id: number; certificate: number | null; isNamed: boolean; isOwn: boolean };
/** No row: they are numbered from 1. */
const NEVER = 0;
/** A request of the person. */
export type PersonTransaction = Selectable<TransactionTable>;
/** A certificate of the person. */
export type PersonCertificate = { id: number; notAfter: Moment };

/** What names the person, in the order of the ids. */
export type PersonRows = {
  certificates: PersonCertificate[];
  transactions: PersonTransaction[];
  entries: PersonEntry[];
};

/** Reads them. */
export async function personRows(db: Database, name: string): Promise<PersonRows> {
  const certificates = await db
    .selectFrom('certificates')
    .select(['id', 'not_after as notAfter'])
    .where('id', 'in', withName(db, personNames(name)))
    .orderBy('id')
    .execute();
  const transactions = await transactionsOf(db, name);
  const requests = new Map(transactions.map(certificateOf));
  for (const { request, certificate } of await issuedRequests(db, name)) requests.set(request, certificate);
  const own = new Set(certificates.map(({ id }) => id));
  return { certificates, transactions, entries: await entriesAbout(db, name, { own, requests }) };
}

const certificateOf = ({ request, state, certificate_id }: PersonTransaction): [string, number | null] => [
  request,
  state === 'issued' || state === 'rejected' ? certificate_id : NEVER,
];

/** Also of those whose transactions were removed after their time. */
async function issuedRequests(db: Database, name: string) {
  const rows = await db
    .selectFrom('audit')
    .select(['request', 'certificate_id as certificate'])
    .where('certificate_id', 'in', withName(db, personNames(name)))
    .where('request', 'is not', null)
    .execute();
  return rows.flatMap(({ request, certificate }) => (request === null ? [] : [{ request, certificate }]));
}

async function transactionsOf(db: Database, name: string): Promise<PersonTransaction[]> {
  const found = await db
    .selectFrom('transactions')
    .selectAll()
    .where('certificate_id', 'in', withName(db, personNames(name)))
    .orderBy('id')
    .execute();
  const isNamed = namedIn(name);
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom('transactions')
      .selectAll()
      .where('certificate_id', 'is', null)
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    found.push(...rows.filter(({ subject }) => isNamed(subject)));
    const last = rows.at(-1);
    if (!last) return found;
    after = last.id;
  }
}

type Own = { own: ReadonlySet<number>; requests: ReadonlyMap<string, number | null> };

async function entriesAbout(db: Database, name: string, of: Own): Promise<PersonEntry[]> {
  const found: PersonEntry[] = [];
  const isNamed = namedIn(name);
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom('audit')
      .select(['id', 'event', 'certificate_id', 'request', 'detail', 'actor_name', 'challenge'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    found.push(...rows.flatMap((row) => personEntry(row, of, isNamed)));
    const last = rows.at(-1);
    if (!last) return found;
    after = last.id;
  }
}

type Row = Pick<
  Selectable<AuditTable>,
  'id' | 'event' | 'certificate_id' | 'request' | 'detail' | 'actor_name' | 'challenge'
>;

/** An entry `erased` is about nobody: without it, verification would find the others changed. */
function personEntry(row: Row, { own, requests }: Own, isNamed: ReturnType<typeof namedIn>): PersonEntry[] {
  const { id, certificate_id, request, event } = row;
  const certificate = certificate_id ?? requests.get(request ?? '') ?? null;
  const isOwn = own.has(certificate_id ?? NEVER) || (request !== null && requests.has(request));
  const isActor = isNamed(row.actor_name) || isNamed(row.challenge);
  if (!isOwn && !isNamed(row.detail) && !isActor) return [];
  return [{ id, certificate, isNamed: isNamed(row.detail) && event !== 'erased', isOwn: isOwn && event !== 'erased' }];
}
