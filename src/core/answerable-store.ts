/** A store as the enrolment line needs it: without the certificates whose DER was removed after its time. */
import type { StoredCertificate } from './records.ts';
import type { Store } from './store.ts';

const hasDer = ({ der }: StoredCertificate): boolean => der.length > 0;

/**
 * The same store, in which a certificate without DER is not found, neither by its identity nor by its serial number: it has
 * ended long ago, and there is nothing to compare a message with or to answer it.
 */
export function answerableStore(store: Store): Store {
  const own: Pick<Store, 'findCertificate' | 'findCertificatesBySerial'> = {
    async findCertificate(id) {
      const found = await store.findCertificate(id);
      return found && hasDer(found) ? found : undefined;
    },
    findCertificatesBySerial: async (serial) => (await store.findCertificatesBySerial(serial)).filter(hasDer),
  };
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(Object.hasOwn(own, name) ? own : target, name);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => Reflect.apply(member, target, given);
    },
  });
}
