/**
 * Enrolments on all cores of the machine, with the generator on the same ones. Servers with different numbers of threads and
 * the floor take turns. Meanwhile GetCACaps is asked every few milliseconds: how long it waits for RSA is a figure too.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CHALLENGE, clientKeys, request } from './corpus.ts';
import { connectionsTo, load } from './load.ts';
import { median, percentile } from './measure.ts';
import { ask, start, stop } from './processes.ts';

const WARM_UP = 3000;
const TURNS = 5;
const PER_TURN = 1200;
/** Milliseconds between two GetCACaps. */
const CAPS_EVERY = 5;

/** Per second; microseconds an enrolment of the process, its main thread and the floor; milliseconds; octets. */
export type CoresResult = {
  workers: number;
  connections: number;
  rate: number;
  floor: number;
  cpu: number;
  mainCpu: number;
  caps: { p50: number; p99: number };
  rss: number;
};

type Server = { child: ChildProcess; folder: string; workers: number; port: number; ra: Uint8Array };
type Turn = { rate: number; cpu: number; mainCpu: number; floor: number; caps: number[] };
type Keys = ReturnType<typeof clientKeys>;

/** One result for each number of threads and each number of connections: medians of the turns. */
export async function measureCores(threads: readonly number[], connections: readonly number[]): Promise<CoresResult[]> {
  const { child: floor } = await start('floor.ts', ['rsa-2048']);
  const servers: Server[] = [];
  for (const workers of threads) servers.push(await startServer(workers));
  const keys = clientKeys(8);
  try {
    for (const server of servers) await turn(server, floor, { keys, count: WARM_UP, connections: 8 });
    const results: CoresResult[] = [];
    for (const count of connections) results.push(...(await compared(servers, floor, { keys, connections: count })));
    return results;
  } finally {
    await Promise.all([floor, ...servers.map(({ child }) => child)].map(stop));
    for (const { folder } of servers) rmSync(folder, { recursive: true });
  }
}

async function startServer(workers: number): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-bench-'));
  const log = openSync(join(folder, 'log'), 'w');
  const { child, said } = await start('threaded-server.ts', [folder, 'rsa-2048', CHALLENGE, String(workers)], log);
  const { port, ra } = said as { port: number; ra: string };
  return { child, folder, workers, port, ra: Buffer.from(ra, 'base64') };
}

async function compared(
  servers: readonly Server[],
  floor: ChildProcess,
  { keys, connections }: { keys: Keys; connections: number },
): Promise<CoresResult[]> {
  const turns = new Map(servers.map((server) => [server, [] as Turn[]]));
  for (let number = 0; number < TURNS; number++)
    for (const server of number % 2 ? servers.toReversed() : servers)
      turns.get(server)!.push(await turn(server, floor, { keys, count: PER_TURN, connections }));
  return Promise.all([...turns].map(([server, own]) => result(server, connections, own)));
}

type Wanted = { keys: Keys; count: number; connections: number };

async function turn({ child, port, ra }: Server, floor: ChildProcess, wanted: Wanted): Promise<Turn> {
  const { keys, count, connections } = wanted;
  const messages = await Promise.all(Array.from({ length: count }, (_, i) => request(keys[i % keys.length]!, ra, i)));
  const agent = connectionsTo(connections);
  const floorBefore = (await ask(floor, 'floor')) as number;
  const before = await usageOf(child);
  const asking = capabilities(port);
  const { elapsed } = await load(agent, port, messages);
  const caps = await asking.end();
  const after = await usageOf(child);
  const floorAfter = (await ask(floor, 'floor')) as number;
  agent.destroy();
  return {
    rate: (count / elapsed) * 1000,
    cpu: (after.cpu - before.cpu) / count,
    mainCpu: (after.main - before.main) / count,
    floor: (floorBefore + floorAfter) / 2,
    caps,
  };
}

async function result({ child, workers }: Server, connections: number, turns: readonly Turn[]): Promise<CoresResult> {
  const medianOf = (of: (turn: Turn) => number): number => median(turns.map(of));
  const caps = turns.flatMap((one) => one.caps);
  return {
    workers,
    connections,
    rate: medianOf(({ rate }) => rate),
    floor: medianOf(({ floor }) => floor),
    cpu: medianOf(({ cpu }) => cpu),
    mainCpu: medianOf(({ mainCpu }) => mainCpu),
    caps: { p50: percentile(caps, 0.5), p99: percentile(caps, 0.99) },
    rss: (await usageOf(child)).rss,
  };
}

/** Asks on one connection, one after the other, until the end. Returns the milliseconds of each. */
function capabilities(port: number): { end: () => Promise<number[]> } {
  const agent = new Agent({ keepAlive: true });
  const times: number[] = [];
  let ended = false;
  const asked = (async () => {
    while (!ended) {
      const at = performance.now();
      await get(agent, port);
      times.push(performance.now() - at);
      await pause(CAPS_EVERY);
    }
    agent.destroy();
  })();
  return {
    async end() {
      ended = true;
      await asked;
      return times;
    },
  };
}

const get = (agent: Agent, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const path = '/scep?operation=GetCACaps';
    httpRequest({ agent, port, host: '127.0.0.1', path }, (response) => response.resume().on('end', resolve))
      .on('error', reject)
      .end();
  });

/** Microseconds of CPU since the start of the process, those of its main thread, and octets. */
async function usageOf(server: ChildProcess): Promise<{ cpu: number; main: number; rss: number }> {
  type Usage = { cpu: NodeJS.CpuUsage; main: NodeJS.CpuUsage; rss: number };
  const { cpu, main, rss } = (await ask(server, 'usage')) as Usage;
  return { cpu: cpu.user + cpu.system, main: main.user + main.system, rss };
}
