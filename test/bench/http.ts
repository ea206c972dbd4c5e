/**
 * Enrolments through HTTP, store and log: servers of their own on one core, the generator on the other. Machines drift
 * by a tenth within a minute, so the servers and the floor take turns, a fraction of a second each.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyChoice } from '../../src/keys/software.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { CHALLENGE, clientKeys, request } from './corpus.ts';
import { connectionsTo, load } from './load.ts';
import { mean, percentile } from './measure.ts';
import { ask, pin, start, stop } from './processes.ts';
import { issuanceNumber } from './rows.ts';

/** Enrolments before the first that counts: until then much of the time goes into compiling. */
const WARM_UP = 4000;
const SLICES = 24;
const PER_SLICE = 320;

/** `cpu` and `floor` in microseconds an enrolment, `p50` and `p99` in milliseconds, `rss` in octets at the end. */
export type HttpResult = {
  stored: number;
  connections: number;
  rate: number;
  p50: number;
  p99: number;
  cpu: number;
  floor: number;
  rss: number;
};

type Server = { child: ChildProcess; folder: string; stored: number; port: number; ra: Uint8Array };
type Slice = { latencies: number[]; elapsed: number; cpu: number; floor: number };

/** One result for each number of certificates that are stored before, and each number of connections. */
export async function measureHttp(
  choice: KeyChoice,
  stored: readonly number[],
  connections: readonly number[],
): Promise<{ pinned: boolean; results: HttpResult[] }> {
  const { child: floor } = await start('floor.ts', [choice]);
  const servers = await Promise.all(stored.map((count) => startServer(count, choice)));
  const pinned = [floor, ...servers.map(({ child }) => child)].every(({ pid }) => pin(pid!, 0)) && pin(process.pid, 1);
  const keys = clientKeys(8);
  try {
    for (const server of servers) await slice(server, keys, WARM_UP, connections[0]!, floor);
    const results: HttpResult[] = [];
    for (const count of connections) results.push(...(await compare(servers, keys, count, floor)));
    return { pinned, results };
  } finally {
    await Promise.all([floor, ...servers.map(({ child }) => child)].map(stop));
    for (const { folder } of servers) rmSync(folder, { recursive: true });
  }
}

async function startServer(stored: number, choice: KeyChoice): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-bench-'));
  await fill(join(folder, 'openndes.db'), stored);
  const { child, said } = await start('server.ts', [folder, choice, CHALLENGE]);
  const { port, ra } = said as { port: number; ra: string };
  return { child, folder, stored, port, ra: Buffer.from(ra, 'base64') };
}

async function fill(path: string, count: number): Promise<void> {
  const store = await openSqliteStore({ path, clock: () => new Date() });
  for (let from = 0; from < count; from += 2000)
    await Promise.all(
      Array.from({ length: Math.min(2000, count - from) }, (_, i) => store.recordIssued(issuanceNumber(from + i))),
    );
  await store.close();
}

async function compare(
  servers: readonly Server[],
  keys: ReturnType<typeof clientKeys>,
  connections: number,
  floor: ChildProcess,
): Promise<HttpResult[]> {
  const slices = new Map(servers.map((server) => [server, [] as Slice[]]));
  for (let turn = 0; turn < SLICES; turn++)
    for (const server of turn % 2 ? servers.toReversed() : servers)
      slices.get(server)!.push(await slice(server, keys, PER_SLICE, connections, floor));
  return Promise.all([...slices].map(([server, own]) => result(server, connections, own)));
}

async function slice(
  { child, port, ra }: Server,
  keys: ReturnType<typeof clientKeys>,
  count: number,
  connections: number,
  floor: ChildProcess,
): Promise<Slice> {
  const messages = await Promise.all(Array.from({ length: count }, (_, i) => request(keys[i % keys.length]!, ra, i)));
  const agent = connectionsTo(connections);
  const floorBefore = await floorOf(floor);
  const before = await usageOf(child);
  const loaded = await load(agent, port, messages);
  const after = await usageOf(child);
  const floorAfter = await floorOf(floor);
  agent.destroy();
  return { ...loaded, cpu: (after.cpu - before.cpu) / count, floor: (floorBefore + floorAfter) / 2 };
}

async function result({ child, stored }: Server, connections: number, slices: readonly Slice[]): Promise<HttpResult> {
  const latencies = slices.flatMap((one) => one.latencies);
  return {
    stored,
    connections,
    rate: latencies.length / (slices.reduce((sum, { elapsed }) => sum + elapsed, 0) / 1000),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    cpu: mean(slices.map(({ cpu }) => cpu)),
    floor: mean(slices.map((one) => one.floor)),
    rss: (await usageOf(child)).rss,
  };
}

/** Microseconds, measured now. */
const floorOf = async (floor: ChildProcess): Promise<number> => (await ask(floor, 'floor')) as number;

/** Microseconds of CPU since the start of the process, and octets. */
async function usageOf(server: ChildProcess): Promise<{ cpu: number; rss: number }> {
  const { cpu, rss } = (await ask(server, 'usage')) as { cpu: NodeJS.CpuUsage; rss: number };
  return { cpu: cpu.user + cpu.system, rss };
}
