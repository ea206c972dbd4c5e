/** Starts a server in a process of its own, sends it messages, and keeps what it logs of each. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Pool } from 'undici';
import { atEnd } from '../wiring/files.ts';
import { statusOf, type WireStatus } from './reply.ts';

/** What the log says of one transactionID. */
export type Logged = { outcome: string; code?: string };

/** `send` posts a message to the endpoint of this name. `close` waits until all of the log has come. */
export type Server = {
  send: (endpoint: string, message: Uint8Array) => Promise<WireStatus>;
  logged: ReadonlyMap<string, Logged>;
  close: () => Promise<void>;
};

/**
 * Requests that are on their way at the same time; each has a connection that stays open. Half of them wait, because
 * beyond twenty a minute the answer to a wrong challenge is held back for two seconds.
 */
export const CONNECTIONS = 80;

export async function serverOn(config: string): Promise<Server> {
  const child = fork(join(import.meta.dirname, 'served.ts'), [config], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const exit = once(child, 'exit');
  const logged = new Map<string, Logged>();
  const lines = createInterface({ input: child.stderr! }).on('line', (line) => keep(line, logged));
  const end = once(lines, 'close');
  const [url] = (await Promise.race([once(child, 'message'), exit])) as [string];
  if (typeof url !== 'string') throw new Error('the server did not start');
  const pool = new Pool(new URL(url).origin, { connections: CONNECTIONS });
  let closed: Promise<unknown> | undefined;
  const stop = async (): Promise<void> => {
    await pool.close();
    if (child.connected) child.send('close');
    await Promise.all([exit, end]);
  };
  const close = async (): Promise<void> => void (await (closed ??= stop()));
  atEnd(close);
  return { send: async (endpoint, body) => statusOf(await posted(pool, endpoint, body)), logged, close };
}

async function posted(pool: Pool, endpoint: string, body: Uint8Array): Promise<{ status: number; body: Buffer }> {
  const path = `/${endpoint}?operation=PKIOperation`;
  const response = await pool.request({ path, method: 'POST', body: Buffer.from(body) });
  return { status: response.statusCode, body: Buffer.from(await response.body.arrayBuffer()) };
}

type Line = { event?: string; transactionId?: string; outcome?: string; code?: string };

function keep(line: string, logged: Map<string, Logged>): void {
  if (!line.startsWith('{')) return console.error(line);
  const { event, transactionId, outcome, code } = JSON.parse(line) as Line;
  if (event === 'scep-request-answered' && transactionId !== undefined && outcome !== undefined)
    logged.set(transactionId, { outcome, ...(code !== undefined && { code }) });
  if (event === 'scep-request-failed') console.error(line);
}
