/** What a policy allowed, as the text of one column: JSON, dates in milliseconds. The text can contain a challenge. */
import type { PendingIssuance } from '../core/records.ts';

type Encoded = Omit<PendingIssuance, 'retryAt'> & { retryAt: number };

/** For the column `issuance`. */
export function encodeIssuance(issuance: PendingIssuance): string {
  const encoded: Encoded = { ...issuance, retryAt: issuance.retryAt.getTime() };
  return JSON.stringify(encoded);
}

/** Throws SyntaxError when the text is not JSON. */
export function decodeIssuance(text: string): PendingIssuance {
  const encoded = JSON.parse(text) as Encoded;
  return { ...encoded, retryAt: new Date(encoded.retryAt) };
}
