/** `--fingerprint` of `openndes enroll`, and the warning where it is missing. */
import { InvalidArgumentError } from 'commander';
import { type Fingerprint, parseFingerprint } from '../client/pinned-ca.ts';

/** An argument parser for a fingerprint. It throws commander's InvalidArgumentError for other text. */
export function fingerprint(text: string): Fingerprint {
  const parsed = parseFingerprint(text);
  if (parsed) return parsed;
  throw new InvalidArgumentError('It has 64 hexadecimal digits (SHA-256), 40 (SHA-1) or 128 (SHA-512).');
}

/** A warning for plain HTTP to another machine; undefined where none is needed. */
export function exposure(url: string): string | undefined {
  const { protocol, hostname } = URL.parse(url) ?? {};
  if (protocol !== 'http:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname ?? '')) return undefined;
  return 'Warning: over http and without --fingerprint, anyone on the network path can answer in place of the CA and read the challenge.';
}
