/** What every part of a release needs: the commit, its time, a clean copy of it, and programs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const CHECKOUT = join(import.meta.dirname, '..', '..');

/** One release. `checkout` is a clean copy of the commit, `out` the folder of its files, `work` a folder for what is thrown away. */
export interface Build {
  readonly version: string;
  /** Seconds since 1970: the time of the commit, or SOURCE_DATE_EPOCH. The only time in the files. */
  readonly epoch: number;
  readonly checkout: string;
  readonly out: string;
  readonly work: string;
  /** Little compression, for tests. */
  readonly quick: boolean;
}

/** Runs a program and returns what it said. Throws with its error text. */
export function run(cwd: string, program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** What is not committed would not be in the release; so it must not be there. Throws with the list. */
export function assertCommitted(): void {
  const changed = run(CHECKOUT, 'git', 'status', '--porcelain');
  if (changed !== '') throw new Error(`Not committed, so not part of a release. Commit or remove:\n${changed}`);
}

function cleanCopy(folder: string): void {
  mkdirSync(folder);
  const archive = join(folder, '..', 'checkout.tar');
  run(CHECKOUT, 'git', 'archive', '--output', archive, 'HEAD');
  run(folder, 'tar', '--extract', '--file', archive);
  rmSync(archive);
  symlinkSync(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
}

/** A build in an empty folder `out`. Everything is made from the commit that is checked out. */
export function beginBuild(out: string, quick: boolean): Build {
  const work = join(out, '.work');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const checkout = join(work, 'openndes');
  cleanCopy(checkout);
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };
  const epoch = Number(process.env['SOURCE_DATE_EPOCH'] ?? run(CHECKOUT, 'git', 'log', '-1', '--format=%ct'));
  process.env['SOURCE_DATE_EPOCH'] = String(epoch);
  return { version, epoch, checkout, out, work, quick };
}

/** JSON with the indentation of npm. */
export const writeJson = (path: string, value: unknown): void =>
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
