/** `npm run bench -- memory`: the memory of `openndes serve` after 20,000 enrolments, and over the next 100,000. Takes a quarter of an hour. */
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHALLENGE, clientKeys, request } from './corpus.ts';
import { connectionsTo, load } from './load.ts';
import { ask, start, stop } from './processes.ts';

const ALL = 120_000;
/** Messages are made for so many, so that the generator does not fill the memory of the machine. */
const PER_STEP = 2_000;
const SHOWN_EVERY = 10_000;
const CONNECTIONS = 32;

const folder = mkdtempSync(join(tmpdir(), 'openndes-bench-'));
const threads = availableParallelism();
const log = openSync(join(folder, 'log'), 'w');
const { child, said } = await start('threaded-server.ts', [folder, 'rsa-2048', CHALLENGE, String(threads)], log);
const { port, ra } = said as { port: number; ra: string };
const keys = clientKeys(8);
try {
  console.log(`Node.js ${process.version}, ${threads} threads, SQLite`);
  console.log('  enrolments      RSS MB');
  for (let done = 0; done < ALL; done += PER_STEP) {
    const numbers = Array.from({ length: PER_STEP }, (_, n) => done + n);
    const messages = await Promise.all(
      numbers.map((n) => request(keys[n % keys.length]!, Buffer.from(ra, 'base64'), n)),
    );
    const agent = connectionsTo(CONNECTIONS);
    await load(agent, port, messages);
    agent.destroy();
    if ((done + PER_STEP) % SHOWN_EVERY !== 0) continue;
    const { rss } = (await ask(child, 'usage')) as { rss: number };
    console.log(`${String(done + PER_STEP).padStart(12)}${(rss / 2 ** 20).toFixed(0).padStart(12)}`);
  }
} finally {
  await stop(child);
  rmSync(folder, { recursive: true });
}
