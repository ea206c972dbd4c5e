/** Revocations by an action of an operator, of which the log and the metrics are told. */
import type { RevocationReason } from '../core/issuer.ts';
import type { CertificateId, StoredCertificate } from '../core/records.ts';
import type { Management } from '../manage/administrator.ts';
import { type Revoked, revokeCertificates } from '../manage/named-certificates.ts';
import type { Desk, Running } from './action.ts';
import { seenAmong } from './seen-certificates.ts';

type Options = Omit<Parameters<typeof revokeCertificates>[2], 'done'>;

/** The store of an action, and who acts. */
export const byCaller = ({ desk, caller: { actor, source } }: Running<unknown>): Management<Desk['store']> => ({
  store: desk.store,
  clock: desk.clock,
  actor,
  source,
});

/** Renewals that the caller may not see are neither revoked nor counted. */
export const withinReach = (running: Running<unknown>): Parameters<typeof revokeCertificates>[0] => {
  const { store } = running.desk;
  return {
    ...byCaller(running),
    store: {
      revoke: (...revoked) => store.revoke(...revoked),
      findRenewals: async (id: CertificateId) => seenAmong(running, await store.findRenewals(id)),
    },
  };
};

/** As `revokeCertificates`, within reach. The event counts those that were revoked also when a later one fails. */
export async function revokeAndTell(
  running: Running<unknown>,
  certificates: readonly StoredCertificate[],
  options: Options,
): Promise<Revoked> {
  let number = 0;
  const done = (): void => void number++;
  try {
    return await revokeCertificates(withinReach(running), certificates, { ...options, done });
  } finally {
    tellRevoked(running, { number, reason: options.reason });
  }
}

/** One event for all that an action revoked; none for none. */
export function tellRevoked(
  { desk, caller: { source } }: Running<unknown>,
  { number, reason }: { number: number; reason: RevocationReason },
): void {
  if (number > 0) desk.emit?.({ event: 'certificates-revoked', source, reason, number });
}
