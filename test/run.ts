/**
 * `npm test [-- OPTION…]` runs every test, and then compares docs/conformance.md with what ran; `npm run test:room -- NAME
 * [OPTION…]` runs the tests below test/NAME/. The options are those of `node --test`; with them not every test runs, and
 * nothing is compared.
 */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { objections } from './conformance/check.ts';
import { readRealClients } from './conformance/real-clients.ts';
import { root, runTests } from './conformance/run.ts';
import { withoutOpenssl } from './pkix/openssl.ts';

const testsBelow = (folder: string): string[] => globSync(`${folder}/**/*.test.ts`, { cwd: root }).toSorted();

const [first, ...others] = process.argv.slice(2);
if (first === '--room') room(others);
else all(process.argv.slice(2));

function all(options: readonly string[]): void {
  const { status, proofs } = runTests({ files: testsBelow('test'), options });
  process.exitCode = status;
  if (status !== 0 || options.length > 0) return;
  const lacking = process.platform === 'win32' ? 'not all of its tests run on Windows' : withoutOpenssl;
  if (lacking) return console.error(`docs/conformance.md was not compared with what ran: ${lacking}.`);
  const wrong = objections(proofs, readRealClients(), readFileSync(join(root, 'docs/conformance.md'), 'utf8'));
  if (wrong.length === 0) return;
  process.exitCode = 1;
  console.error(`\nAll tests pass, but:\n- ${wrong.join('\n- ')}`);
}

function room([name = '', ...options]: readonly string[]): void {
  const files = /^[a-z0-9-]+$/.test(name) ? testsBelow(`test/${name}`) : [];
  if (files.length > 0) process.exitCode = runTests({ files, options }).status;
  else {
    const rooms = readdirSync(join(root, 'test'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const names = rooms.map((entry) => entry.name).filter((each) => testsBelow(`test/${each}`).length > 0);
    console.error(`npm run test:room -- NAME: there are no tests in test/${name}. NAME is one of ${names.join(', ')}.`);
    process.exitCode = 2;
  }
}
