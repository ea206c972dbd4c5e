/** The revocation list of an authority, read out of the store and kept until it says too little or too old things. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Revocation, writeCrl } from './certificate-list.ts';
import type { Clock } from '../core/environment.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { Store } from '../core/store.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';

/** The present list, DER. Throws whatever the store or the key throws. */
export type RevocationList = () => Promise<Uint8Array>;

/** Whose list it is, out of which store, and how long each one is good for. */
export type RevocationListOptions = {
  /** The issuing CA: certificate, DER, and its key. */
  issuer: { certificate: Uint8Array; key: KeyProvider };
  store: Pick<Store, 'countRevoked' | 'listCertificates'>;
  /** Milliseconds from thisUpdate to nextUpdate. */
  validity: number;
  clock: Clock;
};

/** `revoked`: how many certificates were revoked when it was begun. */
type CachedCrl = { revoked: number; renewAt: number; crl: Promise<Uint8Array> };

/**
 * Signs a list when one is asked for and none is kept, when a certificate was revoked since, by this process or by
 * another, and when half of the validity is over. Its number is the time in milliseconds, or one more than that of the
 * list before where the clock stands still or goes back; so numbers rise also over restarts and across replicas.
 */
export function revocationList({ issuer, store, validity, clock }: RevocationListOptions): RevocationList {
  let kept: CachedCrl | undefined;
  let last = 0;

  async function make(thisUpdate: Date): Promise<Uint8Array> {
    const number = (last = Math.max(thisUpdate.getTime(), last + 1));
    const revoked = await revocationsOf(nameText(readCertificate(issuer.certificate).subject), store);
    return writeCrl({ issuer, revoked, thisUpdate, validity, number });
  }

  return async () => {
    // Counted before it is listed: what is revoked in between makes the next question sign anew.
    const revoked = await store.countRevoked();
    const now = clock();
    if (kept?.revoked === revoked && now.getTime() < kept.renewAt) return kept.crl;
    const crl = make(now);
    const made = { revoked, renewAt: now.getTime() + validity / 2, crl };
    kept = made;
    return crl.catch((error: unknown) => {
      if (kept === made) kept = undefined;
      throw error;
    });
  };
}

/** As many as are in memory at once with all that is stored of them. */
const PAGE = 1_000;

/** Everything of this issuer that is revoked, page by page; the event loop gets a turn after each. */
async function revocationsOf(issuer: string, store: Pick<Store, 'listCertificates'>): Promise<Revocation[]> {
  const revocations: Revocation[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.listCertificates({ state: 'revoked', limit: PAGE, ...(after !== undefined && { after }) });
    for (const { serial, revokedAt, revocationReason: reason = 'unspecified', notAfter, ...certificate } of page)
      if (certificate.issuer === issuer && revokedAt)
        revocations.push({ serialNumber: Buffer.from(serial, 'hex'), revokedAt, reason, notAfter });
    after = page.at(-1)?.serial;
    if (page.length < PAGE) return revocations;
    await turn();
  }
}
