/** A copy of this tree in a repository of its own, with one commit, so that a release can be made of it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const CHECKOUT = join(import.meta.dirname, '../..');
export const temporary = mkdtempSync('/var/tmp/openndes-release-');
const NOT_COPIED = ['node_modules', '.git', 'dist', 'data', 'target'];

/** What a program said. Throws when it fails. */
export const said = (cwd: string, program: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8' });

export function committedCopy(folder: string): void {
  cpSync(CHECKOUT, folder, { recursive: true, filter: (path) => !NOT_COPIED.includes(basename(path)) });
  said(folder, 'git', 'init', '--quiet');
  writeFileSync(join(folder, '.git/info/exclude'), '/node_modules\n');
  said(folder, 'git', 'add', '--all');
  said(
    folder,
    'git',
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.com',
    'commit',
    '--quiet',
    '--message',
    'all',
  );
  symlinkSync(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
}
