/** `npm run conformance [-- --interop]`: runs the tests and writes docs/conformance.md. Exits 1 unless all of them pass. */
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versions } from '../interop/kit/versions.ts';
import { claims } from './check.ts';
import { pageOf } from './page.ts';
import { readRealClients, writeRealClients } from './real-clients.ts';
import type { Proof } from './reporter.ts';
import { root, runTests } from './run.ts';

/** The test of the page itself would judge the page that is about to be replaced. */
const UNIT = (file: string): boolean => file !== join('test', 'conformance.test.ts');

function proofsOf(files: readonly string[]): Proof[] {
  const { status, proofs } = runTests({ files: files.toSorted(), reporter: 'dot' });
  if (status !== 0) process.exitCode = 1;
  return proofs;
}

if (process.argv.includes('--interop')) {
  const proofs = proofsOf(globSync('test/interop/**/*.interop.ts', { cwd: root }));
  writeRealClients({ run: { date: new Date().toISOString().slice(0, 10), versions: await versions() }, proofs });
}
const { run, proofs } = readRealClients();
const units = proofsOf(globSync('test/**/*.test.ts', { cwd: root }).filter(UNIT));
writeFileSync(join(root, 'docs/conformance.md'), pageOf([...claims(units), ...proofs], run));
