/** Answers OCSP requests for one authority (RFC 6960, 5019, 9654): from the store, signed by a delegated signer, and cached. */
import { catchDerError } from '../asn1/limits.ts';
import { MINUTE, SECOND } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { OcspStatus } from '../core/events.ts';
import type { CertificateStore, IssuerStore, SigningStore } from '../core/store.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { BoundedMap } from './bounded-map.ts';
import { knownStatus } from './known-status.ts';
import { type OcspRequest, readOcspRequest } from './ocsp-request.ts';
import {
  type CertStatus,
  entityTag,
  type OcspSigner,
  type ResponsePlan,
  responseWriter,
  UNSIGNED_RESPONSES,
  type UnsignedStatus,
} from './ocsp-response.ts';
import { revision } from './revision.ts';
import { type OcspCa, type ServedCa, servedCas } from './served-ca.ts';

/** The part of the store that answers are made from. */
export type OcspStore = Pick<CertificateStore, 'revocationStatus' | 'revocationStanding'> &
  Pick<IssuerStore, 'registerIssuer'> &
  Pick<SigningStore, 'lastSigned' | 'noteSigning'>;

/** What a responder answers for, and how. Times in milliseconds. */
export type OcspOptions = {
  /** The CA of today, and those before it: the CertID of a request decides which one answers. */
  cas: readonly OcspCa[];
  store: OcspStore;
  /** From the moment of signing to nextUpdate. */
  validity: number;
  /** How long an answer is used again, here and by caches on the way. */
  maxAge: number;
  /** What is said of a serial number that was never given out. */
  nonIssued: 'unknown' | 'revoked';
  clock: Clock;
};

/** For how long an answer may be used again, and how HTTP says it (RFC 5019 6.2); times in milliseconds since 1970. */
export type KeptAnswer = { from: number; until: number; etag: string; lastModified: string; expires: string };

/** A response, DER. `kept` is absent when it is for this request alone; `status`: what it says. */
export type OcspAnswer = { body: Uint8Array; status: OcspStatus; kept?: KeptAnswer };

/** Answers one request, DER; at once when it can. Throws or rejects when the store or the signer does. */
export type OcspResponder = (request: Uint8Array) => OcspAnswer | Promise<OcspAnswer>;

/** How long before the moment of signing thisUpdate lies, for verifiers whose clocks are slow. */
const BACKDATE = 5 * MINUTE;
/** Signed answers in memory, of about a kilobyte each; with the octets of their requests, which the sender chooses. */
const MOST_ANSWERS = 8_192;
/** Octets of a request whose answer is kept: RFC 5019 5 has 255 for the only kind that is asked again. */
const LONGEST_KEPT = 512;
/** Signatures that wait for a key that signs in another thread. */
const MOST_WAITING = 256;

/** Of a CA that is not the one that signs the answer (RFC 6960 2.2). */
const FOREIGN: CertStatus = { kind: 'unknown' };

/**
 * The responder of an authority. It asks the store once a second whether anything was revoked; if not, it answers from
 * memory. Throws DerError for a malformed certificate of a CA.
 */
export function ocspResponder(options: OcspOptions): OcspResponder {
  const { cas, store, clock, nonIssued } = options;
  const caOf = servedCas(cas);
  const answers = new BoundedMap<OcspAnswer>(MOST_ANSWERS);
  const statuses = knownStatus(store, nonIssued);
  const sign = answerSigner(options);
  const changed = (): void => {
    answers.clear();
    statuses.forget();
  };
  const { isFresh, look } = revision({ store, clock, changed }, cas);

  const current = (key: string): OcspAnswer | undefined => {
    const answer = answers.get(key);
    const now = clock().getTime();
    return answer?.kept && now >= answer.kept.from && now < answer.kept.until ? answer : undefined;
  };

  function answer(request: OcspRequest, key: string): OcspAnswer | Promise<OcspAnswer> {
    const ca = request.ids.map(caOf).find((each) => each !== undefined);
    if (!ca) return unsigned('unauthorized');
    const epoch = statuses.epoch();
    const keep = (made: OcspAnswer): OcspAnswer => {
      // A revocation that was noticed meanwhile may not be in it.
      if (made.kept && key.length <= LONGEST_KEPT && epoch === statuses.epoch()) answers.set(key, made);
      return made;
    };
    const known = request.ids.map((id) => (caOf(id) === ca ? statuses.of(ca.identity.issuerId, id.serial) : FOREIGN));
    return then(all(known), (found) => then(sign(ca, request, found), keep));
  }

  function made(octets: Uint8Array, key: string): OcspAnswer | Promise<OcspAnswer> {
    const request = catchDerError(
      () => readOcspRequest(octets),
      () => undefined,
    );
    return request ? answer(request, key) : unsigned('malformedRequest');
  }

  return (octets) => {
    const key = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
    if (isFresh()) return current(key) ?? made(octets, key);
    return look().then(() => current(key) ?? made(octets, key));
  };
}

