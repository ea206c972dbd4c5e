/** The names in certificates, folded so that a search finds them whatever their case. */
import type { CertificateName } from '../core/records.ts';
import { prepared } from './prepared.ts';
import type { Database } from './tables.ts';

/** Characters of a name that are compared. PostgreSQL refuses index entries of more than 2,704 octets. */
const LONGEST = 512;

/** The name as it is stored and searched for. Databases write half a surrogate pair as U+FFFD, so it is done here. */
export const folded = ({ kind, value }: CertificateName): CertificateName => ({
  kind,
  value: value.toLowerCase().slice(0, LONGEST).toWellFormed(),
});

/** The names folded, each once. */
export function foldedOnce(names: readonly CertificateName[]): CertificateName[] {
  const seen = new Set<string>();
  const once: CertificateName[] = [];
  for (const name of names) {
    const { kind, value } = folded(name);
    const key = `${kind}:${value}`;
    if (!seen.has(key)) once.push({ kind, value });
    seen.add(key);
  }
  return once;
}

/** As many names as one statement inserts; nearly every certificate has fewer. */
const MOST = 16;

/** Kind, value and certificate of each name in turn. */
type Values = readonly (string | number)[];

/** One prepared statement for each number of names. */
const INSERTS = Array.from({ length: MOST + 1 }, (_, count) =>
  prepared((db, values: Values) =>
    db.insertInto('names').values(
      Array.from({ length: count }, (_, at) => ({
        kind: values[3 * at] as CertificateName['kind'],
        value: values[3 * at + 1] as string,
        certificate_id: values[3 * at + 2] as number,
      })),
    ),
  ),
);

/** Records the names of a certificate, in one statement where there are no more than sixteen. */
export async function insertNames(tx: Database, id: number, names: readonly CertificateName[]): Promise<void> {
  const rows = foldedOnce(names);
  for (let at = 0; at < rows.length; at += MOST) {
    const some = rows.slice(at, at + MOST);
    const values: (string | number)[] = [];
    for (const { kind, value } of some) values.push(kind, value, id);
    await INSERTS[some.length]!(tx, values);
  }
}
