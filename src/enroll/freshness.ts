/** What may be certified once more, and what never again. The certificates of earlier requests are in the store. */
import { equalBytes } from '../core/bytes.ts';
import { Refusal } from '../core/errors.ts';
import { lifecycleOf } from '../core/lifecycle.ts';
import type { KeyStanding } from '../core/store.ts';
import type { Enrollment } from './identify.ts';

/**
 * Throws Refusal `key_compromised` for a key that was revoked as compromised, at any endpoint, and `replayed` for a
 * request whose certificate is past the retention or has expired, when the message is not new.
 */
export function checkFresh(enrollment: Enrollment, { isCompromised }: KeyStanding): void {
  if (isCompromised) throw new Refusal('key_compromised', 'the requested key was revoked as compromised');
  if (!isNewMessage(enrollment))
    throw new Refusal('replayed', 'the request was certified before, and this message does not prove that it is new');
}

/**
 * A recorded message has its old senderNonce, and a recorded envelope in a new message is signed with another key than
 * the requested one. A renewal is signed with a valid certificate.
 */
function isNewMessage({ request, transaction, earlier }: Enrollment): boolean {
  if (!earlier || lifecycleOf(earlier).repeat !== 'certificate' || request.renews) return true;
  // Of a request that an earlier version recorded no nonce is known.
  const isKnown = earlier.nonces.length === 0 || transaction.nonces.every((nonce) => earlier.nonces.includes(nonce));
  return !isKnown && equalBytes(request.signerSpki, request.csr.spki);
}
