/** A store of one server alone, which works only while no other server may use the database. */
import type { Store } from '../core/store.ts';

type Method = (...args: never[]) => Promise<unknown>;

/** The same store: each method but `close` rejects with what `assertHeld` throws, and does nothing then. */
export function heldStore(store: Store, assertHeld: () => void): Store {
  const guarded =
    (method: Method): Method =>
    async (...args) => {
      assertHeld();
      return method(...args);
    };
  const all = Object.entries<Method>({ ...store }).map(([name, method]) => [name, guarded(method)]);
  return { ...(Object.fromEntries(all) as Store), close: () => store.close() };
}
