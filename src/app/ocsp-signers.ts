/** The certificates that sign OCSP responses, one for each CA: made when they are missing, and renewed while the server runs. */
import { sign } from 'node:crypto';
import { createOcspSigner } from '../ca/create.ts';
import { DAY, MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { Digest, KeyKind, KeyProvider } from '../core/keys.ts';
import { keyWithin } from '../core/key-within.ts';
import { semaphore } from '../core/semaphore.ts';
import { every, systemDeadline, systemRandom } from '../embed/system.ts';
import { generateKey, type SoftwareKey } from '../keys/software.ts';
import type { OcspSigner } from '../ocsp/ocsp-response.ts';
import { readCertificate, readValidity, thumbprint } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import type { SignerPair, SignerPlace } from './ocsp-signer-place.ts';
import { onceIn } from './once-in.ts';
import { endOfChain, isCaInForce, isIssuedBy, type RaIssuer, raSubject } from './ra-certificate.ts';

/** Weeks, because nobody asks whether it is revoked. */
const VALIDITY = 30 * DAY;
/** Long enough for an administrator to repair what keeps the CA from signing the next one. */
const RENEW_BEFORE = 15 * DAY;

/** The kind of key of a signer. */
export type SignerKind = 'p256' | 'rsa-2048' | 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87';

const KEY_TYPES: Readonly<Record<SignerKind, KeyKind['type']>> = {
  p256: 'ec',
  'rsa-2048': 'rsa',
  'ml-dsa-44': 'ml-dsa-44',
  'ml-dsa-65': 'ml-dsa-65',
  'ml-dsa-87': 'ml-dsa-87',
};

/** For which CA, of which kind, and where it is kept. `authority`: its name in the configuration. */
export type SignerOf = { authority: string; ca: RaIssuer & { key: KeyProvider }; kind: SignerKind; place: SignerPlace };

/** `current` is undefined while there is none. `renew` makes the next one when it is time; it does not reject. */
export type SignerKeeper = { current: () => OcspSigner | undefined; renew: () => Promise<void> };

/** The kind that is configured, or that of the key of the CA. */
export const signerKind = (wanted: SignerKind | 'auto', ca: KeyProvider): SignerKind =>
  wanted !== 'auto'
    ? wanted
    : ((Object.keys(KEY_TYPES) as SignerKind[]).find((kind) => KEY_TYPES[kind] === ca.kind.type) ?? 'p256');

/** Nothing is read or made before the first `renew`. */
export function signerKeeper(of: SignerOf, { emit, clock }: { emit: Emit; clock: Clock }): SignerKeeper {
  const { authority, ca, place } = of;
  const isNews = onceIn(DAY, clock);
  let pair: SignerPair | undefined;
  let signer: OcspSigner | undefined;

  function use(next: SignerPair): void {
    pair = next;
    signer = { certificate: next.certificate, key: signingLater(next.key) };
  }

  /** What could not be read is made anew: without an answer verifiers refuse every device. */
  async function renew(): Promise<void> {
    if (pair && keepsSigner(pair, of, clock)) return;
    const kept = await place.read().catch((err: unknown) => notKept(err));
    if (kept && keepsSigner(kept, of, clock)) return use(kept);
    if (!isCaInForce(ca, clock)) return;
    const made = await newSigner(of, clock);
    const replaced = pair !== undefined || kept !== undefined;
    const isFirst = await place.write(made).catch((err: unknown) => notKept(err) ?? true);
    const other = isFirst ? undefined : await place.read();
    use(other ?? made);
    if (!other) sayMade(made, replaced);
  }

  function notKept(err: unknown): undefined {
    if (isNews(`kept ${textOf(err)}`)) emit({ event: 'ocsp-signer-not-kept', authority, err });
    return undefined;
  }

  function sayMade({ certificate }: SignerPair, replaced: boolean): void {
    const view = readCertificate(certificate);
    const ends = readValidity(view).notAfter.toISOString();
    const subject = nameText(view.subject);
    emit({ event: 'ocsp-signer-made', subject, thumbprint: thumbprint(certificate), ends, replaced });
  }

  return {
    current: () => signer,
    renew: () =>
      renew().catch((err: unknown) => {
        if (isNews(`made ${textOf(err)}`)) emit({ event: 'ocsp-signer-not-made', authority, err });
      }),
  };
}

const textOf = (err: unknown): string => (err instanceof Error ? err.message : String(err));

/** Whether no next one is due. One that begins in the future was made while the clock was wrong. */
function keepsSigner({ certificate, key }: SignerPair, { ca, kind }: SignerOf, clock: Clock): boolean {
  const { notBefore, notAfter } = readValidity(readCertificate(certificate));
  const left = notAfter.getTime() - clock().getTime();
  const lasts = notBefore <= clock() && left > 0 && (left > RENEW_BEFORE || notAfter >= endOfChain(ca));
  return lasts && key.kind.type === KEY_TYPES[kind] && isIssuedBy(certificate, ca);
}

async function newSigner({ ca, kind }: SignerOf, clock: Clock): Promise<SignerPair> {
  const key = generateKey(kind);
  const validity = Math.min(VALIDITY, endOfChain(ca).getTime() - clock().getTime());
  const certificate = await createOcspSigner(
    { subject: raSubject(ca.certificate, 'OCSP'), key, validity, backdate: DAY, clock, random: systemRandom },
    { certificate: ca.certificate, key: keyWithin(ca.key, systemDeadline) },
  );
  return { certificate, key };
}

/** Threads of Node.js that sign at the same time: it has four, and files and names of hosts need the others. */
const turns = semaphore({ permits: 2, queue: Infinity });

/** As the key. RSA and ML-DSA sign in other threads: they take a millisecond, in which the thread of HTTP would do nothing else. */
export function signingLater(key: SoftwareKey): KeyProvider {
  if (key.kind.type === 'ec') return key;
  return {
    ...key,
    async sign({ data, digest }) {
      const signature = await turns.run(() => signLater(digest, data, key));
      if (signature === 'busy') throw new Error('too many signatures wait');
      return signature;
    },
  };
}

const signLater = (digest: Digest | undefined, data: Uint8Array, { privateKey }: SoftwareKey): Promise<Uint8Array> =>
  new Promise((resolve, reject) =>
    sign(digest ?? null, data, privateKey, (error, signature) => (error ? reject(error) : resolve(signature))),
  );

/** Renews them every minute, until the returned function is called. Each server does so: what one has made, the others read. */
export function renewSigners(keepers: readonly SignerKeeper[]): () => Promise<void> {
  let running: Promise<unknown> | undefined;
  const stop = every(MINUTE, () => {
    running ??= Promise.all(keepers.map(({ renew }) => renew())).finally(() => (running = undefined));
  });
  return async () => {
    stop();
    await running;
  };
}
