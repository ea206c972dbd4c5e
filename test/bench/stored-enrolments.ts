/** What an enrolment costs where there are many certificates: `openndes serve` on each of several databases, in turns. */
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHALLENGE, clientKeys, request } from './corpus.ts';
import { connectionsTo, load } from './load.ts';
import { median, percentile } from './measure.ts';
import { ask, start, stop } from './processes.ts';

const TURNS = 7;
const PER_TURN = 400;
const CONNECTIONS = 8;

/** Medians of the turns: CPU microseconds of the server for each enrolment, and the milliseconds of 19 in 20. */
export type EnrolmentCost = { name: string; cpu: number; p95: number };

type Turn = Omit<EnrolmentCost, 'name'>;
type Measured = { name: string; turn: () => Promise<Turn>; close: () => Promise<void> };

/** `urls`: databases by name. */
export async function enrolmentCosts(urls: Readonly<Record<string, string>>): Promise<EnrolmentCost[]> {
  const servers: Measured[] = [];
  try {
    for (const [name, url] of Object.entries(urls)) servers.push(await serverOn(name, url));
    return await compared(servers);
  } finally {
    for (const { close } of servers) await close();
  }
}

async function compared(servers: readonly Measured[]): Promise<EnrolmentCost[]> {
  const turns = new Map(servers.map((server) => [server, [] as Turn[]]));
  for (let round = -1; round < TURNS; round++)
    for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
      const one = await server.turn();
      // The first turn compiles and fills caches.
      if (round >= 0) turns.get(server)!.push(one);
    }
  return [...turns].map(([{ name }, own]) => ({
    name,
    cpu: median(own.map(({ cpu }) => cpu)),
    p95: median(own.map(({ p95 }) => p95)),
  }));
}

async function serverOn(name: string, url: string): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-bench-'));
  const args = [folder, 'rsa-2048', CHALLENGE, String(availableParallelism()), url];
  const { child, said } = await start('threaded-server.ts', args, openSync(join(folder, 'log'), 'w'));
  const { port, ra } = said as { port: number; ra: string };
  const keys = clientKeys(8);
  let sent = 0;
  const cpu = async (): Promise<number> => {
    const { cpu: used } = (await ask(child, 'usage')) as { cpu: NodeJS.CpuUsage };
    return used.user + used.system;
  };
  return {
    name,
    async turn() {
      const numbers = Array.from({ length: PER_TURN }, () => sent++);
      const messages = await Promise.all(
        numbers.map((n) => request(keys[n % keys.length]!, Buffer.from(ra, 'base64'), n)),
      );
      const agent = connectionsTo(CONNECTIONS);
      const before = await cpu();
      const { latencies } = await load(agent, port, messages);
      const used = (await cpu()) - before;
      agent.destroy();
      return { cpu: used / PER_TURN, p95: percentile(latencies, 0.95) };
    },
    async close() {
      await stop(child);
      rmSync(folder, { recursive: true });
    },
  };
}
