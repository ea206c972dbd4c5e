/** A desk of actions over a store in memory. */
import { after } from 'node:test';
import type { Desk } from '../../src/actions/action.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';

const AT = new Date('2026-03-01T12:00:00Z');

/** An empty store; the clock stands at noon of 1 March 2026. It is closed after the tests of the file. */
export async function desk(): Promise<Desk> {
  const clock = () => AT;
  const store = await openSqliteStore({ path: ':memory:', clock });
  after(() => store.close());
  return { store, clock };
}
