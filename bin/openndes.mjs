#!/usr/bin/env node
// Plain JavaScript, so that an old Node can still read it and say what is missing.
import { existsSync } from 'node:fs';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `openndes needs Node.js 24 or newer; this is ${process.version}. Node 20 cannot open the messages of most SCEP clients.\n` +
      'In a checkout run `npm ci`, which brings Node 24, and start it through `npm start` or `npx openndes`.\n',
  );
  process.exit(78);
}
// A checkout runs its TypeScript as it is; an installed package runs what was built from it.
const source = new URL('../src/cli/main.ts', import.meta.url);
const { main } = await import(existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href);
// The reader went away before the end, as `| head -1` does: the command goes on, and a server must not end by it.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
process.title = 'openndes';
process.exitCode = await main(process.argv.slice(2));
