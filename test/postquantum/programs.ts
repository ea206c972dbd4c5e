/** The programs that judge: OpenSSL 3.6 or newer, which openssl.sh unpacked, and BouncyCastle, which `mvn` built. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after } from 'node:test';
import { promisify } from 'node:util';

const here = import.meta.dirname;
const openssl = join(here, 'target/openssl');
const [loader] = globSync('usr/lib/*/ld-linux-*.so.*', { cwd: openssl });
if (loader === undefined) throw new Error('there is no openssl of Debian sid: run test/postquantum/openssl.sh first');
const libraries = join(openssl, dirname(loader));

/** A folder for the files of one test file, removed at its end. */
export const folder = mkdtempSync(join(tmpdir(), 'openndes-postquantum-'));
after(() => rmSync(folder, { recursive: true }));

const inFolder = { cwd: folder, env: { OPENSSL_CONF: '/dev/null' } } as const;
const command = ['--library-path', libraries, join(openssl, 'usr/bin/openssl')];

/** As `runOpenssl`, while this process goes on: for a server in it. What it printed to both outputs. */
export async function runOpensslMeanwhile(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(join(openssl, loader ?? ''), [...command, ...args], inFolder);
  return stdout + stderr;
}

/** Runs openssl in the folder and returns what it printed. Throws when it fails. */
export const runOpenssl = (...args: string[]): string =>
  execFileSync(join(openssl, loader), [...command, ...args], { ...inFolder, encoding: 'utf8', stdio: 'pipe' });

/** Does tasks of PostQuantum.java in the folder, in one process, and returns the results. Fails when one of them has a fault. */
export function runBouncy(tasks: readonly string[]): string[] {
  writeFileSync(join(folder, 'tasks'), tasks.join('\n'));
  const path = [join(here, 'java/target/classes'), join(here, 'java/target/lib/*')].join(delimiter);
  const lines = execFileSync('java', ['-cp', path, 'PostQuantum', 'tasks'], { cwd: folder, encoding: 'utf8' });
  const results = lines.trim().split('\n');
  assert.deepEqual(
    results.filter((line) => !line.startsWith('ok ')),
    [],
  );
  assert.equal(results.length, tasks.length);
  return results.map((line) => line.slice(3));
}

/** Writes a file of the folder and returns its name. */
export function put(name: string, content: Uint8Array | string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

/** A file of the folder. */
export const get = (name: string): Buffer => readFileSync(join(folder, name));
