/** Heads of the chain over the history, in files of their own. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import type { ExportedHead } from '../manage/history-verification.ts';
import { readFile } from './files.ts';

const HASH = z.string().regex(/^[0-9a-f]{64}$/);
const NUMBER = z.int().min(0);

const SCHEMA = z.object({
  format: z.literal('openndes audit head 1'),
  chain: HASH,
  kind: z.enum(['genesis', 'newest', 'removed']),
  first: NUMBER,
  number: NUMBER,
  hash: HASH,
  at: z.iso.datetime().transform((text) => new Date(text)),
  key: HASH.exactOptional(),
  signature: z
    .base64()
    .transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
    .exactOptional(),
});

/** The text of a file that `exportedHead` reads. */
export function exportedText({ signature, at, ...head }: ExportedHead): string {
  const { chain, kind, first, number, hash, key } = head;
  const signed = signature && { key, signature: Buffer.from(signature).toString('base64') };
  const all = { format: 'openndes audit head 1', chain, kind, first, number, hash, at: at.toISOString(), ...signed };
  return JSON.stringify(all, undefined, 2);
}

/** Throws ConfigError when the file has no such head. */
export function exportedHead(file: string): ExportedHead {
  try {
    const { format: _, ...head } = SCHEMA.parse(JSON.parse(readFile(file, 'an exported head').toString()));
    return head;
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(
      `${file}: not a head that \`openndes audit head\` wrote`,
      'Give the file as it was written.',
      {
        cause,
      },
    );
  }
}
