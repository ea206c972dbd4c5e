/** Every endpoint name under which anything was recorded: an index over all certificates would cost each enrolment more. */
import { prepared } from './prepared.ts';
import type { Database } from './tables.ts';

const insert = prepared((db, { name }: { name: string }) =>
  db
    .insertInto('endpoint_names')
    .values({ name })
    .onConflict((conflict) => conflict.doNothing()),
);

/** Adds the name unless it is there. */
export async function noteEndpoint(tx: Database, name: string): Promise<void> {
  await insert(tx, { name });
}

/** In alphabetical order. */
export async function endpointNames(db: Database): Promise<string[]> {
  const rows = await db.selectFrom('endpoint_names').select('name').orderBy('name').execute();
  return rows.map(({ name }) => name);
}
