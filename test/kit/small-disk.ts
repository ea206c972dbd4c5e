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

/** A tmpfs of so many megabytes, which goes with the tests of this file. Throws where it cannot be mounted. */
export function smallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync('/var/tmp/openndes-disk-');
  mount(folder, megabytes);
  after(() => {
    asRoot('umount', '--lazy', folder);
    rmSync(folder, { recursive: true, force: true });
  });
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

function mount(folder: string, megabytes: number): void {
  try {
    asRoot('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'openndes-tests', folder);
  } catch (cause) {
    rmSync(folder, { recursive: true });
    throw new Error(
      'A full disk cannot be made here: mounting a tmpfs needs root with CAP_SYS_ADMIN. In a container, add that capability (docker run --cap-add SYS_ADMIN), or run the tests on a machine.',
      { cause },
    );
  }
}

const asRoot = (...command: readonly string[]): void => {
  const [program = '', ...rest] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  execFileSync(program, rest, { stdio: 'pipe' });
};
