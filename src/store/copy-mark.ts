/** The mark of a database into which a store is being copied: no server may use it before every row is compared. */
import { ConfigError } from '../core/errors.ts';
import type { Database } from './tables.ts';

/** Its row in `secrets`, which a copy leaves out. */
export const COPY_MARK = 'copy of a store';

/** Until `endCopy`, also after the copying was interrupted. */
export const beginCopy = async (db: Database): Promise<void> =>
  void (await db
    .insertInto('secrets')
    .values({ name: COPY_MARK, version: 1, value: '' })
    .onConflict((conflict) => conflict.doNothing())
    .execute());

/** Every row is there. */
export const endCopy = async (db: Database): Promise<void> =>
  void (await db.deleteFrom('secrets').where('name', '=', COPY_MARK).execute());

/** For a server: it would take used challenges again. Throws ConfigError; `where` names the database. */
export async function assertCopied(db: Database, where: string): Promise<void> {
  const mark = await db.selectFrom('secrets').select('name').where('name', '=', COPY_MARK).executeTakeFirst();
  if (!mark) return;
  throw new ConfigError(
    `store: ${where} has an incomplete copy of another store`,
    'Run the `openndes store migrate` of before again, to its end: it goes on where it was. Or make a new database.',
  );
}
