/** Everything that a burst needs beside the generator: Intune, a database, servers, a proxy. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { getCaCertificates, recipientOf } from '../../../src/client/ca-operations.ts';
import { ask, start, stop } from '../processes.ts';
import { cpuOf, mainCpuOf, residentOf } from './cpu.ts';
import type { Target } from './generator.ts';
import type { BurstPlan } from './measured.ts';
import { proxy } from './proxy.ts';
import { installation, PATH, replica, type Replica, stopped } from './servers.ts';

/** Microseconds of CPU; `main`: of `servers`, that of their main threads. */
export type Used = { servers: number; main: number; database: number; tenant: number; generator: number };

/** `stored`, `wal` and `rss` in octets. */
export type Place = {
  config: string;
  target: Target;
  tenant: ChildProcess;
  replicas: readonly Replica[];
  used: () => Promise<Used>;
  sizes: () => Promise<{ stored: number; wal: number; rss: number }>;
  close: () => Promise<void>;
};

type Ending = () => Promise<unknown>;

/** Starts it all in a folder below /var/tmp. */
export async function openPlace(plan: BurstPlan): Promise<Place> {
  const folder = mkdtempSync('/var/tmp/openndes-burst-');
  const endings: Ending[] = [async () => rmSync(folder, { recursive: true })];
  const close = async (): Promise<void> => {
    for (const end of endings.toReversed()) await end();
  };
  try {
    return { ...(await started(plan, folder, endings)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function started(plan: BurstPlan, folder: string, endings: Ending[]): Promise<Omit<Place, 'close'>> {
  const { child: tenant, said } = await start('burst/tenant.ts', []);
  endings.push(() => stop(tenant));
  const database = plan.store === 'postgres' ? await start('burst/database.ts', [], undefined, 'ignore') : undefined;
  if (database) endings.push(() => stop(database.child));
  const config = await installation({
    folder: join(folder, 'server'),
    tenant: said as { tenant: object; caPem: string },
    answerWithin: plan.answerWithin,
    ...(database && { store: database.said as string }),
  });
  const replicas: Replica[] = [];
  for (let number = 0; number < plan.replicas; number++) {
    const one = await replica(config, number);
    replicas.push(one);
    endings.push(() => stopped(one));
  }
  const origin =
    plan.store === 'postgres' ? await behindProxy(folder, replicas, endings) : new URL(replicas[0]!.url).origin;
  const url = origin + PATH;
  const certificates = await getCaCertificates(fetch, url);
  const file = join(folder, 'server/openndes.db');
  return {
    config,
    target: { url, ca: { certificates, recipient: recipientOf(certificates) } },
    tenant,
    replicas,
    used: async () => ({
      servers: replicas.reduce((sum, { child }) => sum + cpuOf(child.pid!), 0),
      main: replicas.reduce((sum, { child }) => sum + mainCpuOf(child.pid!), 0),
      database: database ? ((await ask(database.child, 'cpu')) as number) : 0,
      tenant: cpuOf(tenant.pid!),
      generator: ownCpu(),
    }),
    sizes: async () => ({
      stored: database ? ((await ask(database.child, 'octets')) as number) : statSync(file).size,
      wal: database ? ((await ask(database.child, 'wal')) as number) : 0,
      rss: Math.max(...replicas.map(({ child }) => residentOf(child.pid!))),
    }),
  };
}

async function behindProxy(folder: string, replicas: readonly Replica[], endings: Ending[]): Promise<string> {
  const place = join(folder, 'nginx');
  mkdirSync(place);
  const { origin, stop: end } = await proxy(
    place,
    replicas.map(({ url }) => url),
  );
  endings.push(end);
  return origin;
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
