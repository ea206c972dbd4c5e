/** The files of a CA in the folder of an installation, as `init` lays them out. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type NewFile, writeTogether } from '../app/new-files.ts';
import { certificatePem } from '../pkix/pem.ts';
import { type FirstConfiguration, firstConfiguration } from './first-configuration.ts';

/** Paths below the folder. */
export const CA_FILES = {
  rootCertificate: 'certs/root-ca.pem',
  rootKey: 'certs/root-ca.key.pem',
  certificate: 'certs/issuing-ca.pem',
  chain: 'certs/chain.pem',
  key: 'certs/issuing-ca.key.pem',
  request: 'certs/issuing-ca.csr',
  raKey: 'certs/ra.key.pem',
  raRequest: 'certs/ra.csr',
} as const;

/** The URI of the key that `init` and `ca csr` make, relative to the configuration. */
export const OWN_KEY = `file:${CA_FILES.key}`;

/** Certificate and chain of an issuing CA; the issuing CA first, the root last, DER. */
export const chainFiles = (chain: readonly [Uint8Array, ...Uint8Array[]]): NewFile[] => [
  { path: CA_FILES.chain, content: certificatePem(...chain) },
  { path: CA_FILES.certificate, content: certificatePem(chain[0]) },
];

/**
 * Writes files below `dir` and, where there is no configuration yet, one with what it names. Returns the paths of all.
 * Throws ConfigError as `writeTogether`, and then nothing is there.
 */
export function writeInstallation(dir: string, files: readonly NewFile[], config: FirstConfiguration): string[] {
  const isNew = !existsSync(join(dir, 'openndes.yaml'));
  // What an interrupted command left is kept: its content is random.
  const settings = isNew ? firstConfiguration(config).filter(({ path }) => !existsSync(join(dir, path))) : [];
  return writeBelow(dir, [...files, ...settings]);
}

/** As `writeTogether`, below `dir`. Returns the paths. */
export function writeBelow(dir: string, files: readonly NewFile[]): string[] {
  const placed = files.map((file) => ({ ...file, path: join(dir, file.path) }));
  writeTogether(placed);
  return placed.map(({ path }) => path);
}
