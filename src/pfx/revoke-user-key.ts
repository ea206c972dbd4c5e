/** A key of a person is revoked by an operator: its certificate, and what Intune has of it. What is in escrow stays. */
import { importedPfxId } from '../core/imported-pfx.ts';
import type { RevocationReason } from '../core/issuer.ts';
import type { AuditEntry } from '../core/records.ts';
import type { UserKey } from '../core/user-key-store.ts';
import { transactionOfKey, type UserKeyServices } from './user-key-services.ts';

/** `reason`: of the certificate. `why`: for the history. `entryOf`: the entry of the history about the key. */
export type AskedRevocation = {
  reason: RevocationReason;
  why?: string;
  entryOf: (fields: Pick<AuditEntry, 'event' | 'transactionId' | 'detail'>) => AuditEntry;
};

/** `ended`: nothing was to be done. `left`: another process changed the key meanwhile: ask again. */
export type RevokedUserKey = 'revoked' | 'ended' | 'left';

/**
 * Ends a key in any state. The CA is told by the server of the endpoint, as of every revocation. Each step can be done again, and the row is written last, so that what a
 * killed process left is finished by the next call. Throws what Graph and the store throw.
 */
export async function revokeUserKey(
  key: UserKey,
  { reason, why, entryOf }: AskedRevocation,
  services: UserKeyServices & { store: { addEntry: (entry: AuditEntry) => Promise<void> } },
  signal: AbortSignal,
): Promise<RevokedUserKey> {
  if (key.state === 'ended') return 'ended';
  const { store, imports, revoke, clock } = services;
  const asked = why ?? 'the key of a person was revoked';
  const certificates = await certificatesOf(key, services);
  for (const id of certificates) await revoke(id, reason, asked);
  const { userId, thumbprint } = key;
  if (userId !== undefined && thumbprint !== undefined) await imports.delete(importedPfxId(userId, thumbprint), signal);
  const ended = { state: 'ended', dueAt: clock(), ...(certificates.length > 0 && { revokedAt: clock() }) } as const;
  if (!(await store.changeUserKey(key.id, key.state, ended))) return 'left';
  const detail = `${key.purpose} for ${key.userPrincipalName} of ${key.tenant}: ${reason}${why === undefined ? '' : ` (${why})`}`;
  await store.addEntry(entryOf({ event: 'key-revoked', transactionId: transactionOfKey(key), detail }));
  return 'revoked';
}

/** Also those of attempts that were killed. Of a file that was brought, no certificate is known here. */
const certificatesOf = async (
  key: UserKey,
  { certified }: UserKeyServices,
): Promise<NonNullable<UserKey['certificate']>[]> => {
  if (key.origin === 'file') return [];
  return key.state === 'imported' && key.certificate
    ? [key.certificate]
    : [...(await certified(transactionOfKey(key)))];
};
