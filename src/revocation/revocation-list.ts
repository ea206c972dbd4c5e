/** The revocation list of an issuing CA, made from the store and cached until a revocation or half of its validity. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Revocation, writeCrl } from './certificate-list.ts';
import type { Clock } from '../core/environment.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { Store } from '../core/store.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';

/** The current list, DER. Throws what the store or the key throws. */
export type RevocationList = () => Promise<Uint8Array>;

/** The issuer of the list, the store, and how long each list is valid. */
export type RevocationListOptions = {
  /** The issuing CA: certificate, DER, and its key. */
  issuer: { certificate: Uint8Array; key: KeyProvider };
  store: Pick<Store, 'countRevoked' | 'listCertificates'>;
  /** Milliseconds from thisUpdate to nextUpdate. */
  validity: number;
  clock: Clock;
};

/** `revoked`: how many certificates were revoked before it was made. `renewAt` in milliseconds since 1970. */
type CachedCrl = { revoked: number; renewAt: number; crl: Promise<Uint8Array> };

/**
 * Signs a new list when none is cached, when a certificate was revoked since, by this process or by another, and when half
 * of the validity is over. Its number is the time in milliseconds, or one more than the last number when the clock stands
 * still or goes back; so numbers also increase across restarts and replicas.
 */
export function revocationList({ issuer, store, validity, clock }: RevocationListOptions): RevocationList {
  let cached: CachedCrl | undefined;
  let last = 0;

  async function make(thisUpdate: Date): Promise<Uint8Array> {
    const number = (last = Math.max(thisUpdate.getTime(), last + 1));
    const revoked = await revocationsOf(nameText(readCertificate(issuer.certificate).subject), store);
    return writeCrl({ issuer, revoked, thisUpdate, validity, number });
  }

  return async () => {
    // Counted before it is listed: a revocation in between makes the next call sign a new list.
    const revoked = await store.countRevoked();
    const now = clock();
    if (cached?.revoked === revoked && now.getTime() < cached.renewAt) return cached.crl;
    const crl = make(now);
    const made = { revoked, renewAt: now.getTime() + validity / 2, crl };
    cached = made;
    return crl.catch((error: unknown) => {
      if (cached === made) cached = undefined;
      throw error;
    });
  };
}

/** Certificates of one query: they are in memory with all their fields. */
const PAGE = 1_000;

/** The revoked certificates of this issuer, read page by page; the event loop runs between pages. */
async function revocationsOf(issuer: string, store: Pick<Store, 'listCertificates'>): Promise<Revocation[]> {
  const revocations: Revocation[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.listCertificates({ state: 'revoked', limit: PAGE, ...(after !== undefined && { after }) });
    for (const { serial, revokedAt, revocationReason: reason = 'unspecified', notAfter, ...certificate } of page)
      if (certificate.issuer === issuer && revokedAt)
        revocations.push({ serialNumber: Buffer.from(serial, 'hex'), revokedAt, reason, notAfter });
    after = page.at(-1)?.serial;
    if (page.length < PAGE) return revocations;
    await nextTurn();
  }
}
