/** The key that signs the chain over the history. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isSignedBy, keyName, publicKeyOf, signHead, SIGNING_KINDS } from '../audit/signed-head.ts';
import type { Config } from '../config/schema.ts';
import type { HeadSeal } from '../core/audit-chain.ts';
import { equalBytes } from '../core/bytes.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { readSections } from './configuration-file.ts';
import { readFile } from './files.ts';
import { type KeyRing, keyRing } from './key-ring.ts';
import type { Authority } from './loaded-authority.ts';

/** Opens it; undefined where none is configured. Throws ConfigError when it cannot sign heads. */
export async function openAuditKey(
  { key: uri, passphrase }: Config['audit'],
  open: KeyRing['open'],
): Promise<KeyProvider | undefined> {
  if (uri === undefined) return undefined;
  const key = await open({ uri, what: 'the key of the audit', ...defined({ passphrase }) });
  if (SIGNING_KINDS.includes(key.kind.type)) return key;
  throw new ConfigError(
    `the key of the audit is of the kind ${key.kind.type}`,
    'Give an RSA or EC key: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out audit.key.pem',
  );
}

/** Throws ConfigError when a CA has this key: whoever can make the CA sign could then rewrite the history too. */
export function assertNoCaKey(
  { spki }: KeyProvider,
  authorities: Iterable<{ name: string; authority: Pick<Authority, 'chain' | 'next' | 'previous'> }>,
): void {
  for (const { name, authority } of authorities) {
    const all = [...authority.chain, ...(authority.next ?? []), ...authority.previous.map((each) => each.certificate)];
    if (all.some((certificate) => equalBytes(readCertificate(certificate).spki, spki)))
      throw new ConfigError(
        `the key of the audit is that of a CA of the authority ${name}`,
        'Make a key of its own: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out audit.key.pem',
      );
  }
}

/** What this key signs, and what it has signed. */
export function headSeal(key: KeyProvider): HeadSeal {
  const [name, publicKey] = [keyName(key.spki), publicKeyOf(key.spki)];
  return {
    sign: (head, chain) => signHead(key, { ...head, chain }),
    isOwn: ({ signature, ...head }, chain) =>
      head.key === name && signature !== undefined && isSignedBy(publicKey, { ...head, chain }, { signature }),
  };
}

/** The public keys that verify heads, by their names: that of the configuration, or those of files instead. Throws ConfigError. */
export async function verificationKeys(file: string, paths: readonly string[]): Promise<Map<string, KeyObject>> {
  const given = paths.map((path) => publicKeyIn(path, readFile(path, 'a key that signed heads').toString()));
  if (given.length > 0) return new Map(given.map((key) => [keyName(spkiOf(key)), key]));
  const { audit } = readSections(file, ['audit']);
  const keys = keyRing();
  try {
    const key = await openAuditKey(audit, keys.open);
    return publicKeysOf(key);
  } finally {
    await keys.close();
  }
}

/** The public key of this one by its name; none without a key. */
export const publicKeysOf = (key: KeyProvider | undefined): Map<string, KeyObject> =>
  new Map(key && [[keyName(key.spki), publicKeyOf(key.spki)]]);

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

function publicKeyIn(path: string, pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new ConfigError(`${path}: not a public key`, 'Make it with: openssl pkey -in audit.key.pem -pubout', {
      cause,
    });
  }
}
