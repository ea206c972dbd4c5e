/**
 * `openndes serve` under measurement: a configuration of its own, the log on standard error. The store is SQLite with
 * synchronous=FULL, or the PostgreSQL database of the last argument.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '../../src/app/configured-server.ts';
import { init } from '../../src/cli/installation.ts';
import { getCaCertificates, recipientOf } from '../../src/client/ca-operations.ts';
import type { KeyChoice } from '../../src/keys/software.ts';

/** Message from the parent: `usage` asks for the CPU of the process and of its main thread, and for memory. */
type Question = 'usage' | 'stop';

const [folder, choice, challenge, workers, store] = process.argv.slice(2) as [
  string,
  KeyChoice,
  string,
  string,
  string?,
];
await init(folder, { key: choice, organisation: 'Bench', ...(store !== undefined && { store }) });
const config = join(folder, 'openndes.yaml');
const written = readFileSync(config, 'utf8')
  .replace('port: 8080', 'port: 0')
  .replace(/path: \S+/, 'path: /scep');
writeFileSync(config, written);
writeFileSync(join(folder, 'challenge.txt'), challenge, { mode: 0o600 });
const server = await startServer(config, { workers: Number(workers) });
const ra = recipientOf(await getCaCertificates(fetch, server.urls[0]!));
process.send!({ port: Number(new URL(server.urls[0]!).port), ra: Buffer.from(ra).toString('base64') });

const ANSWERS: Readonly<Record<Question, () => Promise<void> | void>> = {
  usage: () =>
    void process.send!({ cpu: process.cpuUsage(), main: process.threadCpuUsage(), rss: process.memoryUsage().rss }),
  async stop() {
    await server.close();
    process.disconnect();
  },
};
process.on('message', (question: Question) => void ANSWERS[question]());
