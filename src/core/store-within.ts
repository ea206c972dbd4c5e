/** A store whose answers come in time: that of an embedder can hang, and with it what waits for it without a client. */
import { within } from './ask.ts';

/** The same store. Each call rejects with the reason of a signal of `deadline`, if that aborts first. */
export const storeWithin = <T extends object>(store: T, deadline: () => AbortSignal): T =>
  new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): Promise<unknown> =>
        within((): unknown => Reflect.apply(member, target, given), deadline());
    },
  });