/** `next` of a value: at once, unless it is a promise. A promise for each answer would cost as much as a signature. */
const then = <T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> =>
  value instanceof Promise ? value.then(next) : next(value);

const all = (values: readonly (CertStatus | Promise<CertStatus>)[]): CertStatus[] | Promise<CertStatus[]> =>
  values.some((each) => each instanceof Promise)
    ? Promise.all(values.map(async (each) => each))
    : (values as CertStatus[]);

const unsigned = (status: UnsignedStatus): OcspAnswer => ({ body: UNSIGNED_RESPONSES[status], status });

type Signing = { write: ReturnType<typeof responseWriter>; begins: number; ends: number };

/** Signs what is known of the certificates of a request, which are of this CA. */
function answerSigner({ validity, maxAge, clock }: OcspOptions) {
  const signings = new WeakMap<OcspSigner, Signing>();
  let waiting = 0;

  function signingOf(signer: OcspSigner): Signing {
    const { notBefore, notAfter } = readValidity(readCertificate(signer.certificate));
    const made = { write: responseWriter(signer), begins: notBefore.getTime(), ends: notAfter.getTime() };
    signings.set(signer, made);
    return made;
  }

  return (
    ca: ServedCa,
    { ids, nonce }: OcspRequest,
    known: readonly CertStatus[],
  ): OcspAnswer | Promise<OcspAnswer> => {
    const signer = ca.signer();
    const signing = signer && (signings.get(signer) ?? signingOf(signer));
    const now = Math.floor(clock().getTime() / SECOND) * SECOND;
    if (!signing || now < signing.begins || now >= signing.ends || waiting >= MOST_WAITING) return unsigned('tryLater');
    const nextUpdate = new Date(Math.min(now + validity, signing.ends));
    const plan: ResponsePlan = {
      producedAt: new Date(now),
      nonce,
      responses: ids.map(({ der }, index) => {
        const status = known[index] ?? FOREIGN;
        return { certId: der, status, thisUpdate: thisUpdateOf(status, now), nextUpdate };
      }),
    };
    const isKept = nonce === undefined && known.every(({ kind }) => kind === 'good' || kind === 'revoked');
    const until = Math.min(now + maxAge, nextUpdate.getTime());
    const told = worstOf(known);
    const finish = (body: Uint8Array): OcspAnswer =>
      isKept
        ? { body, status: told, kept: keptAnswer(body, { from: now, until, nextUpdate }) }
        : { body, status: told };
    const body = signing.write(plan);
    if (!(body instanceof Promise)) return finish(body);
    waiting++;
    return body.finally(() => waiting--).then(finish);
  };
}

/** Of several certificates; one that was never issued is answered as revoked. */
function worstOf(known: readonly CertStatus[]): OcspStatus {
  if (known.some(({ kind }) => kind === 'revoked' || kind === 'not issued')) return 'revoked';
  return known.some(({ kind }) => kind === 'unknown') ? 'unknown' : 'good';
}

/** The moment of which the answer is true: after a revocation, not before it. */
const thisUpdateOf = (status: CertStatus, now: number): Date =>
  new Date(Math.min(now, Math.max(now - BACKDATE, status.kind === 'revoked' ? status.at.getTime() : 0)));

const keptAnswer = (
  body: Uint8Array,
  { from, until, nextUpdate }: { from: number; until: number; nextUpdate: Date },
): KeptAnswer => ({
  from,
  until,
  etag: entityTag(body),
  lastModified: new Date(from).toUTCString(),
  expires: nextUpdate.toUTCString(),
});
