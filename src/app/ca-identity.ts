/** The client certificate by which a CA product knows this server, as its files have it now. */
import { statSync } from 'node:fs';
import { ConfigError } from '../core/errors.ts';
import type { Watched } from '../core/watched.ts';
import type { ClientIdentity } from '../outbound/tls-trust.ts';
import { watchedCertificate } from '../pkix/watched-certificates.ts';
import { certificatesFrom } from './certificate-files.ts';
import { readFileAtOnce, readPrivateFile, readTextFile } from './files.ts';

/** Absolute paths. */
export type IdentityFiles = { clientCertificate: string; clientKey: string };

const CERTIFICATE = 'the client certificate';

const read = ({ clientCertificate, clientKey }: IdentityFiles): ClientIdentity => ({
  certificate: readTextFile(clientCertificate, CERTIFICATE),
  key: readPrivateFile(clientKey, 'the key of the client certificate').toString('utf8'),
});

/** When the files were changed last, as text that differs after each change. */
const stateOf = ({ clientCertificate, clientKey }: IdentityFiles): string =>
  [clientCertificate, clientKey].map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs).join();

/**
 * Reads the files now, and again at the first call after a change. While changed files cannot be read, what was read before counts:
 * one of the two may be there first. Throws ConfigError for the first reading.
 */
export function reloadedIdentity(files: IdentityFiles): () => ClientIdentity {
  let state = stateOf(files);
  let identity = read(files);
  return () => {
    const now = stateOf(files);
    if (now === state) return identity;
    try {
      identity = read(files);
      state = now;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
    return identity;
  };
}

/** When it ends, as its file says; nothing without a file, or for one that cannot be read. `of` stands before: `authority issuing: `. */
export function identityEnd({ clientCertificate }: Partial<IdentityFiles>, of: string): Watched[] {
  if (clientCertificate === undefined) return [];
  try {
    const [der] = certificatesFrom(readFileAtOnce(clientCertificate, CERTIFICATE), clientCertificate);
    return [{ ...watchedCertificate(`${of}client certificate for the CA product`, der), leaf: true }];
  } catch (error) {
    // The calls of the product fail then, and say why.
    if (error instanceof ConfigError) return [];
    throw error;
  }
}
