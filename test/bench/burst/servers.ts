/** The servers of a burst: `openndes serve` in processes of their own, on one installation, with their administrators' listeners. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse, stringify } from 'yaml';
import { init } from '../../../src/cli/installation.ts';

export const PATH = '/scep';
const TOKEN = 'a-token-of-the-burst';
export const MAIN = join(import.meta.dirname, '../../../bin/openndes.mjs');

/** `store`: the URL of a PostgreSQL database; SQLite when absent. `answerWithin` in seconds. */
export type InstallationPlan = {
  folder: string;
  tenant: { tenant: object; caPem: string };
  answerWithin: number;
  store?: string;
};

/** Writes an installation whose devices Intune manages, and returns the path of its configuration. */
export async function installation({ folder, tenant, answerWithin, store }: InstallationPlan): Promise<string> {
  await init(folder, { key: 'rsa-2048', organisation: 'Burst', ...(store !== undefined && { store }) });
  writeFileSync(join(folder, 'tenant-ca.pem'), tenant.caPem);
  const config = join(folder, 'openndes.yaml');
  const usual = parse(readFileSync(config, 'utf8')) as Record<string, unknown>;
  const section = usual['store'] as { url: string };
  const changed = {
    ...usual,
    ...(store !== undefined && { store: { ...section, password: '${file:db.password}' } }),
    listen: { host: '127.0.0.1', port: 0, trustProxy: ['127.0.0.1'], drain: 0, answerWithin: `${answerWithin}s` },
    admin: { port: 0, token: TOKEN },
    tenants: { corp: { ...tenant.tenant, trustCa: 'tenant-ca.pem' } },
    endpoints: [{ path: PATH, authority: 'issuing', profile: 'device', policy: { intune: 'corp', notify: 'strict' } }],
  };
  writeFileSync(config, stringify(changed));
  return config;
}

/** A running server. */
export type Replica = { child: ChildProcess; url: string; adminUrl: string };

/** Starts one; its log is a file beside the configuration. Throws when it ends before it is ready. */
export async function replica(config: string, number: number): Promise<Replica> {
  const log = join(config, `../log-${number}`);
  const child = spawn(process.execPath, [MAIN, 'serve', '--config', config], {
    stdio: ['ignore', 'pipe', openSync(log, 'w')],
  });
  const said: Record<string, string> = {};
  const lines = createInterface({ input: child.stdout! });
  const ready = new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      const [name = '', url = ''] = line.split(': ');
      said[name] = url;
      if (name === 'Administrators') resolve();
    });
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${readFileSync(log, 'utf8')}`)));
  });
  await ready;
  child.removeAllListeners('exit');
  return { child, url: said['Ready']!, adminUrl: said['Administrators']! };
}

export async function stopped({ child }: Replica): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Requests that a server has queued, and in how many milliseconds it could answer them. */
export type Load = { queued: number; running: number; answerMs: number };

/** Of all servers together; the time is that of the one which needs longest. */
export async function loadOf(replicas: readonly Replica[]): Promise<Load> {
  const each = await Promise.all(
    replicas.map(async ({ adminUrl }) => {
      const response = await fetch(`${adminUrl}/readyz`, { headers: { authorization: `Bearer ${TOKEN}` } });
      return ((await response.json()) as { load: Load[] }).load;
    }),
  );
  const all = each.flat();
  return {
    queued: all.reduce((sum, { queued }) => sum + queued, 0),
    running: all.reduce((sum, { running }) => sum + running, 0),
    answerMs: Math.max(...all.map(({ answerMs }) => answerMs)),
  };
}
