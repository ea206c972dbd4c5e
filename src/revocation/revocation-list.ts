/** The revocation list of an issuing CA, made from the store and cached until a revocation or half of its validity. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeCrl } from './certificate-list.ts';
import type { Revocation } from './list-entries.ts';
import { MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import { keyWithin } from '../core/key-within.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { AgreedList, RevocationStanding } from '../core/records.ts';
import { signingClock } from '../core/signing-clock.ts';
import type { CertificateStore, IssuerStore, SigningStore } from '../core/store.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';

/**
 * The current list, DER. Throws what the store or the key throws, while there is no valid list from before. `failure`: why the
 * list from before is served in place of a new one, if it is. `markOf`: number and time of a list that was returned.
 * `latest`: what the last list is like, undefined before the first.
 */
export type RevocationList = (() => Promise<Uint8Array>) & {
  failure?: () => Error | undefined;
  markOf?: (crl: Uint8Array) => ListMark | undefined;
  latest?: () => ListSize | undefined;
};

/** A list as it is now. `made`: how many were signed here since the start. */
export type ListSize = {
  number: number;
  thisUpdate: Date;
  nextUpdate: Date;
  octets: number;
  entries: number;
  made: number;
};

/** By which a list is known: its number is given out once. */
export type ListMark = { number: number; madeAt: Date };

/** The part of the store that a list is made from. */
export type RevocationStore = Pick<
  CertificateStore,
  'revocationStanding' | 'listRevoked' | 'agreeOnList' | 'publishList'
> &
  Pick<IssuerStore, 'registerIssuer'> &
  Pick<SigningStore, 'lastSigned' | 'noteSigning'>;

/** The CA, the store with its certificates, and how long each list is valid. */
export type RevocationListOptions = {
  /** The issuing CA: certificate, DER, and its key. */
  issuer: { certificate: Uint8Array; key: KeyProvider };
  store: RevocationStore;
  /** Only the certificates that name this shard, and the URLs of its list; every certificate of the CA where absent. */
  shard?: { number: number; urls: readonly string[] };
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

/** `renewAt` and `endsAt` in milliseconds since 1970, by `clock`. */
type CachedCrl = { revision: number; number: number; renewAt: number; endsAt: number; crl: Uint8Array };
/** A list that is being made, with at least what was revoked at this revision. */
type Making = { revision: number; crl: Promise<Uint8Array> };

/** Milliseconds by which the clocks of the servers of one store may differ. */
const DIFFERENCE = 5 * MINUTE;

/** Lists that another server may publish while one is signed, before the request fails. */
const MOST_TRIES = 3;

/**
 * Signs a new list when none is cached, when a certificate was revoked or released since, by this process or by another, and
 * when half of the validity is over. The servers of one store agree on its number and its time, so that each serves the same
 * list, and none serves a list after another one has served its successor. Where no new one can be made, as on a full disk, the
 * cached one is served while it is valid.
 */
export function revocationList({ deadline, ...options }: RevocationListOptions): RevocationList {
  const { store, validity, clock, shard } = options;
  const { certificate, key } = options.issuer;
  const issuer = { certificate, key: keyWithin(key, deadline) };
  const assertClock = signingClock(store);
  const identity = issuerIdentity(certificate);
  const { issuerId } = identity;
  const begins = readValidity(readCertificate(issuer.certificate)).notBefore.getTime();
  const marks = new WeakMap<Uint8Array, ListMark>();
  let registered: Promise<void> | undefined;
  let seen: RevocationStanding = { revision: 0, published: 0 };
  let cached: CachedCrl | undefined;
  let making: Making | undefined;
  let failure: Error | undefined;
  let size: ListSize | undefined;

  // Certificates from before issuers were recorded are on the list only when the issuer has been registered.
  const register = (): Promise<void> =>
    (registered ??= store.registerIssuer(identity).catch((error: unknown) => {
      registered = undefined;
      throw error;
    }));

  async function make({ number, madeAt }: AgreedList): Promise<Uint8Array> {
    let entries = 0;
    const revoked = revocationsOf(issuerId, store, shard?.number);
    const early = Math.min(BACKDATE, Math.max(0, madeAt.getTime() - begins));
    const thisUpdate = new Date(madeAt.getTime() - early);
    const onlyAt = shard && { onlyAt: shard.urls };
    const plan = { issuer, revoked, thisUpdate, validity: validity + early, number, ...onlyAt };
    const crl = await writeCrl({ ...plan, counted: (more) => (entries += more) });
    const nextUpdate = new Date(madeAt.getTime() + validity);
    size = { number, thisUpdate, nextUpdate, octets: crl.length, entries, made: (size?.made ?? 0) + 1 };
    return crl;
  }

  async function renew(wanted: number): Promise<Uint8Array> {
    await assertClock(clock());
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const agreed = await store.agreeOnList(issuerId, { revision: wanted, keep: validity / 2 }, shard?.number);
      const { number, revision, madeAt } = agreed;
      const renewAt = clock().getTime() + agreed.keptFor;
      const crl = await make(agreed);
      seen.published = await store.publishList(issuerId, number, shard?.number);
      if (seen.published > number) continue;
      marks.set(crl, { number, madeAt });
      cached = { revision, number, renewAt, endsAt: madeAt.getTime() + validity, crl };
      return crl;
    }
    throw new Error(`other servers published list ${seen.published} while this one signed an earlier one`);
  }

  /** Made one after the other, however many ask. What is revoked before a request is on the list that the request gets. */
  async function newList(revision: number): Promise<Uint8Array> {
    while (making && making.revision < revision) await making.crl.catch(() => {});
    making ??= { revision, crl: renew(revision).finally(() => (making = undefined)) };
    return making.crl;
  }

  async function current(): Promise<Uint8Array> {
    await register();
    // Read before the certificates are listed: a revocation in between makes the next call sign a new list.
    seen = await store.revocationStanding(issuerId, shard?.number);
    // The revision is another one also after a restore of the database.
    const isCurrent = cached?.revision === seen.revision && cached.number >= seen.published && isInTime(cached);
    return cached && isCurrent ? cached.crl : newList(seen.revision);
  }

  /** Not when it is to be renewed, nor when it was signed by a clock that was ahead. */
  function isInTime({ renewAt, endsAt }: CachedCrl): boolean {
    const now = clock().getTime();
    return now < renewAt && now >= endsAt - validity - DIFFERENCE;
  }

  async function list(): Promise<Uint8Array> {
    try {
      const crl = await current();
      failure = undefined;
      return crl;
    } catch (error) {
      if (!cached || clock().getTime() >= cached.endsAt || cached.number < seen.published) throw error;
      failure = error instanceof Error ? error : new Error(String(error));
      return cached.crl;
    }
  }

  const markOf = (crl: Uint8Array): ListMark | undefined => marks.get(crl);
  return Object.assign(list, { failure: () => failure, markOf, latest: () => size });
}

/** Rows of one query: SQLite reads them in one or two milliseconds. */
const PAGE = 250;

/** The revoked certificates of this issuer, page by page; the event loop runs between pages. */
async function* revocationsOf(
  issuerId: string,
  store: RevocationStore,
  shard: number | undefined,
): AsyncGenerator<readonly Revocation[]> {
  for (let after = 0; ; ) {
    const page = await store.listRevoked(issuerId, { after, limit: PAGE, ...(shard !== undefined && { shard }) });
    yield page.map(({ serial, ...rest }) => ({ serialNumber: Buffer.from(serial, 'hex'), ...rest }));
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.id;
    await nextTurn();
  }
}
