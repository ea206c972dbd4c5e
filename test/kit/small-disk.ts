/** A file system of a few megabytes that a test fills until there is no space (ENOSPC). */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';

export type SmallDisk = {
  folder: string;
  /** Takes all space that is left. */
  fill: () => void;
  /** Gives it back. */
  free: () => void;
};

/** A tmpfs of so many megabytes, which goes with the tests of this file. Throws where there is none. */
export function smallDisk(megabytes: number): SmallDisk {
  const folder = mounted(megabytes) ?? ofContainer();
  if (folder === undefined)
    throw new Error(
      'A full disk cannot be made here: mounting a tmpfs needs root with CAP_SYS_ADMIN, and /dev/shm is too large to be filled. In a container, add that capability (docker run --cap-add SYS_ADMIN), or run the tests on a machine.',
    );
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (const octets of [Buffer.alloc(65_536), Buffer.alloc(4_096)]) fillWith(file, octets);
      } finally {
        closeSync(file);
      }
      const { bavail } = statfsSync(folder);
      if (bavail > 0) throw new Error(`${bavail} blocks are free after the disk was filled`);
    },
    free: () => rmSync(ballast),
  };
}

function fillWith(file: number, octets: Buffer): void {
  try {
    for (;;) writeSync(file, octets);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

/** Undefined where it is not allowed. */
function mounted(megabytes: number): string | undefined {
  const folder = mkdtempSync('/var/tmp/openndes-disk-');
  try {
    const owner = `uid=${process.getuid?.()},gid=${process.getgid?.()}`;
    asRoot('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755,${owner}`, 'openndes-tests', folder);
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  after(() => {
    asRoot('umount', '--lazy', folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

const SHARED_MEMORY = '/dev/shm';
/** Octets. A container of Docker has 64 MB of its own. */
const LARGEST = 256 * 1024 * 1024;

function ofContainer(): string | undefined {
  const { blocks, bsize } = statfsSync(SHARED_MEMORY);
  if (blocks * bsize > LARGEST) return undefined;
  const folder = mkdtempSync(join(SHARED_MEMORY, 'openndes-disk-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function asRoot(...command: readonly string[]): void {
  const [program = '', ...rest] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  execFileSync(program, rest, { stdio: 'pipe' });
}
