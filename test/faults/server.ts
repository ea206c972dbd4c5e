/** The servers under test: their log, their readiness, their clock. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TOKEN } from '../wiring/administrator.ts';
import { atEnd } from '../wiring/files.ts';

/** What is looked at in a line of the log. */
export type Line = {
  level: number;
  event?: string;
  endpoint?: string;
  tenant?: string;
  operation?: string;
  outcome?: string;
  code?: string;
  hop?: string;
  intuneHop?: string;
  notification?: string;
  attempts?: number;
  job?: string;
  err?: { message: string };
};

/** A job, as the readiness shows it. */
type Job = { name: string; state: string; lastError?: string };
/** What is looked at in the detail of the readiness. */
export type Readiness = { tenants: Record<string, string>; jobs: readonly Job[]; directories?: Record<string, string> };

/** One of several servers in a process. */
export type Served = { origin: string; readiness: () => Promise<Readiness> };

/** Servers in one process. `log`: all lines until now. `reload`: also starts the jobs that are due. */
export type Servers = {
  each: readonly Served[];
  log: readonly Line[];
  moveClock: (ms: number) => void;
  reload: () => void;
  close: () => Promise<void>;
};

/** One server alone. */
export type Server = Pick<Servers, 'log' | 'moveClock' | 'close'> & {
  origin: string;
  /** What the detail of the readiness says of each tenant. */
  tenants: () => Promise<Record<string, string>>;
};

/** Milliseconds. Long enough for a loaded machine, where an answer is expected. */
const TIMES = {
  watchEvery: 3_000,
  intuneTimes: { callMs: 6_000, totalMs: 24_000, retries: 2, backoffMs: 20, breakAfter: 5, breakMs: 1_000 },
};

export async function serverOn(config: string, times: object = TIMES): Promise<Server> {
  const { each, log, moveClock, close } = await serversOn([config], times);
  const [{ origin, readiness }] = each as [Served];
  return { origin, log, moveClock, close, tenants: async () => (await readiness()).tenants };
}

/** A server for each configuration, all in one process and on one clock. */
export async function serversOn(configs: readonly string[], times: object = TIMES): Promise<Servers> {
  const served = join(import.meta.dirname, 'served.ts');
  const parameters = [JSON.stringify(configs), JSON.stringify(times)];
  const child = fork(served, parameters, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const exit = once(child, 'exit');
  const log: Line[] = [];
  const lines = createInterface({ input: child.stderr! }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line) as Line);
    else console.error(line);
  });
  const end = once(lines, 'close');
  const [started] = (await Promise.race([once(child, 'message'), exit])) as [Started[] | number | null];
  if (!Array.isArray(started)) throw new Error('the servers did not start');
  let closed: Promise<unknown> | undefined;
  const stop = async (): Promise<void> => {
    if (child.connected) child.send('close');
    await Promise.all([exit, end]);
  };
  const close = async (): Promise<void> => void (await (closed ??= stop()));
  atEnd(close);
  return {
    each: started.map(({ url, adminUrl }) => ({
      origin: new URL(url).origin,
      readiness: () => readinessAt(adminUrl),
    })),
    log,
    moveClock: (ms) => void child.send(ms),
    reload: () => void child.send('reload'),
    close,
  };
}

type Started = { url: string; adminUrl: string };

async function readinessAt(adminUrl: string): Promise<Readiness> {
  const response = await fetch(`${adminUrl}/readyz`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return (await response.json()) as Readiness;
}
