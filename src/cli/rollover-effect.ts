/** What a step of `openndes ca rollover` would change, for the second person who confirms it. */
import { resolve } from 'node:path';
import { readTrustedFile } from '../app/files.ts';
import { type RolledAuthority, stateText } from '../app/rollover-files.ts';
import { digestOfAll, type Effect } from './second-person.ts';

/** Options that name files and keys. */
export type RolloverPlaces = { certificate?: string; chain?: string; certificateKey?: string; issuerKey?: string };

/** The step, how far the rollover is, and the certificates that were made elsewhere. Throws ConfigError. */
export const rolloverEffect = (
  { file, name, recorded }: RolledAuthority,
  step: 'start' | 'finish' | 'abort',
  { certificate, chain, certificateKey, issuerKey }: RolloverPlaces,
): Effect => ({
  config: file,
  digest: digestOfAll([
    `${step} ${name}`,
    stateText(recorded, recorded.state.successors),
    ...[certificate, chain].flatMap((path) => (path === undefined ? [] : [textOf(path)])),
  ]),
  options: {
    '--certificate': certificate && resolve(certificate),
    '--chain': chain && resolve(chain),
    '--certificate-key': keyPlace(certificateKey),
    '--issuer-key': keyPlace(issuerKey),
  },
});

const textOf = (path: string): string => readTrustedFile(path, 'the next CA').toString('base64');

/** The URI of a key as people write it: a path is a key in a file, from here. */
export function keyPlace(written: string | undefined): string | undefined {
  if (written === undefined) return undefined;
  if (/^[a-z][a-z\d+.-]+:/i.test(written) && !/^file:/i.test(written)) return written;
  return `file:${resolve(written.replace(/^file:/i, ''))}`;
}
