/** The openssl command over files of its own, which are gone when it is. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privateKeyPem } from '../../src/keys/software.ts';
import { issuing, type Keyed, NOW, root } from './pki.ts';

export { withoutOpenssl } from '../pkix/openssl.ts';

/** Runs it with these files; returns what it wrote to `out`. Throws with its words when it fails. */
export function openssl(args: readonly string[], files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const cwd = mkdtempSync(join(tmpdir(), 'openndes-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
    execFileSync('openssl', [...args, '-out', 'out'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    return readFileSync(join(cwd, 'out'));
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/** A certificate, PEM. */
export const pem = (certificate: Uint8Array): string => new X509Certificate(certificate).toString();

const files = (keyed: Keyed) => ({
  'certificate.pem': pem(keyed.certificate),
  'key.pem': privateKeyPem(keyed.key.privateKey),
});

/** The content of a SignedData, after signature, signed attributes and the chain to the test root were verified. */
export const cmsVerify = (message: Uint8Array): Buffer =>
  openssl(
    [
      ...'cms -verify -binary -inform DER -in message -CAfile ca.pem -purpose any -attime'.split(' '),
      String(NOW.getTime() / 1000),
    ],
    // The command looks for intermediates only in the message and here.
    { message, 'ca.pem': pem(root.certificate) + pem(issuing.certificate) },
  );

/** The content of an EnvelopedData. */
export const cmsDecrypt = (message: Uint8Array, to: Keyed): Buffer =>
  openssl('cms -decrypt -binary -inform DER -in message -recip certificate.pem -inkey key.pem'.split(' '), {
    message,
    ...files(to),
  });

/** A ContentInfo with EnvelopedData, DER, or BER with `-stream`. */
export const cmsEncrypt = (content: Uint8Array, to: Keyed, ...options: readonly string[]): Buffer =>
  openssl(
    ['cms', '-encrypt', '-binary', '-outform', 'DER', '-in', 'content', '-recip', 'certificate.pem', ...options],
    { content, 'certificate.pem': pem(to.certificate) },
  );

/** A ContentInfo with SignedData around the content. */
export const cmsSign = (content: Uint8Array, by: Keyed, ...options: readonly string[]): Buffer =>
  openssl(
    'cms -sign -nodetach -binary -outform DER -in content -signer certificate.pem -inkey key.pem'
      .split(' ')
      .concat(options),
    { content, ...files(by) },
  );
