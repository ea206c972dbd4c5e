/** Who beside this process may read or change a file that decides what the server does. POSIX only: Windows has no such bits. */
import { type Stats, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { ConfigError } from '../core/errors.ts';

const ROOT = 0;
const GROUP_READ = 0o040;
const OTHERS_WRITE = 0o002;
const OTHERS_READ = 0o004;
const GROUP_AND_OTHERS = 0o077;
const STICKY = 0o1000;

/** Undefined on Windows. */
const ownUid = (): number | undefined => process.geteuid?.();

/** The name of the user that runs this process; its number where the system has no name for it, as in a container. */
export function processUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(ownUid());
  }
}

/**
 * Throws ConfigError when others may read or change a private key. Its group may read it when it belongs to root: root
 * has chosen the group, as a Secret of Kubernetes, a credential of systemd and the group ssl-cert of Debian do.
 */
export function assertPrivate(path: string, what: string): void {
  const stats = statSync(path);
  if (ownUid() === undefined) return;
  const allowed = stats.uid === ROOT ? GROUP_READ : 0;
  if (stats.mode & GROUP_AND_OTHERS & ~allowed)
    throw new ConfigError(`${path}: others may read this private key (${what})`, privateRemedy(path, stats));
}

/** Never a command that would lock the service out: root chose the group of a file of its own. */
function privateRemedy(path: string, { uid }: Stats): string {
  const own = ownUid();
  const mode = uid === ROOT ? '640' : '600';
  if (own === uid || own === ROOT) return `Run: chmod ${mode} ${path}`;
  if (uid !== ROOT) return `Run as root: chown ${processUser()} ${path} && chmod 600 ${path}`;
  const group = process.getegid?.();
  return (
    `Run as root: chgrp ${group} ${path} && chmod 640 ${path}, so that the user ${processUser()} can read it. ` +
    `In Kubernetes: \`fsGroup: ${group}\` and \`defaultMode: 0440\`.`
  );
}

/**
 * Throws ConfigError when every user of the machine may change the file, or replace it in its folder. `what` names its
 * purpose: `the configuration`.
 */
export function assertUnchangeable(path: string, what: string): void {
  if (ownUid() === undefined) return;
  const folder = dirname(path);
  if (statSync(path).mode & OTHERS_WRITE)
    throw new ConfigError(`${path}: every user may change this file (${what})`, `Run: chmod o-w ${path}`);
  const { mode } = statSync(folder);
  // In a folder with the sticky bit, such as /tmp, only the owner of a file can replace it.
  if (mode & OTHERS_WRITE && !(mode & STICKY))
    throw new ConfigError(
      `${folder}: every user may replace files in this folder (${what})`,
      `Run: chmod o-w ${folder}`,
    );
}

/** Whether every user of the machine may read it. Throws when there is no such file. */
export const isReadableByAll = (path: string): boolean =>
  ownUid() !== undefined && (statSync(path).mode & OTHERS_READ) !== 0;

/** The user number of an owner who is neither root nor this process: he can change the file whenever he wants. */
export function foreignOwner(path: string): number | undefined {
  const { uid } = statSync(path);
  return ownUid() === undefined || uid === ROOT || uid === ownUid() ? undefined : uid;
}
