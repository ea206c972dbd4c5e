/** The CAs that issued the certificates, and how certificates of earlier versions find their CA. */
import { hash } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import type { KnownIssuer } from '../core/search-store.ts';
import type { IssuerRecord, LiveIssuer, StoredCertificate } from '../core/records.ts';
import { hashOf } from '../pkix/issuer-id.ts';
import { prepared } from './prepared.ts';
import { moveRevisions } from './revisions.ts';
import { moveSerials } from './serials.ts';
import type { Database, IssuerTable } from './tables.ts';

type Unconfirmed = Selectable<IssuerTable>;

const UNCONFIRMED = 'unconfirmed:';
/** The colon and the character after it bound every id that begins so. */
const AFTER_UNCONFIRMED = 'unconfirmed;';

/** The id of an issuer of which only its name and the key identifier in its certificates are known. */
export const unconfirmedId = (nameDer: Uint8Array, keyIdentifier: Uint8Array | undefined): string =>
  UNCONFIRMED + (keyIdentifier ? hashOf(nameDer, keyIdentifier) : hashOf(nameDer));

/** The same for an issuer of which only the name as text is known. */
export const unconfirmedIdOfText = (name: string): string => UNCONFIRMED + hash('sha256', name, 'hex');

const byIssuerId = prepared((db, { issuerId }: { issuerId: string }) =>
  db.selectFrom('issuers').select('id').where('issuer_id', '=', issuerId),
);

/** Issuers are few, and 32 bits are enough for their ids: each is one more than the last. */
export const nextIssuer = sql<number>`(select coalesce(max(id), 0) + 1 from issuers)`;

/** The row of an issuer. */
export async function findIssuer(db: Database, issuerId: string): Promise<number | undefined> {
  const { rows } = await byIssuerId(db, { issuerId });
  return rows[0]?.id;
}

/**
 * The row of the certificate's issuer, added when it is missing. Unconfirmed issuers stay as they are: the name, which is
 * all that is known here, can be that of an earlier CA with another key.
 */
export const issuerOf = async (tx: Database, { issuerId, issuer }: StoredCertificate): Promise<number> =>
  (await findIssuer(tx, issuerId)) ?? insertIssuer(tx, { issuerId, name: issuer });

/** Those with certificates that end after `at`. Reads every certificate: for commands. */
export async function liveIssuers(db: Database, at: Date): Promise<LiveIssuer[]> {
  const rows = await db
    .selectFrom('certificates')
    .innerJoin('issuers', 'issuers.id', 'certificates.issuer')
    .select(['issuer_id', 'name', 'authority'])
    .select(({ fn }) => [fn.countAll<number | string>().as('certificates'), fn.max('not_after').as('ends')])
    .where('not_after', '>', at.getTime())
    .groupBy(['issuer_id', 'name', 'authority'])
    .orderBy('name')
    .execute();
  return rows.map(({ issuer_id: issuerId, name, authority, certificates, ends }) => ({
    issuerId,
    name,
    ...(authority !== null && { authority }),
    certificates: Number(certificates),
    lastEnds: new Date(ends),
  }));
}

/** By name. Issuers are few. */
export async function knownIssuers(db: Database): Promise<KnownIssuer[]> {
  const rows = await db.selectFrom('issuers').select(['issuer_id', 'name', 'authority']).orderBy('name').execute();
  return rows.map(({ issuer_id: issuerId, name, authority }) => ({
    issuerId,
    name,
    ...(authority !== null && { authority }),
  }));
}

/** Adds the issuer or what is new about it, and gives it the certificates of unconfirmed issuers that are the same. */
export async function registerIssuer(tx: Database, issuer: IssuerRecord): Promise<number> {
  const same = await sameUnconfirmed(tx, issuer);
  const known = (await findIssuer(tx, issuer.issuerId)) ?? same.shift()?.id;
  const id = known === undefined ? await insertIssuer(tx, issuer) : await updateIssuer(tx, known, issuer);
  for (const other of same) await moveCertificates(tx, other.id, id);
  return id;
}

/**
 * Those with the same name and key identifier. Where one of the two sides has no key identifier, the name is enough if
 * only one unconfirmed issuer has it.
 */
async function sameUnconfirmed(tx: Database, issuer: IssuerRecord): Promise<Unconfirmed[]> {
  const { name, nameDer, keyIdentifier } = issuer;
  const unconfirmed = await tx
    .selectFrom('issuers')
    .selectAll()
    .where('issuer_id', '>=', UNCONFIRMED)
    .where('issuer_id', '<', AFTER_UNCONFIRMED)
    .where('name', '=', name)
    .execute();
  const exactId = unconfirmedId(nameDer, keyIdentifier);
  const exact = unconfirmed.filter(({ issuer_id }) => issuer_id === exactId);
  const others = unconfirmed.filter(({ issuer_id }) => issuer_id !== exactId);
  const isUnambiguous = others.length === 1 && (!keyIdentifier || others[0]?.key_identifier === null);
  return isUnambiguous ? [...exact, ...others] : exact;
}

async function insertIssuer(tx: Database, issuer: Omit<IssuerRecord, 'nameDer'>): Promise<number> {
  const { issuerId: issuer_id, name, keyIdentifier: key_identifier = null, authority = null } = issuer;
  const row = { id: nextIssuer, issuer_id, name, key_identifier, authority };
  await tx.insertInto('issuers').values(row).execute();
  return (await findIssuer(tx, issuer.issuerId))!;
}

async function updateIssuer(tx: Database, id: number, issuer: IssuerRecord): Promise<number> {
  const { issuerId: issuer_id, name, keyIdentifier: key_identifier, authority } = issuer;
  await tx
    .updateTable('issuers')
    .set({ issuer_id, name, ...(key_identifier && { key_identifier }), ...(authority !== undefined && { authority }) })
    .where('id', '=', id)
    .execute();
  return id;
}

async function moveCertificates(tx: Database, from: number, to: number): Promise<void> {
  await tx.updateTable('certificates').set({ issuer: to }).where('issuer', '=', from).execute();
  await moveSerials(tx, from, to);
  await tx.updateTable('revocations').set({ issuer: to }).where('issuer', '=', from).execute();
  await moveRevisions(tx, from, to);
  await tx.deleteFrom('issuers').where('id', '=', from).execute();
}
