/** The certificate and key of a listener with TLS of its own, without a proxy. */
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../core/errors.ts';
import type { ConfiguredListener } from '../config/listen.ts';
import type { Weakness } from '../config/yaml/problems.ts';
import { endingStage, endingText } from '../core/ending.ts';
import { systemClock } from '../embed/system.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { certificatesFrom } from './certificate-files.ts';
import type { LoadTools } from './loaded-authority.ts';
import { readTrustedFile, readPrivateFile } from './files.ts';

/** Paths, or the PEM text of the files. */
export type TlsFiles = { certificate: string; key: string };

/** Those of the administrator's listener. `clientCa`: the CAs of the certificates of users. */
export type AdminTlsFiles = TlsFiles & { clientCa?: string };

/** As `loadTls`, for the administrator's listener. */
export async function loadAdminTls(
  tls: AdminTlsFiles | undefined,
  tools: Pick<LoadTools, 'attempt' | 'warn'>,
): Promise<AdminTlsFiles | undefined> {
  const files = tls && (await loadTls({ key: ['admin'], tls }, tools));
  if (!files || tls.clientCa === undefined) return files;
  const path = tls.clientCa;
  const ca = await tools.attempt(['admin', 'tls', 'clientCa'], () => {
    const content = readTrustedFile(path, 'the CA of the users');
    certificatesFrom(content, path);
    return content.toString();
  });
  return ca === undefined ? undefined : { ...files, clientCa: ca };
}

/**
 * Reads both files of a listener and checks that they belong together. Undefined when it has no TLS, and when `attempt` has
 * recorded a problem.
 */
export async function loadTls(
  { key: place, tls: paths }: Pick<ConfiguredListener, 'key' | 'tls'>,
  { attempt, warn }: Pick<LoadTools, 'attempt' | 'warn'>,
): Promise<TlsFiles | undefined> {
  if (!paths) return undefined;
  const at = [...place, 'tls'];
  const certificate = await attempt([...at, 'certificate'], () =>
    readTrustedFile(paths.certificate, 'the TLS certificate'),
  );
  const key = await attempt([...at, 'key'], () => readPrivateFile(paths.key, 'the TLS key'));
  if (!certificate || !key) return undefined;
  const files = { certificate: certificate.toString(), key: key.toString() };
  const loaded = await attempt(at, () => usable(files, paths));
  const ending = loaded && (await attempt([...at, 'certificate'], () => assertInForce(certificate, paths.certificate)));
  if (ending) warn([...at, 'certificate'], ending);
  return loaded;
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

/** Throws ConfigError when the first certificate of the file is not valid now. A warning when it ends soon. */
function assertInForce(content: Buffer, path: string): Weakness | undefined {
  const validity = readValidity(readCertificate(certificatesFrom(content, path)[0]));
  const now = systemClock();
  const remedy = 'Give a new certificate, and reload the server.';
  if (validity.notAfter < now)
    throw new ConfigError(`${path}: the TLS certificate expired at ${validity.notAfter.toISOString()}`, remedy);
  if (validity.notBefore > now)
    throw new ConfigError(
      `${path}: the TLS certificate is valid only from ${validity.notBefore.toISOString()}`,
      'Check the clock of this machine.',
    );
  // A program renews a certificate of 90 days in its last 30, so a warning in its first half would be noise.
  const half = (validity.notAfter.getTime() - validity.notBefore.getTime()) / 2;
  const stage = endingStage(validity.notAfter, now, half);
  return stage && { what: `${path}: the TLS certificate ${endingText(validity.notAfter, now)}`, remedy, ends: true };
}
