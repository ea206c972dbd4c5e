/**
 * `npm run secrets [-- FILE…]` runs test files whose servers log everything, and looks in what they wrote for every secret of
 * their configurations, every password and token that was made, and for private keys. Exit 1 when one is found.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesWithSecrets } from './scan.ts';

const ROOMS = ['access', 'app', 'backends', 'http', 'intune', 'messages', 'pfx', 'wiring'];
const root = join(import.meta.dirname, '../..');
const chosen = process.argv.slice(2);
const files = chosen.length > 0 ? chosen : globSync(`test/{${ROOMS.join(',')}}/**/*.test.ts`, { cwd: root }).toSorted();
const folder = mkdtempSync(join(tmpdir(), 'openndes-secrets-'));
// For programs of other users too, which some tests start.
chmodSync(folder, 0o1777);
const env = {
  ...process.env,
  OPENNDES_SECRETS_FOLDER: folder,
  NODE_OPTIONS: `--import=${join(import.meta.dirname, 'preload.ts')}`,
};
const reporter = chosen.length > 0 ? 'spec' : 'dot';
const { status } = spawnSync(
  process.execPath,
  ['--test', `--test-reporter=${reporter}`, '--test-concurrency=3', ...files],
  {
    cwd: root,
    env,
    stdio: 'inherit',
  },
);

const linesIn = (kind: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith(kind))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean));
const lines = linesIn('log-');
const secrets = [...new Set(linesIn('secrets-').map((line) => JSON.parse(line) as string))];
const found = linesWithSecrets(lines, secrets);
for (const { line, secret } of found.slice(0, 20))
  console.log(secret < 0 ? 'a key or token' : secrets[secret], 'in', lines[line]);
console.log(`${lines.length} lines of logs, ${secrets.length} secrets: ${found.length} lines have one.`);
process.exitCode = status === 0 && found.length === 0 && lines.length > 0 && secrets.length > 0 ? 0 : 1;
rmSync(folder, { recursive: true });
