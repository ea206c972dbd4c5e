/**
 * Makes the files of a release from the commit that is checked out: `npm run release -- --out FOLDER --sign KEY`.
 * The same commit gives the same octets. docs/releases.md says what they are, and how a reader verifies them.
 */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { assertCommitted, beginBuild, CHECKOUT, run } from './build.ts';
import { ARCHITECTURES, writeDebianPackage } from './debian-package.ts';
import { writeSboms } from './sbom.ts';
import { signSums, writeSums } from './sums.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'target/release' },
    sign: { type: 'string' },
    architecture: { type: 'string', multiple: true, default: Object.keys(ARCHITECTURES) },
    quick: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function release(): void {
  assertCommitted();
  const build = beginBuild(resolve(CHECKOUT, values.out), values.quick);
  run(build.checkout, 'npm', 'pack', '--silent', '--pack-destination', build.out);
  say(`openndes-${build.version}.tgz`);
  writeSboms(build, build.checkout, `openndes-${build.version}`, '--omit', 'optional', '--package-lock-only');
  for (const architecture of values.architecture) {
    writeDebianPackage(build, architecture);
    say(`openndes_${build.version}_${architecture}.deb`);
  }
  rmSync(build.work, { recursive: true });
  writeSums(build);
  if (values.sign !== undefined) signSums(build, values.sign);
  say(`SHA256SUMS${values.sign === undefined ? ', not signed: --sign KEY' : ', signed'}\nin ${build.out}`);
}

release();
