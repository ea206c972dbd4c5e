/** Whether certificates have a search term, found in the certificates themselves: where an index has too many that do. */
import { sql } from 'kysely';
import { catchDerError } from '../asn1/limits.ts';
import type { SearchTerms } from '../core/search-store.ts';
import type { CertificateName } from '../core/records.ts';
import { certificateNames, namesOfText, requestedNames } from '../pkix/certificate-names.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { nameFromText } from '../pkix/name.ts';
import { padded } from './chained-entries.ts';
import { folded } from './searchable-names.ts';
import type { CertificateTable, Database } from './tables.ts';

type Row = Pick<
  CertificateTable,
  'serial' | 'thumbprint' | 'thumbprint_sha256' | 'der' | 'subject' | 'alternative_names'
> & { id: number };

const AT_ONCE = 512;

/** Those of these rows that have one of the terms. */
export async function rowsWithTerm(db: Database, ids: readonly number[], terms: SearchTerms): Promise<number[]> {
  const found: number[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const { rows } = await sql<Row>`select id, serial, thumbprint, thumbprint_sha256, der, subject, alternative_names
      from certificates where id in (${sql.join(padded(ids.slice(at, at + AT_ONCE)))})`.execute(db);
    for (const row of rows) if (hasTerm(row, terms)) found.push(row.id);
  }
  return found;
}

function hasTerm(row: Row, { name, serialPrefix, thumbprint }: SearchTerms): boolean {
  if (serialPrefix !== undefined && row.serial.startsWith(serialPrefix)) return true;
  if (thumbprint && [row.thumbprint.toLowerCase(), row.thumbprint_sha256].includes(thumbprint.toLowerCase()))
    return true;
  return (
    name !== undefined &&
    namesIn(row).some((each) => {
      const { kind, value } = folded(each);
      return name.kinds.includes(kind) && value.startsWith(folded({ kind, value: name.beginning }).value);
    })
  );
}

/** Of one whose DER was removed: those that its texts say. */
const namesIn = ({ der, subject, alternative_names: texts }: Row): CertificateName[] =>
  der && der.length > 0
    ? orNone(() => certificateNames(readCertificate(der)))
    : [
        ...orNone(() => requestedNames({ subject: nameFromText(subject), extensions: [] })),
        ...(texts ?? '').split(' ').flatMap((text) => (text === '' ? [] : orNone(() => namesOfText(text)))),
      ];

const orNone = (read: () => CertificateName[]): CertificateName[] => catchDerError(read, () => []);
