/**
 * The CAs that followed the one of an authority, as `openndes ca rollover` records them in a file beside its certificate. The
 * authority that a server sees is the one of the configuration with these applied to it.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import type { FileContext } from './references.ts';

/**
 * One CA that follows another. `draft`: its files are being written, and servers do not see it; `started`: GetNextCACert has it;
 * `finished`: it issues. `key` and `list` are absent where the key stays. `made`: the files that `start` wrote, which `abort` removes.
 */
const successor = z.strictObject({
  state: z.enum(['draft', 'started', 'finished']),
  certificate: z.string(),
  chain: z.string().exactOptional(),
  key: z.string().exactOptional(),
  list: z.string().exactOptional(),
  made: z.array(z.string()),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().exactOptional(),
});

const state = z.strictObject({ authority: z.string(), successors: z.array(successor) });

/** `certificate` and the other paths are relative to the folder of the file, or absolute; `key` is a URI. */
export type Successor = z.output<typeof successor>;

/** What the file has. `authority`: the name in the configuration, which is that of the first list. */
export type RolloverState = z.output<typeof state>;

/** The file that belongs to an authority whose certificate is at this path: `issuing-ca.pem` has `issuing-ca.rollover.json`. */
export const rolloverFile = (certificate: string): string =>
  join(dirname(certificate), `${basename(certificate).replace(/\.[^.]*$/, '')}.rollover.json`);

/** Throws ConfigError when it is not the text of such a file. */
export function readRolloverState(text: string, path: string): RolloverState {
  try {
    return state.parse(JSON.parse(text));
  } catch (cause) {
    throw new ConfigError(
      `${path}: not a file that \`openndes ca rollover\` has written`,
      'Restore it from the backup. Do not delete it: the authority would issue with its first CA again.',
      { cause },
    );
  }
}

/** What of an authority a rollover changes. */
type Changed = {
  certificate: string;
  chain?: string;
  key: string;
  passphrase?: string;
  crl: { validity: number; list?: string };
  previous?: { certificate: string; key: string; passphrase?: string; list?: string }[];
  next?: { certificate: string; chain?: string };
};

/** An authority after its rollovers. `written`: as the configuration has it; absent before the first rollover. */
export type RolledOver<T> = T & { rollover?: { file: string; state: RolloverState; written: T } };

/** Applies the file beside the certificate of the authority, if there is one. Throws ConfigError. */
export function rolledOver<T extends Changed>(written: T, files: FileContext): RolledOver<T> {
  const file = rolloverFile(written.certificate);
  const text = files.readIfThere?.(file);
  if (text === undefined) return written;
  const read = readRolloverState(text, file);
  const absolute = absoluteIn(dirname(file));
  const { authority } = read;
  const seen = read.successors.filter(({ state: its }) => its !== 'draft').map(absolute);
  for (const each of seen) for (const path of pathsOf(each)) files.resolve(path);
  const after = seen.reduce<T>((current, next) => followed(current, next, authority), written);
  return { ...after, rollover: { file, state: read, written } };
}

/** Every file that a successor names: certificate, chain and key. */
const pathsOf = ({ certificate, chain, key }: Successor): string[] =>
  [certificate, chain, key?.startsWith('file:') ? key.slice('file:'.length) : undefined].filter(
    (path) => path !== undefined,
  );

/** The same successor with absolute paths, which are written relative to this folder. */
export const absoluteIn =
  (folder: string) =>
  ({ certificate, chain, key, ...rest }: Successor): Successor => ({
    ...rest,
    certificate: resolve(folder, certificate),
    ...(chain !== undefined && { chain: resolve(folder, chain) }),
    ...(key !== undefined && {
      key: key.startsWith('file:') ? `file:${resolve(folder, key.slice('file:'.length))}` : key,
    }),
  });

function followed<T extends Changed>(current: T, { state: its, ...ca }: Successor, authority: string): T {
  const { chain: _chain, next: _next, ...rest } = current;
  const certificates = { certificate: ca.certificate, ...(ca.chain !== undefined && { chain: ca.chain }) };
  if (its === 'started') return { ...current, next: certificates };
  // The same name and the same key is the same issuer, whose list goes on.
  if (ca.key === undefined) return { ...(rest as T), ...certificates };
  const { certificate, key, passphrase, crl, previous = [] } = current;
  const old = { certificate, key, list: crl.list ?? authority, ...(passphrase !== undefined && { passphrase }) };
  // At the end: a list without a name has that of its place.
  const lists = { crl: { ...crl, ...(ca.list !== undefined && { list: ca.list }) }, previous: [...previous, old] };
  return { ...(rest as T), ...certificates, key: ca.key, ...lists };
}
