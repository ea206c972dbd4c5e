/** A key whose operations end in time: an HSM, a token or a service of a vendor can hang. */
import { within } from './ask.ts';
import type { KeyProvider } from './keys.ts';

/** The same key. What it answers with a promise rejects with the reason of a signal of `deadline`, if that aborts first. */
export function keyWithin(key: KeyProvider, deadline: () => AbortSignal): KeyProvider {
  const { spki, kind } = key;
  const signParts = key.signParts?.bind(key);
  // A key in memory answers with a value, and costs no promise here.
  const bounded = (made: Uint8Array | Promise<Uint8Array>): Uint8Array | Promise<Uint8Array> =>
    made instanceof Uint8Array ? made : within(() => made, deadline());
  return {
    spki,
    kind,
    sign: (input) => bounded(key.sign(input)),
    ...(signParts && { signParts: (parts, digest) => within(() => signParts(parts, digest), deadline()) }),
    ...(key.decrypt && { decrypt: (ciphertext, transport) => bounded(key.decrypt!(ciphertext, transport)) }),
    ...(key.agree && { agree: (peer) => bounded(key.agree!(peer)) }),
    ...(key.decapsulate && { decapsulate: (ciphertext) => bounded(key.decapsulate!(ciphertext)) }),
    ...(key.close && { close: () => key.close!() }),
  };
}
