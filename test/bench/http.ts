/** Enrolments through HTTP, store and log, measured from a second process over loopback. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { KeyChoice } from '../../src/keys/software.ts';
import { CHALLENGE, clientKeys, request } from './corpus.ts';
import { median, percentile } from './measure.ts';
import { issuanceNumber } from './rows.ts';

const PER_RUN = 1200;
const RUNS = 3;

/** Medians over the runs; microseconds of server CPU, milliseconds of latency. */
export type HttpResult = {
  stored: number;
  rate: number;
  p50: number;
  p99: number;
  cpu: number;
  floor: number;
  rss: number;
};

type Server = { process: ChildProcess; port: number; ra: Uint8Array };

/** `stored`: how many certificates are in the store before the first request. */
export async function measureHttp(choice: KeyChoice, stored: number, connections: number): Promise<HttpResult> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-bench-'));
  await fill(join(folder, 'openndes.db'), stored);
  const server = await start(folder, choice);
  try {
    const keys = clientKeys(8);
    const runs: ({ floor: number } & Awaited<ReturnType<typeof load>>)[] = [];
    await load(server, await corpus(server, keys, 200), connections);
    for (let run = 0; run < RUNS; run++) {
      const { floor } = await ask<{ floor: number }>(server, 'floor');
      runs.push({ floor, ...(await load(server, await corpus(server, keys, PER_RUN), connections)) });
    }
    const { rss } = await ask<{ rss: number }>(server, 'usage');
    const of = (pick: (run: (typeof runs)[number]) => number): number => median(runs.map(pick));
    return {
      stored,
      rss,
      rate: of((r) => r.rate),
      p50: of((r) => r.p50),
      p99: of((r) => r.p99),
      cpu: of((r) => r.cpu),
      floor: of((r) => r.floor),
    };
  } finally {
    server.process.send('stop');
    await once(server.process, 'exit');
    rmSync(folder, { recursive: true });
  }
}

async function fill(path: string, count: number): Promise<void> {
  const store = await openSqliteStore({ path, clock: () => new Date() });
  for (let from = 0; from < count; from += 2000)
    await Promise.all(
      Array.from({ length: Math.min(2000, count - from) }, (_, i) => store.recordIssued(issuanceNumber(from + i))),
    );
  await store.close();
}

async function start(folder: string, choice: KeyChoice): Promise<Server> {
  const child = fork(join(import.meta.dirname, 'server.ts'), [folder, choice, CHALLENGE], { stdio: 'inherit' });
  const [{ port, ra }] = (await once(child, 'message')) as [{ port: number; ra: string }];
  return { process: child, port, ra: Buffer.from(ra, 'base64') };
}

async function ask<T>({ process: child }: Server, question: string): Promise<T> {
  child.send(question);
  const [answer] = (await once(child, 'message')) as [T];
  return answer;
}

const corpus = ({ ra }: Server, keys: ReturnType<typeof clientKeys>, count: number): Promise<Uint8Array[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => request(keys[i % keys.length]!, ra, i)));

async function load(server: Server, messages: readonly Uint8Array[], connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const before = await ask<{ cpu: NodeJS.CpuUsage }>(server, 'usage');
  const latencies: number[] = [];
  const started = performance.now();
  let next = 0;
  const connection = async (): Promise<void> => {
    while (next < messages.length) {
      const at = performance.now();
      await post(agent, server.port, messages[next++]!);
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const seconds = (performance.now() - started) / 1000;
  const after = await ask<{ cpu: NodeJS.CpuUsage }>(server, 'usage');
  agent.destroy();
  const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  return {
    rate: messages.length / seconds,
    p50: median(latencies),
    p99: percentile(latencies, 0.99),
    cpu: cpu / messages.length,
  };
}

/** A CertRep of a certificate is more than 2,000 octets; a FAILURE is less: a refused corpus must not look fast. */
const LEAST_SUCCESS = 2000;

function post(agent: Agent, port: number, message: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { agent, port, host: '127.0.0.1', path: '/scep?operation=PKIOperation', method: 'POST' },
      (response) => {
        let octets = 0;
        response.on('data', (chunk: Buffer) => (octets += chunk.length));
        response.on('end', () =>
          response.statusCode === 200 && octets > LEAST_SUCCESS
            ? resolve()
            : reject(new Error(`HTTP ${response.statusCode}, ${octets} octets`)),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(message);
  });
}
