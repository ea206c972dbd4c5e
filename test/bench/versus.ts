/** `npm run bench -- step-ca`: enrolments beside step-ca, in turns, with the same generator on the same cores. Needs Linux and Go. */
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { KeyProvider } from '../../src/core/keys.ts';
import { cpuOf, residentOf } from './burst/cpu.ts';
import { CHALLENGE, clientKeys, request } from './corpus.ts';
import { connectionsTo, load } from './load.ts';
import { median, percentile } from './measure.ts';
import { STEP_CA, stepCaProgram } from '../kit/step-ca-program.ts';
import { type Peer, stepCa } from './peer.ts';
import { start, stop } from './processes.ts';

const WARM_UP = 3000;
const TURNS = 5;
const PER_TURN = 1200;

type Turn = { rate: number; cpu: number; latencies: number[] };
type Wanted = { keys: readonly KeyProvider[]; count: number; connections: number };

/** `openndes serve` with a thread for each core, SQLite with synchronous=FULL, JSON log to a file. */
async function openndes(): Promise<Peer> {
  const folder = mkdtempSync('/var/tmp/openndes-bench-');
  const log = openSync(join(folder, 'log'), 'w');
  const threads = String(availableParallelism());
  const { child, said } = await start('threaded-server.ts', [folder, 'rsa-2048', CHALLENGE, threads], log);
  const { port, ra } = said as { port: number; ra: string };
  const close = async (): Promise<void> => (await stop(child), rmSync(folder, { recursive: true }));
  return { child, port, path: '/scep', ra: Buffer.from(ra, 'base64'), close };
}

async function turn({ child, port, path, ra }: Peer, { keys, count, connections }: Wanted): Promise<Turn> {
  const messages = await Promise.all(Array.from({ length: count }, (_, i) => request(keys[i % keys.length]!, ra, i)));
  const agent = connectionsTo(connections);
  const before = cpuOf(child.pid!);
  const { latencies, elapsed } = await load(agent, port, messages, path);
  const cpu = (cpuOf(child.pid!) - before) / count;
  agent.destroy();
  return { rate: (count / elapsed) * 1000, cpu, latencies };
}

async function compared(peers: readonly Peer[], wanted: Wanted): Promise<Turn[][]> {
  const turns = peers.map((): Turn[] => []);
  for (let number = 0; number < TURNS; number++)
    for (const index of number % 2 ? [1, 0] : [0, 1]) turns[index]!.push(await turn(peers[index]!, wanted));
  return turns;
}

const line = (first: string, ...cells: string[]): void =>
  console.log(first.padEnd(28) + cells.map((cell) => cell.padStart(12)).join(''));

const keys = clientKeys(8);
const program = stepCaProgram();
const peers: Peer[] = [];
try {
  peers.push(await openndes(), await stepCa(program));
  console.log(`Node.js ${process.version}, step-ca ${STEP_CA}, ${cpus().length} × ${cpus()[0]?.model}`);
  console.log('CA and RA rsa-2048; the generator on the same cores; median of five turns, one after the other\n');
  for (const peer of peers) await turn(peer, { keys, count: WARM_UP, connections: 8 });
  line('', 'per second', 'CPU µs', 'p50 ms', 'p99 ms', 'RSS MB');
  for (const connections of [8, 32]) {
    const results = (await compared(peers, { keys, count: PER_TURN, connections })).map((turns, index) => {
      const latencies = turns.flatMap((one) => one.latencies);
      const result = { rate: median(turns.map(({ rate }) => rate)), cpu: median(turns.map(({ cpu }) => cpu)) };
      const times = [0.5, 0.99].map((share) => percentile(latencies, share).toFixed(1));
      const name = `  ${['openndes', 'step-ca'][index]}, ${connections} connections`;
      line(
        name,
        result.rate.toFixed(0),
        result.cpu.toFixed(0),
        ...times,
        (residentOf(peers[index]!.child.pid!) / 2 ** 20).toFixed(0),
      );
      return result;
    });
    const [own, other] = results;
    line('  ratio', (own!.rate / other!.rate).toFixed(2), (own!.cpu / other!.cpu).toFixed(2));
  }
} finally {
  await Promise.allSettled(peers.map(({ close }) => close()));
}
