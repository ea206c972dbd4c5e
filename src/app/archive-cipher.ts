/** Archives encrypted as age does (age-encryption.org/v1), piece by piece: `age` of others opens them. */
import { createRequire } from 'node:module';
import { ConfigError } from '../core/errors.ts';
import { readPrivateFile } from './files.ts';
import { type ArchiveSource, type Chunks, damaged } from './tar.ts';

/** Who can open an archive: the holders of the keys of recipients (`age1…`), or who knows the passphrase. */
export type ArchiveLock = { recipients: readonly string[]; passphrase?: string };
/** What opens an archive. `identities`: texts of the form `AGE-SECRET-KEY-1…`. */
export type ArchiveKeys = { identities: readonly string[]; passphrase?: string };

/** The part of the npm package `age-encryption` that is used. It is loaded only for an archive that is encrypted. */
type Age = {
  Encrypter: new () => {
    addRecipient(recipient: string): void;
    setPassphrase(passphrase: string): void;
    setScryptWorkFactor(logN: number): void;
    encrypt(file: ReadableStream<Uint8Array>): Promise<AsyncIterable<Uint8Array>>;
  };
  Decrypter: new () => {
    addIdentity(identity: string): void;
    addPassphrase(passphrase: string): void;
    decrypt(file: ReadableStream<Uint8Array>): Promise<AsyncIterable<Uint8Array>>;
  };
};

const age = (): Age => createRequire(import.meta.url)('age-encryption') as Age;

/** 2^16 rounds need 64 MB of memory and half a second. */
const WORK = 16;
/** The first line of an encrypted archive. */
const MAGIC = Buffer.from('age-encryption.org/v1\n');

/** The same content, encrypted. Throws ConfigError for a recipient that is none. */
export async function encrypted(
  content: Chunks,
  { recipients, passphrase }: ArchiveLock,
): Promise<AsyncIterable<Uint8Array>> {
  const encrypter = new (age().Encrypter)();
  if (passphrase !== undefined) {
    encrypter.setScryptWorkFactor(WORK);
    encrypter.setPassphrase(passphrase);
  }
  for (const recipient of recipients)
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw new ConfigError(`${recipient}: not a recipient of age`, 'Give what `age-keygen -y` prints: age1…', {
        cause,
      });
    }
  return encrypter.encrypt(ReadableStream.from(content));
}

/** What is in the archive, in clear. `path` is for errors. Throws ConfigError when it is encrypted and the keys do not open it. */
export async function* decrypted(path: string, source: ArchiveSource, keys: ArchiveKeys): ArchiveSource {
  const pieces = source[Symbol.asyncIterator]();
  const first = await pieces.next();
  if (first.done) return;
  const all = joined(first.value, pieces);
  const isEncrypted = MAGIC.equals(first.value.subarray(0, MAGIC.length));
  try {
    yield* isEncrypted ? await opened(path, all, keys) : all;
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw damaged(path, 'it cannot be decrypted to its end');
  }
}

async function opened(
  path: string,
  source: ArchiveSource,
  { identities, passphrase }: ArchiveKeys,
): Promise<ArchiveSource> {
  if (identities.length === 0 && passphrase === undefined)
    throw new ConfigError(`${path} is encrypted`, 'Give --identity FILE, or --passphrase or --passphrase-file FILE.');
  const decrypter = new (age().Decrypter)();
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
  } catch {
    // The error of the package may repeat the key.
    throw new ConfigError('an identity is not one of age', 'Give the file that `age-keygen` wrote.');
  }
  if (passphrase !== undefined) decrypter.addPassphrase(passphrase);
  try {
    return piecesOf(await decrypter.decrypt(ReadableStream.from(source)));
  } catch (cause) {
    throw new ConfigError(
      `${path} cannot be opened with ${passphrase === undefined ? 'these identities' : 'this passphrase'}`,
      'Give the one that it was encrypted for; if it is, use another backup: this one is damaged.',
      { cause },
    );
  }
}

async function* piecesOf(from: AsyncIterable<Uint8Array>): ArchiveSource {
  yield* from;
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): ArchiveSource {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** The identities in a file of `age-keygen`. Throws ConfigError when there are none, or others may read it. */
export function identitiesIn(path: string): string[] {
  const lines = readPrivateFile(path, 'the identities of the backup').toString().split(/\r?\n/);
  const identities = lines.map((line) => line.trim()).filter((line) => /^AGE-SECRET-KEY-/i.test(line));
  if (identities.length > 0) return identities;
  throw new ConfigError(
    `${path}: no identity of age`,
    'Give the file that `age-keygen` wrote, with a line AGE-SECRET-KEY-1….',
  );
}

/** The first line of a file. Throws ConfigError when it is empty, or others may read the file. */
export function passphraseIn(path: string): string {
  const [passphrase = ''] = readPrivateFile(path, 'the passphrase of the backup').toString().split(/\r?\n/);
  if (passphrase !== '') return passphrase;
  throw new ConfigError(`${path}: no passphrase`, 'Write it into the first line.');
}
