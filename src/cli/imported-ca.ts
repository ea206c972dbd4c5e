/** Takes over an issuing CA of another program: its certificate, those above it, and its key. */
import { certificatesFrom } from '../app/certificate-files.ts';
import { readFile } from '../app/files.ts';
import { certificateOf, chainAbove } from '../ca/chain-order.ts';
import { type Installable, installableCa } from '../ca/installable.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import { systemClock } from '../embed/system.ts';
import { isPkcs12, readPkcs12 } from '../keys/pkcs12/pkcs12.ts';
import { keyFromPem, privateKeyPem, type SoftwareKey } from '../keys/software.ts';
import { privateKeyText } from '../pkix/pem.ts';
import { CA_FILES, chainFiles, OWN_KEY, writeInstallation } from './ca-folder.ts';
import type { Passphrase } from './passphrase-option.ts';

/** Paths. `file`: PKCS#12, or PEM or DER with the certificate; `key`: where the key is when it is not in there. */
export type Importing = { file: string; key?: string; chain?: string; passphrase?: Passphrase; store?: string };

/**
 * Checks the CA as `ca install` does, and writes its files and a configuration below `dir`. The passphrase opens the key and
 * protects it afterwards. Throws ConfigError.
 */
export async function importCa(dir: string, importing: Importing): Promise<{ files: string[]; warnings: string[] }> {
  const { passphrase, store, chain } = importing;
  const { keys, certificates } = contentOf(importing);
  const above = chain === undefined ? [] : certificatesFrom(readFile(chain, 'certificates above the CA'), chain);
  const { key, checked } = onlyCa(keys, [...certificates, ...above], importing.file);
  const secret = { path: CA_FILES.key, content: privateKeyPem(key.privateKey, passphrase?.value), secret: true };
  const config = { key: OWN_KEY, ...defined({ passphrase, store }) };
  return { files: writeInstallation(dir, [secret, ...chainFiles(checked.chain)], config), warnings: checked.warnings };
}

type Content = { keys: SoftwareKey[]; certificates: readonly Uint8Array[] };

function contentOf({ file, key, passphrase }: Importing): Content {
  const bytes = readFile(file, 'the CA to import');
  if (isPkcs12(bytes)) {
    const { keys, certificates } = readPkcs12(bytes, file, passphrase?.value);
    // What is in the file was encrypted there, and is so no more.
    return { keys: keys.map((der) => keyFromPem(privateKeyText(der), file)), certificates };
  }
  const certificates = certificatesFrom(bytes, file);
  const text = key === undefined ? keyIn(bytes, file) : keyText(readFile(key, 'the key of the CA'), key);
  return { keys: [keyFromPem(text, key ?? file, passphrase?.value)], certificates };
}

const keyText = (bytes: Buffer, where: string): string =>
  bytes[0] === SEQUENCE ? privateKeyText(bytes) : keyIn(bytes, where);
const SEQUENCE = 0x30;

const KEY_BLOCK = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?-----END \1-----/;

/** The key in PEM text, where certificates may stand beside it. Throws ConfigError. */
function keyIn(bytes: Buffer, where: string): string {
  const [block] = KEY_BLOCK.exec(bytes.toString('latin1')) ?? [];
  if (block) return block;
  throw new ConfigError(`${where}: there is no private key in it`, 'Name the file with the key: --key FILE.');
}

/** The key that has a certificate, and that CA. Throws ConfigError for none, and when there are several. */
function onlyCa(keys: readonly SoftwareKey[], certificates: readonly Uint8Array[], where: string) {
  const found = keys.flatMap((key) => {
    const certificate = certificateOf(key.spki, certificates);
    return certificate ? [{ key, certificate }] : [];
  });
  const [first, ...others] = found;
  if (!first)
    throw new ConfigError(
      `${where}: ${keys.length === 0 ? 'there is no private key in it' : 'no certificate is that of the key'}`,
      'Export the CA with its private key and its own certificate.',
    );
  if (others.length > 0)
    throw new ConfigError(`${where}: ${found.length} keys with certificates`, 'Export the issuing CA alone.');
  return { key: first.key, checked: checkedCa(first.certificate, certificates, first.key) };
}

const checkedCa = (certificate: Uint8Array, all: readonly Uint8Array[], { spki }: SoftwareKey): Installable =>
  installableCa({ certificate, above: chainAbove(certificate, all), spki }, systemClock());
