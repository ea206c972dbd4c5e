/**
 * `npm run bench -- trace [ATTEMPTS]`: what the trace costs an enrolment, and how long a search takes beside so many attempts, a million
 * when absent. Ends with 1 when a search takes more than 200 ms.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceAttempt } from '../../src/core/attempt-store.ts';
import { requestNames } from '../../src/pkix/certificate-names.ts';
import { readCertificationRequest } from '../../src/pkix/csr.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { lookUp } from '../../src/trace/look-up.ts';
import { CHALLENGE, certificationRequest, clientKeys, request } from './corpus.ts';
import { connectionsTo, load } from './load.ts';
import { median, microsecondsOf } from './measure.ts';
import { ask, pin, start, stop } from './processes.ts';

const ROUNDS = 9;
const PER_ROUND = 600;
const WARM_UP = 3000;
const CONNECTIONS = 16;
/** Milliseconds. */
const LONGEST_SEARCH = 200;

type Server = { child: ChildProcess; folder: string; port: number; ra: Uint8Array };

/** Two servers that differ in the trace alone take turns. */
async function measureCost(): Promise<void> {
  const servers = [await startServer('off'), await startServer('traced')] as const;
  const pinned = servers.every(({ child }) => pin(child.pid!, 0)) && pin(process.pid, 1);
  const keys = clientKeys(8);
  try {
    for (const server of servers) await round(server, keys, WARM_UP);
    const without: number[] = [];
    const traced: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) {
      const both = turn % 2 ? servers.toReversed() : servers;
      for (const server of both) (server === servers[0] ? without : traced).push(await round(server, keys, PER_ROUND));
    }
    const more = traced.map((cpu, at) => (cpu / (without[at] ?? 1) - 1) * 100);
    console.log(
      `CPU of an enrolment, ${pinned ? 'servers on one core' : 'not kept to cores'}, median of ${ROUNDS} rounds in turns`,
    );
    console.log(`  without the trace ${median(without).toFixed(0)} µs, with it ${median(traced).toFixed(0)} µs`);
    console.log(`  more: ${median(more).toFixed(1)} % (${more.map((each) => each.toFixed(1)).join(', ')})`);
  } finally {
    await Promise.all(servers.map(({ child }) => stop(child)));
    for (const { folder } of servers) rmSync(folder, { recursive: true });
  }
  const csr = readCertificationRequest(await certificationRequest(keys[0]!, 1));
  const names = await microsecondsOf(20_000, () => requestNames(csr));
  console.log(`  in both: the names of a request, ${names.toFixed(1)} µs`);
}

async function startServer(trace: 'off' | 'traced'): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-bench-'));
  const { child, said } = await start('server.ts', [folder, 'rsa-2048', CHALLENGE, trace]);
  const { port, ra } = said as { port: number; ra: string };
  return { child, folder, port, ra: Buffer.from(ra, 'base64') };
}

/** Microseconds of CPU an enrolment. */
async function round({ child, port, ra }: Server, keys: ReturnType<typeof clientKeys>, count: number): Promise<number> {
  const messages = await Promise.all(Array.from({ length: count }, (_, i) => request(keys[i % keys.length]!, ra, i)));
  const agent = connectionsTo(CONNECTIONS);
  const before = await cpuOf(child);
  await load(agent, port, messages);
  // What waits is written within a second: it is part of the cost.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const after = await cpuOf(child);
  agent.destroy();
  return (after - before) / count;
}

async function cpuOf(child: ChildProcess): Promise<number> {
  const { cpu } = (await ask(child, 'usage')) as { cpu: NodeJS.CpuUsage };
  return cpu.user + cpu.system;
}

/** A tenth of the devices is behind one address. Each has five attempts. */
const attemptOf = (n: number): DeviceAttempt => {
  const device = Math.floor(n / 5);
  return {
    at: new Date(1_780_000_000_000 + n * 100),
    times: 1,
    ms: 12,
    endpoint: '/scep/office',
    operation: 'PKIOperation',
    outcome: n % 5 === 4 ? 'issued' : 'refused',
    messageType: 'PKCSReq',
    transactionId: `${device.toString(16).padStart(8, '0')}C0FFEE`,
    ...(n % 5 !== 4 && { code: 'challenge_expired', detail: 'the challenge is older than its validity' }),
    address: device % 10 === 0 ? '192.0.2.1' : `10.${(device >> 16) & 255}.${(device >> 8) & 255}.${device & 255}`,
    userAgent: 'Mozilla/4.0 (compatible; Win32; NDES client 10.0)',
    subject: `CN=LAPTOP-${device},O=Bench`,
    names: [
      { kind: 'cn', value: `LAPTOP-${device}` },
      { kind: 'upn', value: `user${device}@example.com` },
      { kind: 'intuneDeviceId', value: `${device.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000` },
    ],
  };
};

async function measureSearch(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-bench-'));
  const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock: () => new Date() });
  try {
    const began = performance.now();
    for (let from = 0; from < count; from += 1_000)
      await store.recordAttempts(Array.from({ length: Math.min(1_000, count - from) }, (_, i) => attemptOf(from + i)));
    const each = ((performance.now() - began) * 1000) / count;
    console.log(
      `\n${count.toLocaleString('en')} attempts written in batches, ${each.toFixed(1)} µs each; a search takes`,
    );
    const device = Math.floor(count / 10) + 1;
    for (const [what, query] of [
      ['a device name', `laptop-${device}`],
      ['a UPN', `USER${device}@example.com`],
      ['a transactionID', `${device.toString(16).padStart(8, '0')}c0ffee`],
      ['an address of one device', attemptOf(device * 5).address],
      ['an address of a tenth of all', '192.0.2.1'],
      ['the beginning of a name', 'laptop-1'],
      ['nothing', 'unknown'],
    ] as const) {
      const times: number[] = [];
      for (let i = 0; i < 5; i++) {
        const at = performance.now();
        await lookUp(query, { store });
        times.push(performance.now() - at);
      }
      console.log(`  ${what.padEnd(30)}${median(times).toFixed(1).padStart(8)} ms`);
      if (median(times) > LONGEST_SEARCH) process.exitCode = 1;
    }
    const at = performance.now();
    await store.trimEndpoints(count - 1_000);
    console.log(`  beside it, the bound of an endpoint with 1,000 too many ${(performance.now() - at).toFixed(0)} ms`);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

await measureCost();
await measureSearch(Number(process.argv[3] ?? 1_000_000));
