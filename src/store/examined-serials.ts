/** Whether each certificate of a PostgreSQL database is found by its serial number, and nothing else is. */
import type { StoreFault } from '../core/store-faults.ts';
import { type Examined, pages, RESTORE } from './examined-pages.ts';
import type { Database } from './tables.ts';

/** Each page is one statement. */
export async function* serialsOf(db: Database): Examined {
  // They are counted with the certificates.
  for await (const page of certificatesWithout(db)) yield { ...page, rows: 0 };
  yield* serialsWithout(db);
}

const certificatesWithout = (db: Database): Examined =>
  pages('serials', async (after, limit) => {
    const rows = await db
      .selectFrom('certificates as own')
      .leftJoin('serials', 'serials.certificate_id', 'own.id')
      .select(['own.id', 'own.serial', 'own.issuer', 'own.renews', 'own.renews_unrecorded'])
      .select(['serials.serial as known_serial', 'serials.issuer as known_issuer'])
      .select(['serials.renews as known_renews', 'serials.renews_unrecorded as known_unrecorded'])
      .where('own.id', '>', after)
      .orderBy('own.id')
      .limit(limit)
      .execute();
    const isKnown = (row: (typeof rows)[number]): boolean =>
      row.known_serial === row.serial &&
      row.known_issuer === row.issuer &&
      row.known_renews === row.renews &&
      row.known_unrecorded === row.renews_unrecorded;
    const faults = rows
      .filter((row) => !isKnown(row))
      .map(
        ({ id, serial }): StoreFault => ({
          table: 'certificates',
          row: `certificate ${serial} (row ${id})`,
          what: 'is not found by its serial number, or by what it renews',
          remedy: RESTORE,
        }),
      );
    return { rows: rows.length, faults, last: rows.at(-1)?.id };
  });

const serialsWithout = (db: Database): Examined =>
  pages('serials', async (after, limit) => {
    const rows = await db
      .selectFrom('serials')
      .leftJoin('certificates', 'certificates.id', 'serials.certificate_id')
      .select(['serials.certificate_id as id', 'serials.serial', 'certificates.id as found'])
      .where('serials.certificate_id', '>', after)
      .orderBy('serials.certificate_id')
      .limit(limit)
      .execute();
    const faults = rows
      .filter(({ found }) => found === null)
      .map(
        ({ id, serial }): StoreFault => ({
          table: 'serials',
          row: `serial number ${serial}`,
          what: `is of the certificate of row ${id}, which is not there`,
          remedy: RESTORE,
        }),
      );
    return { rows: rows.length, faults, last: rows.at(-1)?.id };
  });
