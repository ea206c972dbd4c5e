/** The certificates of schema 3, moved to schema 4 page by page: what their DER contains is written beside them. */
import { hash } from 'node:crypto';
import { sql } from 'kysely';
import { DerError } from '../asn1/limits.ts';
import type { CertificateName } from '../core/records.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { certificateNames } from '../pkix/certificate-names.ts';
import { authorityKeyIdentifierOf } from '../pkix/issuer-id.ts';
import { publicKeyHash } from '../pkix/public-key.ts';
import { nextIssuer, unconfirmedId, unconfirmedIdOfText } from './issuers.ts';
import { foldedOnce } from './searchable-names.ts';
import type { Database } from './tables.ts';

/** Certificates in memory at once. */
const PAGE = 500;
/** Rows of names in one statement. */
const NAMES = 500;

/** `serials` are the first of the `number` certificates that cannot be read. */
export type Unreadable = { number: number; serials: string[] };
const MOST_SERIALS = 5;

type OldRow = { id: number; serial: string; issuer: string; der: Uint8Array };

/** What the DER of an old certificate contains. `nameDer` is absent where it cannot be read. */
type Facts = {
  nameDer?: Uint8Array;
  keyIdentifier?: Uint8Array;
  publicKeyHash: string;
  names: CertificateName[];
  isReadable: boolean;
};

/** A row with what its certificate says. `issuerRow` is the id of its row in `issuers`. */
type ReadRow = OldRow & Facts & { issuerRow: number };

/** Copies every certificate with its id. One that cannot be read keeps its row, without names. */
export async function moveCertificates(db: Database): Promise<Unreadable> {
  const unreadable: Unreadable = { number: 0, serials: [] };
  const issuers = new Map<string, number>();
  const names: NameRow[] = [];
  for (let rows = await page(db, 0); rows.length > 0; rows = await page(db, rows.at(-1)!.id)) {
    const read: ReadRow[] = [];
    for (const row of rows) {
      const facts = factsOf(row.der);
      read.push({ ...row, ...facts, issuerRow: await issuerOf(db, issuers, row, facts) });
    }
    await insertPage(db, read);
    names.push(...read.flatMap(nameRows));
    await insertNames(db, names);
    count(
      unreadable,
      read.filter(({ isReadable }) => !isReadable),
    );
  }
  await insertNames(db, names, names.length);
  return unreadable;
}

async function page(db: Database, after: number): Promise<OldRow[]> {
  const { rows } = await sql<OldRow>`
    select id, serial, issuer, der from certificates where id > ${after} order by id limit ${PAGE}`.execute(db);
  return rows;
}

function factsOf(der: Uint8Array): Facts {
  const facts: Facts = { publicKeyHash: '', names: [], isReadable: false };
  try {
    const view = readCertificate(der);
    facts.nameDer = view.issuer;
    facts.publicKeyHash = publicKeyHash(view.spki);
    const keyIdentifier = authorityKeyIdentifierOf(view);
    if (keyIdentifier) facts.keyIdentifier = keyIdentifier;
    facts.names = certificateNames(view);
    facts.isReadable = true;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
  }
  return facts;
}

/** One row for each issuer name and key identifier, until the issuer is registered. */
async function issuerOf(db: Database, known: Map<string, number>, row: OldRow, facts: Facts): Promise<number> {
  const { nameDer, keyIdentifier = null } = facts;
  const issuerId = nameDer ? unconfirmedId(nameDer, facts.keyIdentifier) : unconfirmedIdOfText(row.issuer);
  const id =
    known.get(issuerId) ??
    (
      await db
        .insertInto('issuers')
        .values({
          id: nextIssuer,
          issuer_id: issuerId,
          name: row.issuer,
          key_identifier: keyIdentifier,
          authority: null,
        })
        .returning('id')
        .executeTakeFirst()
    )?.id ??
    0;
  known.set(issuerId, id);
  return id;
}

/** Only what was read from the DER comes from here; the database copies the rest by itself. */
async function insertPage(db: Database, rows: readonly ReadRow[]): Promise<void> {
  const values = rows.map(
    ({ id, der, issuerRow, publicKeyHash }) => sql`(cast(${id} as bigint), cast(${issuerRow} as integer),
      ${hash('sha256', der, 'hex')}, ${publicKeyHash})`,
  );
  await sql`
    with said (id, issuer, thumbprint_sha256, public_key_hash) as (values ${sql.join(values)})
    insert into certificates_next
      (id, issuer, serial, endpoint, transaction_id, subject, subject_folded, thumbprint, thumbprint_sha256,
       public_key_hash, first_issued_at, crl_shard, der, not_before, not_after, state, issued_at, delivered_at, revoked_at,
       revocation_reason)
    select certificates.id, said.issuer, serial, endpoint, transaction_id, subject, subject_folded, thumbprint,
      said.thumbprint_sha256, said.public_key_hash, issued_at, 0, der, not_before, not_after, state, issued_at, delivered_at,
      revoked_at, revocation_reason
    from said join certificates on certificates.id = said.id`.execute(db);
}

type NameRow = [kind: string, value: string, certificate: number];

const nameRows = ({ id, names }: ReadRow): NameRow[] =>
  foldedOnce(names).map(({ kind, value }): NameRow => [kind, value, id]);

/** Takes whole statements' worth out of `waiting`, all of one length, because the text of each statement is kept. */
async function insertNames(db: Database, waiting: NameRow[], most = NAMES): Promise<void> {
  while (waiting.length >= most && waiting.length > 0)
    await sql`
      insert into names_unsorted (kind, value, certificate_id) values ${tuples(waiting.splice(0, most))}`.execute(db);
}

const tuples = (values: readonly (readonly (string | number)[])[]) =>
  sql.join(values.map((tuple) => sql`(${sql.join(tuple)})`));

function count(unreadable: Unreadable, rows: readonly OldRow[]): void {
  unreadable.number += rows.length;
  const left = MOST_SERIALS - unreadable.serials.length;
  unreadable.serials.push(...rows.slice(0, left).map(({ serial }) => serial));
}
