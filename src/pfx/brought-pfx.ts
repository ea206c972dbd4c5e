/** A PKCS#12 file that somebody brings for a person: what is in it, and whether Intune can take it as it is. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { equalBytes } from '../core/bytes.ts';
import { ConfigError } from '../core/errors.ts';
import { readPkcs12 } from '../keys/pkcs12/pkcs12.ts';
import { readCertificate, readValidity, thumbprint } from '../pkix/certificate.ts';
import { readKey } from '../pkix/public-key.ts';
import { isPlainPassword } from './pfx-password.ts';
import type { FinishedPfx } from './user-pfx.ts';

/** The file as it is, and what it has for its owner. */
export type BroughtPfx = Pick<FinishedPfx, 'file' | 'password' | 'certificate' | 'thumbprint' | 'starts' | 'ends'>;

/** A file and its password, which is a secret. `where` names the file for errors. */
export type PfxFile = { file: Uint8Array; password: string; where: string };

/**
 * Opens the file, which stays as it is. Throws ConfigError, which never quotes the password: when it is wrong or not printable ASCII, which Intune cannot take,
 * when the file is damaged, and when it has not one private key with one certificate of it.
 */
export function readBroughtPfx({ file, password, where }: PfxFile): BroughtPfx {
  if (!isPlainPassword(password))
    throw new ConfigError(
      `${where}: the password is empty or not printable ASCII, and programs of Microsoft disagree on its octets`,
      'Export the file again with another password.',
    );
  const { keys, certificates } = opened({ file, password, where });
  const spkis = keys.map(publicHalf);
  const own = certificates.filter((der) => spkis.some((spki) => equalBytes(spki, spkiOf(der))));
  const [certificate] = own;
  if (keys.length !== 1 || own.length !== 1 || !certificate)
    throw new ConfigError(
      `${where}: ${keys.length} private keys, and ${own.length} certificates of them`,
      'Export one key with its certificate and the chain.',
    );
  const { notBefore, notAfter } = readValidity(readCertificate(certificate));
  return {
    file,
    password,
    certificate,
    thumbprint: thumbprint(certificate).toLowerCase(),
    starts: notBefore,
    ends: notAfter,
  };
}

const spkiOf = (der: Uint8Array): Uint8Array => readKey(readCertificate(der).spki).spki;

const publicHalf = (pkcs8: Uint8Array): Uint8Array => {
  const octets = Buffer.from(pkcs8);
  const key = createPublicKey(createPrivateKey({ key: octets, format: 'der', type: 'pkcs8' }));
  octets.fill(0);
  pkcs8.fill(0);
  return readKey(key.export({ format: 'der', type: 'spki' })).spki;
};

/** The remedies of the reader are those for a CA. */
function opened({ file, password, where }: PfxFile): ReturnType<typeof readPkcs12> {
  try {
    return readPkcs12(file, where, password);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new ConfigError(cause.message, 'Give the password of this file, or export it again.', { cause });
  }
}
