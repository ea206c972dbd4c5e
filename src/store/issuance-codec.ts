/** What a policy allowed, as the text of one column: JSON, dates in milliseconds. The text can contain a challenge. */
import type { PendingIssuance } from '../core/records.ts';

type Encoded = Omit<PendingIssuance, 'retryAt' | 'lineSince'> & { retryAt: number; lineSince?: number };

/** For the column `issuance`. */
export function encodeIssuance(issuance: PendingIssuance): string {
  const { retryAt, lineSince, ...rest } = issuance;
  const encoded: Encoded = {
    ...rest,
    retryAt: retryAt.getTime(),
    ...(lineSince && { lineSince: lineSince.getTime() }),
  };
  return JSON.stringify(encoded);
}

/** Throws SyntaxError when the text is not JSON. */
export function decodeIssuance(text: string): PendingIssuance {
  const { retryAt, lineSince, ...rest } = JSON.parse(text) as Encoded;
  return {
    ...rest,
    retryAt: new Date(retryAt),
    ...(lineSince !== undefined && { lineSince: new Date(lineSince) }),
  };
}
