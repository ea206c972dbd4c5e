/** The revocation list of an issuing CA, made from the store and cached until a revocation or half of its validity. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Revocation, writeCrl } from './certificate-list.ts';
import { MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import { keyWithin } from '../core/key-within.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { AgreedList } from '../core/records.ts';
import type { CertificateStore, IssuerStore } from '../core/store.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';

/** The current list, DER. Throws what the store or the key throws. */
export type RevocationList = () => Promise<Uint8Array>;

/** The part of the store that a list is made from. */
export type RevocationStore = Pick<CertificateStore, 'countRevoked' | 'listRevoked' | 'agreeOnList'> &
  Pick<IssuerStore, 'registerIssuer'>;

/** The CA, the store with its certificates, and how long each list is valid. */
export type RevocationListOptions = {
  /** The issuing CA: certificate, DER, and its key. */
  issuer: { certificate: Uint8Array; key: KeyProvider };
  store: RevocationStore;
  /** Milliseconds from the moment at which a list is signed to nextUpdate. */
  validity: number;
  clock: Clock;
  /** The signal that ends the time of one signature of the key. */
  deadline: () => AbortSignal;
};

/**
 * Milliseconds of thisUpdate before the moment of signing, never before the CA begins: a reader whose clock is slow by less
 * takes the list. As with AD CS.
 */
const BACKDATE = 10 * MINUTE;

/** `revoked`: how many certificates were revoked before it was made. `renewAt` in milliseconds since 1970, by `clock`. */
type CachedCrl = { revoked: number; renewAt: number; crl: Uint8Array };

/**
 * Signs a new list when none is cached, when a certificate was revoked since, by this process or by another, and when half
 * of the validity is over. The servers of one store agree on its number and its time, so that each serves the same list.
 */
export function revocationList({ deadline, ...options }: RevocationListOptions): RevocationList {
  const { store, validity, clock } = options;
  const { certificate, key } = options.issuer;
  const issuer = { certificate, key: keyWithin(key, deadline) };
  const identity = issuerIdentity(certificate);
  const { issuerId } = identity;
  const begins = readValidity(readCertificate(issuer.certificate)).notBefore.getTime();
  let registered: Promise<void> | undefined;
  let cached: CachedCrl | undefined;
  let making: Promise<void> | undefined;

  // Certificates from before issuers were recorded are on the list only when the issuer has been registered.
  const register = (): Promise<void> =>
    (registered ??= store.registerIssuer(identity).catch((error: unknown) => {
      registered = undefined;
      throw error;
    }));

  async function make({ number, madeAt }: AgreedList): Promise<Uint8Array> {
    const revoked = await revocationsOf(issuerId, store);
    const early = Math.min(BACKDATE, Math.max(0, madeAt.getTime() - begins));
    const thisUpdate = new Date(madeAt.getTime() - early);
    return writeCrl({ issuer, revoked, thisUpdate, validity: validity + early, number });
  }

  async function renew(revoked: number): Promise<Uint8Array> {
    const agreed = await store.agreeOnList(issuerId, { revoked, keep: validity / 2 });
    const renewAt = clock().getTime() + agreed.keptFor;
    const crl = await make(agreed);
    cached = { revoked: agreed.revoked, renewAt, crl };
    return crl;
  }

  async function current(): Promise<Uint8Array> {
    // Counted before it is listed: a revocation in between makes the next call sign a new list.
    const revoked = await store.countRevoked(issuerId);
    // Fewer than before are there after a restore of the database: then another list is due too.
    if (cached?.revoked === revoked && clock().getTime() < cached.renewAt) return cached.crl;
    // One list is made at a time, however many ask and however often a certificate is revoked.
    if (making) return making.then(current, current);
    const next = renew(revoked);
    const done = (): void => (making = undefined);
    making = next.then(done, done);
    return next;
  }

  return async () => {
    await register();
    return current();
  };
}

/** Rows of one query. */
const PAGE = 1_000;

/** The revoked certificates of this issuer, read page by page; the event loop runs between pages. */
async function revocationsOf(issuerId: string, store: RevocationStore): Promise<Revocation[]> {
  const revocations: Revocation[] = [];
  for (let after = 0; ; ) {
    const page = await store.listRevoked(issuerId, { after, limit: PAGE });
    for (const { serial, revokedAt, reason, notAfter } of page)
      revocations.push({ serialNumber: Buffer.from(serial, 'hex'), revokedAt, reason, notAfter });
    const last = page.at(-1);
    if (!last || page.length < PAGE) return revocations;
    after = last.id;
    await nextTurn();
  }
}
