/** Keys of people as pages and the API show them. What is in escrow is not shown; who can open it is. */
import { z } from 'zod';
import { defined } from '../core/defined.ts';
import { PFX_PURPOSES } from '../core/imported-pfx.ts';
import { USER_KEY_STATES, type UserKey } from '../core/user-key-store.ts';
import { readEscrow } from '../pfx/escrow-text.ts';
import { TIME } from './shown-certificate.ts';

/**
 * One key in a list. `nextAt`: when it is worked on again. `changedAt`: when it was imported, failed or ended. `fault`: why the last
 * attempt failed. `renews`: the id of the key that it takes the place of.
 */
export const userKeyRow = z.object({
  id: z.string(),
  tenant: z.string(),
  user: z.string(),
  userId: z.string().optional(),
  purpose: z.enum(PFX_PURPOSES),
  origin: z.enum(['made', 'file']),
  state: z.enum(USER_KEY_STATES),
  wantedAt: TIME,
  nextAt: TIME.optional(),
  changedAt: TIME.optional(),
  tries: z.number().int(),
  fault: z.string().optional(),
  issuerId: z.string().optional(),
  serial: z.string().optional(),
  thumbprint: z.string().optional(),
  starts: TIME.optional(),
  ends: TIME.optional(),
  revokedAt: TIME.optional(),
  renews: z.string().optional(),
  inEscrow: z.boolean(),
});

/** One row. */
export type UserKeyRow = z.output<typeof userKeyRow>;

/** Who can open what is in escrow: so many of the officers, each with the SHA-256 of the public key that a share was sealed to. */
export const shownEscrow = z.object({
  required: z.number().int(),
  officers: z.array(z.object({ name: z.string(), sha256: z.string() })),
});

/** The key as a row. */
export function userKeyRowOf(key: UserKey): UserKeyRow {
  const { id, tenant, purpose, origin, state, tries, at, dueAt, certificate } = key;
  const isDue = state === 'wanted' || state === 'issued';
  return {
    id,
    tenant,
    user: key.userPrincipalName,
    purpose,
    origin,
    state,
    tries,
    wantedAt: at.toISOString(),
    [isDue ? 'nextAt' : 'changedAt']: dueAt.toISOString(),
    inEscrow: key.escrow !== undefined,
    ...defined({
      userId: key.userId,
      fault: key.fault,
      issuerId: certificate?.issuerId,
      serial: certificate?.serial,
      thumbprint: key.thumbprint,
      starts: key.starts?.toISOString(),
      ends: key.ends?.toISOString(),
      revokedAt: key.revokedAt?.toISOString(),
      renews: key.renews,
    }),
  };
}

/** Undefined when nothing of the key is in escrow. */
export function escrowOf({ id, escrow }: UserKey): z.output<typeof shownEscrow> | undefined {
  if (escrow === undefined) return undefined;
  const { required, shares } = readEscrow(escrow, id);
  return { required, officers: shares.map(({ officer: name, sha256 }) => ({ name, sha256 })) };
}
