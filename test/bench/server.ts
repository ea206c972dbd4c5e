/** The server under measurement, a process of its own: store with synchronous=FULL, JSON log to a file. */
import { openSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { startTracing } from '../../src/app/tracing.ts';
import { createServer } from '../../src/embed/embed.ts';
import type { KeyChoice } from '../../src/keys/software.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { benchAuthority } from './authority.ts';

/** Message from the parent: `usage` asks for CPU and memory. */
type Question = 'usage' | 'stop';

const [folder, choice, challenge, trace] = process.argv.slice(2) as [string, KeyChoice, string, string?];
const { issuer, ra, chain } = await benchAuthority(choice);
const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock: () => new Date() });
const logger = pino(pino.destination({ dest: openSync(join(folder, 'log'), 'w'), sync: false }));
const clock = () => new Date();
const tracing =
  trace === 'traced'
    ? // All requests of the generator have one device id, and nothing is to be removed, as with devices of their own.
      startTracing({ trace: { days: 30, perDevice: 100_000, perEndpoint: 1_000_000 }, store, clock, emit: () => {} })
    : undefined;
const server = await createServer({
  store,
  ...(tracing && { onEvent: tracing.observe }),
  logger,
  endpoints: [{ path: '/scep', policy: staticPolicy({ challenge }), issuer, ra, chain }],
});
await server.listen({ host: '127.0.0.1', port: 0 });
process.send!({
  port: (server.server.address() as AddressInfo).port,
  ra: Buffer.from(ra.certificate).toString('base64'),
});

const ANSWERS: Readonly<Record<Question, () => Promise<void> | void>> = {
  usage: () => void process.send!({ cpu: process.cpuUsage(), rss: process.memoryUsage().rss }),
  async stop() {
    await server.close();
    await tracing?.close();
    await store.close();
    process.disconnect();
  },
};
process.on('message', (question: Question) => void ANSWERS[question]());
