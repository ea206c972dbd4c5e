/** The files of a rollover, beside the certificate of its authority. Each step ends with one renaming, that of the state. */
import { chmodSync, chownSync, existsSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { AuthorityConfig } from '../config/authorities.ts';
import { rolloverFile, type RolloverState, type Successor } from '../config/successors.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import { privateKeyPem, type SoftwareKey } from '../keys/software.ts';
import { certificatePem } from '../pkix/pem.ts';
import { writePrivateFile, writePublicFile, writing } from './files.ts';
import type { KeyedAuthority } from './loaded-authority.ts';

/** The rollovers of an authority: where they are recorded, and the authority as the configuration has it. */
export type Recorded = { file: string; state: RolloverState; written: AuthorityConfig };

/** One authority of a configuration file, and its rollovers. `key`: the URI of the present one. `lists`: the names of all revocation lists of the file. */
export type RolledAuthority = {
  file: string;
  name: string;
  authority: KeyedAuthority;
  key: string;
  recorded: Recorded;
  lists: readonly string[];
};

/** Those of an authority with this name; none before the first rollover. */
export const recordedRollovers = (authority: string, config: AuthorityConfig): Recorded =>
  config.rollover ?? {
    file: rolloverFile(config.certificate),
    state: { authority, successors: [] },
    written: config,
  };

/** The text of the file that records these successors. */
export const stateText = ({ state }: Recorded, successors: readonly Successor[]): string =>
  `${JSON.stringify({ ...state, successors }, undefined, 2)}\n`;

/** Records them, in one step. Without any the file is removed. */
export function record(recorded: Recorded, successors: readonly Successor[]): void {
  const { file, written } = recorded;
  if (successors.length > 0) {
    writePublicFile(file, stateText(recorded, successors));
    ownedAs(written.certificate, file);
  } else writing(file, () => rmSync(file, { force: true }));
}

/** The last successor while it does not issue. */
export const unfinished = ({ state }: Recorded): Successor | undefined => {
  const last = state.successors.at(-1);
  return last?.state === 'finished' ? undefined : last;
};

/** The successors that issue or have issued. */
export const finishedOf = ({ state }: Recorded): Successor[] =>
  state.successors.filter(({ state: its }) => its === 'finished');

/** A CA that is to follow, in memory. `key`: made for it; `keyUri`: where it is, for one that was made elsewhere. */
export type NewCa = {
  certificate: Uint8Array;
  chain: readonly Uint8Array[];
  key?: SoftwareKey;
  keyUri?: string;
  /** The name of its list, for one with a new key. */
  list?: string;
};

/**
 * The successor that these files will make. Throws ConfigError when one of them is there already, and no earlier attempt has
 * recorded it as its own.
 */
export function draftOf(recorded: Recorded, ca: NewCa, now: Date): Successor {
  const base = basename(recorded.file, '.rollover.json');
  const name = `${base}-g${finishedOf(recorded).length + 2}`;
  const files = {
    certificate: `${name}.pem`,
    ...(ca.chain.length > 0 && { chain: `${name}.chain.pem` }),
    ...(ca.key && { key: `${name}.key.pem` }),
  };
  for (const file of Object.values(files)) assertFree(join(dirname(recorded.file), file));
  const { key: made, ...certificates } = files;
  const key = made === undefined ? ca.keyUri : `file:${made}`;
  return {
    state: 'draft',
    ...certificates,
    ...defined({ key, list: ca.list }),
    made: Object.values(files),
    startedAt: now.toISOString(),
  };
}

function assertFree(path: string): void {
  if (existsSync(path))
    throw new ConfigError(`${path} is already there`, 'Move it away: the next CA is to be written there.');
}

/** Writes the files of a draft that is recorded. `passphrase`: that of the key of the authority. */
export function writeDraft(recorded: Recorded, draft: Successor, ca: NewCa): void {
  const folder = dirname(recorded.file);
  const { passphrase, certificate, key } = recorded.written;
  const published = (file: string, ...all: readonly Uint8Array[]): void => {
    writePublicFile(join(folder, file), certificatePem(...all));
    ownedAs(certificate, join(folder, file));
  };
  if (ca.key && draft.key !== undefined) {
    const path = join(folder, draft.key.slice('file:'.length));
    writePrivateFile(path, privateKeyPem(ca.key.privateKey, passphrase));
    if (key?.startsWith('file:')) ownedAs(key.slice('file:'.length), path);
  }
  if (draft.chain !== undefined) published(draft.chain, ...ca.chain);
  published(draft.certificate, ca.certificate);
}

/** Gives a file that root has written the owner and the rights of the present one: the server runs as another user. */
function ownedAs(present: string, file: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid, mode } = statSync(present);
  writing(file, () => {
    chownSync(file, uid, gid);
    chmodSync(file, mode & 0o777);
  });
}

/** Removes a successor that does not issue, and what was written for it. After a crash the next call removes the rest. */
export function discard(recorded: Recorded, successor: Successor): void {
  record(recorded, [...finishedOf(recorded), { ...successor, state: 'draft' }]);
  for (const file of successor.made) {
    const path = join(dirname(recorded.file), file);
    writing(path, () => rmSync(path, { force: true }));
  }
  record(recorded, finishedOf(recorded));
}
