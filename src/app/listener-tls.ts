/** The certificate and key of a listener that speaks TLS itself, without a proxy before it. */
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../core/errors.ts';
import type { Attempt } from '../config/yaml/problems.ts';
import { readFile, readPrivateFile } from './files.ts';

/** PEM. */
export type TlsFiles = { certificate: string; key: string };

/** Reads both and makes sure that they belong together; undefined when `attempt` has a problem to tell. */
export function loadTls(paths: TlsFiles, attempt: Attempt): TlsFiles | undefined {
  const at = ['listen', 'tls'];
  const certificate = attempt([...at, 'certificate'], () => readFile(paths.certificate, 'the TLS certificate'));
  const key = attempt([...at, 'key'], () => readPrivateFile(paths.key, 'the TLS key'));
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
      `${paths.certificate} and ${paths.key}: no server can speak TLS with these two`,
      'Give the certificate, PEM, with those above it behind it, and the private key that belongs to it, PEM, without passphrase.',
      { cause },
    );
  }
}
