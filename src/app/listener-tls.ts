/** The certificate and key of a listener with TLS of its own, without a proxy. */
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../core/errors.ts';
import type { Attempt } from '../config/yaml/problems.ts';
import { readTrustedFile, readPrivateFile } from './files.ts';

/** Paths, or the PEM text of the files. */
export type TlsFiles = { certificate: string; key: string };

/** Reads both files and checks that they belong together; undefined when `attempt` has recorded a problem. */
export async function loadTls(paths: TlsFiles, attempt: Attempt): Promise<TlsFiles | undefined> {
  const at = ['listen', 'tls'];
  const certificate = await attempt([...at, 'certificate'], () =>
    readTrustedFile(paths.certificate, 'the TLS certificate'),
  );
  const key = await attempt([...at, 'key'], () => readPrivateFile(paths.key, 'the TLS key'));
  if (!certificate || !key) return undefined;
  const files = { certificate: certificate.toString(), key: key.toString() };
  return attempt(at, () => usable(files, paths));
}

function usable(files: TlsFiles, paths: TlsFiles): TlsFiles {
  try {
    createSecureContext({ cert: files.certificate, key: files.key });
    return files;
  } catch (cause) {
    throw new ConfigError(
      `${paths.certificate} and ${paths.key}: a TLS server cannot be started with these two`,
      'Give the certificate in PEM, followed by those above it, and the private key that belongs to it, in PEM without passphrase.',
      { cause },
    );
  }
}
