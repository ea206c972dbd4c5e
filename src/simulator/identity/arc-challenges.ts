/** The challenge of the Azure Arc agent: a file that only a program of this machine, in the right group, can read. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RandomBytes } from '../../core/environment.ts';
import { guid } from '../guid.ts';

/** The challenges that are open. */
export type ArcChallenges = {
  /** Writes a new file and returns its absolute path. */
  challenge(): string;
  /** Whether the Authorization header has the content of such a file. Each is good once. */
  accepts(authorization: string | undefined): boolean;
};

/** So many files may be open; the oldest goes first. */
const MOST = 100;

/** Challenges as files with the extension `.key` in this folder, which is made when it is missing. */
export function arcChallenges(dir: string, random: RandomBytes): ArcChallenges {
  const open = new Map<string, string>();
  const close = (secret: string): void => {
    rmSync(open.get(secret) ?? '', { force: true });
    open.delete(secret);
  };
  return {
    challenge() {
      const secret = Buffer.from(random(32)).toString('hex');
      const path = join(resolve(dir), `${guid(random)}.key`);
      mkdirSync(dir, { recursive: true });
      writeFileSync(path, secret, { mode: 0o640 });
      open.set(secret, path);
      const [oldest] = open.keys();
      if (open.size > MOST && oldest !== undefined) close(oldest);
      return path;
    },
    accepts(authorization) {
      const secret = /^Basic (\S+)$/i.exec(authorization ?? '')?.[1];
      if (secret === undefined || !open.has(secret)) return false;
      close(secret);
      return true;
    },
  };
}
