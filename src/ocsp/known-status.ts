/** What the store knows of certificates, kept until something is revoked. */
import type { CertificateStore } from '../core/store.ts';
import { BoundedMap } from './bounded-map.ts';
import type { CertStatus } from './ocsp-response.ts';

const MOST = 32_768;

/** Asks for the status of a certificate: at once when it is known. `epoch` rises with each `forget`. */
export type KnownStatus = {
  of: (issuerId: string, serial: string) => CertStatus | Promise<CertStatus>;
  forget: () => void;
  epoch: () => number;
};

/** A serial number that was never given out is asked for each time: it may be given out next. */
export function knownStatus(
  store: Pick<CertificateStore, 'revocationStatus'>,
  nonIssued: 'unknown' | 'revoked',
): KnownStatus {
  const known = new BoundedMap<CertStatus>(MOST);
  const missing: CertStatus = { kind: nonIssued === 'revoked' ? 'not issued' : 'unknown' };
  let epoch = 0;

  async function ask(issuerId: string, serial: string): Promise<CertStatus> {
    const begun = epoch;
    const found = await store.revocationStatus({ issuerId, serial });
    if (found === undefined) return missing;
    const status: CertStatus = found === 'good' ? { kind: 'good' } : { kind: 'revoked', ...found };
    // Asked before a revocation that was noticed since, it would stay for ever.
    if (begun === epoch) known.set(`${issuerId}/${serial}`, status);
    return status;
  }

  return {
    of: (issuerId, serial) => known.get(`${issuerId}/${serial}`) ?? ask(issuerId, serial),
    forget() {
      epoch++;
      known.clear();
    },
    epoch: () => epoch,
  };
}
