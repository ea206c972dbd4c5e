/** Statements of one transaction that do not need the results of each other. */
import { isShared } from './row-locks.ts';
import type { Database } from './tables.ts';

type Statements<T extends readonly unknown[]> = { readonly [K in keyof T]: () => Promise<T[K]> };

/**
 * Their results, in this order. On PostgreSQL they are sent in one message, and not each after the answer to the one before: that
 * costs most of what a statement costs. All are waited for, also where one fails, because none may run after the end of its
 * transaction. Throws the first error in this order; those after it only say that the transaction has failed.
 */
export async function together<const T extends readonly unknown[]>(
  tx: Database,
  statements: Statements<T>,
): Promise<T> {
  if (!isShared(tx)) return oneByOne(statements);
  const settled = await Promise.allSettled(statements.map((run) => run()));
  return settled.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  }) as unknown as T;
}

/** SQLite answers at once. */
async function oneByOne<T extends readonly unknown[]>(statements: Statements<T>): Promise<T> {
  const results: unknown[] = [];
  for (const run of statements) results.push(await run());
  return results as unknown as T;
}
