/** A process that publishes a list of the store at a path, and stops for good in the call of the store that is named. */
import { revocationList } from '../../src/embed/revocation-list-of.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { clock, issuing } from '../kit/pki.ts';

const [, , path = '', at = ''] = process.argv;
const store = await openSqliteStore({ path, clock });
const stopping = new Proxy(store, {
  get(target, name) {
    const method: unknown = Reflect.get(target, name);
    if (name !== at || typeof method !== 'function') return method;
    return async (...args: unknown[]): Promise<never> => {
      await Reflect.apply(method, target, args);
      process.send?.('there');
      return new Promise(() => setInterval(() => {}, 1_000));
    };
  },
});
await revocationList({ issuer: issuing, store: stopping, validity: 86_400_000, clock })();
