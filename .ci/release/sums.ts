/** SHA256SUMS and its signature, which a reader verifies with sha256sum and ssh-keygen alone. docs/releases.md says how. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Build, run } from './build.ts';

/** What a signature is for, so that one for another purpose is not taken for it (`ssh-keygen -n`). */
export const NAMESPACE = 'openndes-release';

/** Writes the hash of each file of the release, in the form of sha256sum. */
export function writeSums({ out }: Build): void {
  const files = readdirSync(out).filter((name) => !name.startsWith('.') && !name.startsWith('SHA256SUMS'));
  const lines = files.sort().map((name) => {
    const hash = createHash('sha256')
      .update(readFileSync(join(out, name)))
      .digest('hex');
    return `${hash}  ${name}\n`;
  });
  writeFileSync(join(out, 'SHA256SUMS'), lines.join(''));
}

/** Signs SHA256SUMS with a key of SSH, from a file or, for a public key, from the agent. Writes SHA256SUMS.sig. */
export function signSums({ out }: Build, key: string): void {
  run(out, 'ssh-keygen', '-q', '-Y', 'sign', '-f', key, '-n', NAMESPACE, 'SHA256SUMS');
}
