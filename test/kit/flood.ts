/** Many requests at the same moment, by a client that costs little beside the server in the same process. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { only, open, rest } from '../http/server-under-test.ts';

/** A connection that the server has accepted: otherwise requests would wait in the kernel, which gives them one by one. */
async function accepted(port: number): Promise<Socket> {
  const socket = await open(port);
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

/** Posts the messages at the same moment, each on a connection of its own. The answers come one by one. */
export async function flood(port: number, path: string, messages: readonly Uint8Array[]) {
  const sockets = await Promise.all(messages.map(() => accepted(port)));
  const sent = sockets.map((socket, index) => {
    const message = messages[index] ?? Buffer.of();
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${message.length}\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(head), message]));
    return rest(socket);
  });
  return sent.map(async (octets) => {
    const { status, headers } = only(await octets);
    return { status, retryAfter: Number(headers.get('retry-after')) };
  });
}
