/** What stands where kysely wants a driver: the engines run the queries, and `transact` the transactions. */
import { DummyDriver } from 'kysely';

/** kysely's own transactions would pass the engine by. */
export class NoDriver extends DummyDriver {
  override acquireConnection = unsupported;
}

/** Throws. */
export function unsupported(): never {
  throw new TypeError('Transactions of the store are run by `transact`, not by kysely.');
}
