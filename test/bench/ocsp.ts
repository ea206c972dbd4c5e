/**
 * `npm run bench -- ocsp`: answers of an OCSP responder on one core, to 16 connections on another: kept ones, and with a nonce,
 * which are signed one by one. The responder and the floor of its signatures take turns.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ocspRequest } from '../ocsp/ocsp-under-test.ts';
import { median } from './measure.ts';
import { ask, pin, start, stop } from './processes.ts';

const CONNECTIONS = 16;
const TURNS = 6;
const WARM_UP = 4_000;

type Said = { port: number; serials: string[]; ca: string };
type Run = { kind: string; nonce: boolean; count: number };

const RUNS: readonly Run[] = [
  { kind: 'p256', nonce: false, count: 12_000 },
  { kind: 'p256', nonce: true, count: 6_000 },
  { kind: 'rsa-2048', nonce: false, count: 12_000 },
  { kind: 'rsa-2048', nonce: true, count: 2_000 },
];

const folder = mkdtempSync(join(tmpdir(), 'openndes-bench-ocsp-'));
const { child, said } = await start('ocsp-server.ts', [folder]);
const { port, serials, ca } = said as Said;
const isPinned = pin(child.pid!, 0) && pin(process.pid, 1);
const certificate = Buffer.from(ca, 'base64');
const paths = {
  false: serials.map((serial) => pathOf(serial)),
  true: serials.map((serial, n) => pathOf(serial, Buffer.alloc(16, n))),
};

function pathOf(serial: string, nonce?: Uint8Array): string {
  const request = ocspRequest([serial], { ca: certificate, ...(nonce && { nonce }) });
  return encodeURIComponent(Buffer.from(request).toString('base64'));
}

/** Sends one GET after the other on a connection until none is left. */
async function onConnection(next: () => string | undefined): Promise<void> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  for (let path = next(); path !== undefined; path = next()) await exchanged(socket, path);
  socket.destroy();
}

/** Resolves when the whole response is there. Throws when it is not 200. */
function exchanged(socket: Socket, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = -1;
    const take = (chunk: Buffer): void => {
      if (missing < 0) {
        const head = chunk.toString('latin1', 0, chunk.indexOf('\r\n\r\n') + 4);
        if (!head.startsWith('HTTP/1.1 200')) return reject(new Error(head));
        missing = head.length + Number(/content-length: (\d+)/i.exec(head)?.[1]);
      }
      missing -= chunk.length;
      if (missing > 0) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
  });
}

/** Answers a second, microseconds of CPU of the server an answer. */
async function turn({ kind, nonce }: Run, count: number): Promise<{ rate: number; cpu: number }> {
  const all = paths[`${nonce}`];
  let sent = 0;
  const next = () => (sent < count ? `/ocsp/${kind}/${all[sent++ % all.length]}` : undefined);
  const before = await cpuOf();
  const began = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, () => onConnection(next)));
  const elapsed = performance.now() - began;
  return { rate: (count / elapsed) * 1_000, cpu: ((await cpuOf()) - before) / count };
}

async function cpuOf(): Promise<number> {
  const { user, system } = (await ask(child, 'usage')) as NodeJS.CpuUsage;
  return user + system;
}

type Turn = { rate: number; cpu: number; floor: number };

async function turns(run: Run): Promise<Turn[]> {
  await turn(run, WARM_UP);
  const all: Turn[] = [];
  for (let n = 0; n < TURNS; n++) {
    const floor = (await ask(child, ['floor', run.kind])) as number;
    all.push({ floor, ...(await turn(run, run.count)) });
  }
  return all;
}

/** On a machine with other work only the time of the CPU can be compared. */
function shown({ kind, nonce }: Run, all: readonly Turn[]): string {
  const [rate = 0, cpu = 0, floor = 0] = (['rate', 'cpu', 'floor'] as const).map((what) =>
    median(all.map((one) => one[what])),
  );
  const cells = [
    rate.toFixed(0),
    cpu.toFixed(0),
    (1e6 / cpu).toFixed(0),
    ...(nonce ? [floor.toFixed(0), (floor / cpu).toFixed(2)] : []),
  ];
  return `${kind.padEnd(10)}${(nonce ? 'signed' : 'kept').padEnd(8)}${cells.map((cell) => cell.padStart(12)).join('')}`;
}

try {
  console.log(
    `${CONNECTIONS} connections, ${serials.length} certificates, ${isPinned ? 'one core' : 'not kept to a core'}`,
  );
  console.log(
    `${'signer    answers'.padEnd(18)}${['per second', 'CPU µs', 'per CPU s', 'floor µs', 'floor/CPU'].map((cell) => cell.padStart(12)).join('')}`,
  );
  for (const run of RUNS) console.log(shown(run, await turns(run)));
} finally {
  await stop(child);
  rmSync(folder, { recursive: true });
}
