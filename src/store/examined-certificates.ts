/** Whether each certificate can be read, agrees with its row, and has the rows that belong to it. */
import { hash } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import type { StoreFault } from '../core/store-faults.ts';
import { readCertificate, readValidity, serialText, thumbprint } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import { publicKeyHash } from '../pkix/public-key.ts';
import { type Examined, pages, RESTORE } from './examined-pages.ts';
import type { Database, Moment } from './tables.ts';

/** Certificates that have not ended at `now` must have their DER. */
export const certificatesOf = (db: Database, now: Moment): Examined =>
  pages('certificates', async (after, limit) => {
    const rows = await certificateRows(db, after, limit);
    const unfinished = await undecided(
      db,
      rows.filter(({ state }) => state === 'issued').map(({ id }) => id),
    );
    const faults = rows.flatMap((row): StoreFault[] =>
      problems(row, { now, unfinished }).map(([what, remedy]) => ({
        table: 'certificates',
        row: `certificate ${row.serial} (row ${row.id})`,
        what,
        remedy,
      })),
    );
    return { rows: rows.length, faults, last: rows.at(-1)?.id };
  });

const certificateRows = (db: Database, after: number, limit: number) =>
  db
    .selectFrom('certificates as own')
    .leftJoin('issuers', 'issuers.id', 'own.issuer')
    .leftJoin('revocations', 'revocations.certificate_id', 'own.id')
    .leftJoin('compromised_keys', 'compromised_keys.public_key_hash', 'own.public_key_hash')
    .leftJoin('certificates as renewed', 'renewed.id', 'own.renews')
    .selectAll('own')
    .select([
      'issuers.id as issuer_row',
      'revocations.serial as listed_serial',
      'revocations.issuer as listed_issuer',
      'revocations.not_after as listed_end',
      'compromised_keys.public_key_hash as compromised',
      'renewed.id as renewed_row',
    ])
    .where('own.id', '>', after)
    .orderBy('own.id')
    .limit(limit)
    .execute();

type Row = Awaited<ReturnType<typeof certificateRows>>[number];
type Problem = readonly [what: string, remedy: string];

/** Of those that were `issued`, the ones that still are, and that no notification will deliver or revoke. */
async function undecided(db: Database, ids: readonly number[]): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('certificates')
    .select('id')
    .where('id', 'in', ids)
    .where('state', '=', 'issued')
    .where('id', 'not in', (waiting) =>
      waiting
        .selectFrom('notifications')
        .select((row) => row.ref('certificate_id').$notNull().as('id'))
        .where('certificate_id', 'is not', null),
    )
    .execute();
  return new Set(rows.map(({ id }) => id));
}

function problems(row: Row, { now, unfinished }: { now: Moment; unfinished: ReadonlySet<number> }): Problem[] {
  const { id, state, revocation_reason: reason } = row;
  const isRevoked = state === 'revoked';
  const isListed =
    row.listed_serial === row.serial && row.listed_issuer === row.issuer && row.listed_end === row.not_after;
  const checks: readonly (Problem | false)[] = [
    row.issuer_row === null && [`has the issuer ${row.issuer}, which is not there`, RESTORE],
    row.renews !== null && row.renewed_row === null && [`renews row ${row.renews}, which is not there`, RESTORE],
    isRevoked && !isListed && ['is revoked and on no revocation list', RESTORE],
    !isRevoked && row.listed_serial !== null && ['is on a revocation list and not revoked', RESTORE],
    isRevoked && reason === 'keyCompromise' && row.compromised === null && row.public_key_hash !== '' && UNBLOCKED,
    unfinished.has(id) && UNFINISHED,
  ];
  return [...checks.filter((each) => each !== false), ...derProblems(row, now)];
}

const UNBLOCKED: Problem = [
  'was revoked for keyCompromise, and its key may be certified again',
  'Block the key: `openndes block add key:HASH`, with the SHA-256 of its SubjectPublicKeyInfo.',
];
const UNFINISHED: Problem = [
  'waits to be delivered, and no notification decides about it',
  'Revoke it with `openndes certs revoke`: no device has got it.',
];
const UNREADABLE: Problem = [
  'has octets that are not a certificate',
  'If an earlier version recorded it so, nothing: it is listed, and can be revoked by its serial number. Otherwise restore the last backup.',
];

function derProblems({ der, not_after, ...row }: Row, now: Moment): Problem[] {
  if (der === null || der.length === 0)
    return not_after > now ? [['has no octets, although it has not ended', RESTORE]] : [];
  try {
    const wrong = differences({ ...row, not_after }, der);
    return wrong.length > 0 ? [[`does not agree with its octets: ${wrong.join(', ')}`, RESTORE]] : [];
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return [UNREADABLE];
  }
}

/** What the row says otherwise than the certificate. Throws DerError when that cannot be read. */
function differences(row: Omit<Row, 'der'>, der: Uint8Array): string[] {
  const view = readCertificate(der);
  const { notBefore, notAfter } = readValidity(view);
  const agrees: Readonly<Record<string, boolean>> = {
    'serial number': row.serial === serialText(view.serialNumber),
    // The store replaces halves of characters.
    subject: row.subject === nameText(view.subject).toWellFormed(),
    'SHA-1 thumbprint': row.thumbprint === thumbprint(der),
    'SHA-256 thumbprint': row.thumbprint_sha256 === hash('sha256', der, 'hex'),
    key: row.public_key_hash === publicKeyHash(view.spki),
    notBefore: row.not_before === notBefore.getTime(),
    notAfter: row.not_after === notAfter.getTime(),
  };
  return Object.keys(agrees).filter((name) => !agrees[name]);
}
