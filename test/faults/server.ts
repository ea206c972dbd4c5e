/** The server under test: its log, its readiness, its clock. */
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
};

/** `log`: all lines until now. */
export type Server = {
  origin: string;
  log: readonly Line[];
  /** What the detail of the readiness says of each tenant. */
  tenants: () => Promise<Record<string, string>>;
  moveClock: (ms: number) => void;
  close: () => Promise<void>;
};

/** Milliseconds. Long enough for a loaded machine, where an answer is expected. */
const TIMES = {
  watchEvery: 3_000,
  intuneTimes: { callMs: 6_000, totalMs: 24_000, retries: 2, backoffMs: 20, breakAfter: 5, breakMs: 1_000 },
};

export async function serverOn(config: string, times: object = TIMES): Promise<Server> {
  const served = join(import.meta.dirname, 'served.ts');
  const child = fork(served, [config, JSON.stringify(times)], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const exit = once(child, 'exit');
  const log: Line[] = [];
  const lines = createInterface({ input: child.stderr! }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line) as Line);
    else console.error(line);
  });
  const end = once(lines, 'close');
  const [started] = (await Promise.race([once(child, 'message'), exit])) as [{ url: string; adminUrl: string } | null];
  if (!started?.url) throw new Error('the server did not start');
  let closed: Promise<unknown> | undefined;
  const stop = async (): Promise<void> => {
    if (child.connected) child.send('close');
    await Promise.all([exit, end]);
  };
  const close = async (): Promise<void> => void (await (closed ??= stop()));
  atEnd(close);
  return {
    origin: new URL(started.url).origin,
    log,
    tenants: async () => {
      const response = await fetch(`${started.adminUrl}/readyz`, { headers: { authorization: `Bearer ${TOKEN}` } });
      return ((await response.json()) as { tenants: Record<string, string> }).tenants;
    },
    moveClock: (ms) => void child.send(ms),
    close,
  };
}
