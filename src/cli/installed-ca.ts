/** Puts an issuing CA to use whose certificate comes from a CA elsewhere. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Certificates, certificatesFrom } from '../app/certificate-files.ts';
import { readFile } from '../app/files.ts';
import { certificateOf, chainAbove } from '../ca/chain-order.ts';
import { installableCa, type NewIssuingCa } from '../ca/installable.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import { systemClock } from '../embed/system.ts';
import { openCaKey } from './ca-ceremony.ts';
import { CA_FILES, chainFiles, OWN_KEY, writeInstallation } from './ca-folder.ts';
import type { Passphrase } from './passphrase-option.ts';

/** What `ca install` is given: paths, and the URI of the key unless `ca csr` made it in the same folder. */
export type Installing = {
  certificate: string;
  chain?: string;
  uri?: string;
  passphrase?: Passphrase;
  store?: string;
};

/** Checks the certificate of an issuing CA, and writes it with its chain and a configuration. Throws ConfigError. */
export async function installCa(
  dir: string,
  { certificate: path, chain, uri, passphrase, store }: Installing,
): Promise<{ files: string[]; warnings: readonly string[] }> {
  const own = join(dir, CA_FILES.key);
  if (uri === undefined && !existsSync(own))
    throw new ConfigError(
      `${own}: there is no such file`,
      'Make key and request with `openndes ca csr`, or name the key with --key-uri.',
    );
  const key = await openCaKey(uri ?? `file:${own}`, passphrase);
  try {
    const { certificate, above } = givenChain(path, chain, key);
    const { chain: checked, warnings } = installableCa({ certificate, above, spki: key.spki }, systemClock());
    const config = { key: uri === undefined ? OWN_KEY : absolute(uri), ...defined({ passphrase, store }) };
    return { files: writeInstallation(dir, chainFiles(checked), config), warnings };
  } finally {
    await key.close?.();
  }
}

/** The certificate of the key and those above it, whatever their order in the files. Throws ConfigError. */
function givenChain(
  path: string,
  chain: string | undefined,
  key: KeyProvider,
): Pick<NewIssuingCa, 'certificate' | 'above'> {
  const read = (file: string): Certificates => certificatesFrom(readFile(file, 'certificates of the CA'), file);
  const given = read(path);
  const certificate = certificateOf(key.spki, given) ?? given[0];
  return { certificate, above: chainAbove(certificate, [...given, ...(chain === undefined ? [] : read(chain))]) };
}

/** A path in a URI is relative to the configuration there, and to the working directory here. */
const absolute = (uri: string): string => (uri.startsWith('file:') ? `file:${resolve(uri.slice(5))}` : uri);
