/** TCP ports for listeners whose port a configuration names. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';

/** Below the ports that systems give to those who ask for any (Linux from 32768, others from 49152): they cannot take it. */
const FIRST = 12_000;
const END = 32_000;

/** One of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number | undefined>((resolve) => {
    const wanted = randomInt(FIRST, END);
    server.once('error', () => resolve(undefined));
    server.listen(wanted, '127.0.0.1', () => resolve(wanted));
  });
  await new Promise((resolve) => server.close(resolve));
  return port ?? (await freePort());
}

/** Whether something listens there. */
export async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // Not yet.
  } finally {
    socket.destroy();
  }
}
