/** Keys that are made here for people, because every device of a person needs the same one. */
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { type Semaphore, semaphore } from '../core/semaphore.ts';
import { type SoftwareKey, softwareKey } from './software.ts';

/** The keys that can be made for a person. RSA of 2048 bits is what mail programs of every platform use. */
export const USER_KEYS = ['rsa-2048', 'rsa-3072', 'rsa-4096', 'p256'] as const;
/** One of them. */
export type UserKeyKind = (typeof USER_KEYS)[number];

/** Making an RSA key keeps a thread of the pool of Node.js busy, which name lookups and files need too. */
const turns: Semaphore = semaphore({ permits: 2, queue: Number.POSITIVE_INFINITY });

const made = promisify(generateKeyPair);

/**
 * A new key in the memory of this process, made in a thread of its own: `serve` can call it. Two are made at once, others wait.
 * Rejects with the reason of the signal when that aborts while it waits.
 */
export async function makeUserKey(kind: UserKeyKind, signal?: AbortSignal): Promise<SoftwareKey> {
  const key = await turns.run(() => newKey(kind), signal);
  if (key === 'busy') throw new RangeError('the queue for keys has no end');
  return key;
}

const newKey = async (kind: UserKeyKind): Promise<SoftwareKey> =>
  softwareKey(
    kind === 'p256'
      ? (await made('ec', { namedCurve: 'P-256' })).privateKey
      : (await made('rsa', { modulusLength: Number(kind.slice(4)) })).privateKey,
  );

/** PKCS#8, DER, in clear. Overwrite it (`fill(0)`) when it is no longer needed. */
export const privateKeyOctets = ({ privateKey }: SoftwareKey): Buffer =>
  privateKey.export({ format: 'der', type: 'pkcs8' });
