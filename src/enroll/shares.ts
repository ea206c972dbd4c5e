/** Divides what the server can take on, so that one endpoint or tenant cannot take all of it. */

/** What is ahead of an endpoint in milliseconds, and the part of the whole that is kept for it. */
export type Share = { ahead: number; reserved: number };

/** Of the whole, so much is kept for certain endpoints; the rest goes to those that come first. */
const RESERVED = 0.5;

/**
 * The part of the whole that is kept for an endpoint of `tenant`: the same for each tenant, and within a tenant the same for
 * each of its endpoints. `tenants`: that of every endpoint, this one included.
 */
export const reservedPart = (tenant: string, tenants: readonly string[]): number =>
  RESERVED / new Set(tenants).size / tenants.filter((each) => each === tenant).length;

/**
 * Whether one more piece of work of the endpoint `own` fits into `whole` milliseconds beside what is ahead, and beside what
 * is kept for the others and not used by them. `piece`: milliseconds of one piece.
 */
export function fits(
  own: Share,
  shares: readonly Share[],
  { whole, piece }: { whole: number; piece: number },
): boolean {
  let taken = piece;
  for (const each of shares) {
    const kept = each === own ? 0 : each.reserved * whole;
    taken += Math.max(each.ahead * piece, kept);
  }
  return taken <= whole;
}
