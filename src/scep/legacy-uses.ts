/** Which weak algorithms a message uses. The only place that knows what counts as legacy in a SCEP message. */
import { type ContentCipher, DIGESTS, type Legacy } from '../cms/algorithms.ts';
import type { Digest, KeyKind } from '../core/keys.ts';
import { Refusal } from '../core/errors.ts';
import type { MessageRules } from './open-context.ts';

/** The algorithms of a message, as far as they are known: before decryption those outside the envelope. */
export type UsedAlgorithms = {
  digest?: Digest | undefined;
  cipher?: Pick<ContentCipher, 'legacy'>;
  /** The key that signs, or the key that a certificate is requested for. */
  key?: KeyKind | undefined;
};

/** RSA keys with fewer bits are legacy. */
const SHORTEST_RSA = 2048;

/** The legacy algorithms among these, in the order digest, key, cipher. */
export function legacyUses({ digest, cipher, key }: UsedAlgorithms): Legacy[] {
  const weakKey = key?.type === 'rsa' && key.bits < SHORTEST_RSA ? ('rsa1024' as const) : undefined;
  const weakDigest = digest && DIGESTS.find((row) => row.digest === digest)?.legacy;
  return [weakDigest, weakKey, cipher?.legacy].filter((name) => name !== undefined);
}

/** Throws Refusal `algorithm_refused`, with the names of those that the endpoint does not allow. */
export function checkLegacy(used: readonly Legacy[], rules: MessageRules): void {
  const off = used.filter((name) => !rules.legacy.has(name));
  if (off.length > 0) throw new Refusal('algorithm_refused', `legacy ${off.join(', ')} is off at this endpoint`);
}
