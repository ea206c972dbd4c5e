/** Rows that are read before they are written, in a database in which another process writes at the same time. */
import type { Database } from './tables.ts';

/** Whether another transaction can write between two statements of this one. Then the row is locked: `for no key update`. */
export const isShared = (db: Database): boolean => db.getExecutor().adapter.supportsMultipleConnections ?? true;
