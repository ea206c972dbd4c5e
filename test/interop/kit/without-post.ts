/** A server as it was before POST: stands before the real one and takes out of its GetCACaps what promises POST. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export type Relay = { url: string; close: () => Promise<void> };

/** Everything else goes through as it is, the target of a request to the octet. */
export async function withoutPost(url: string): Promise<Relay> {
  const { hostname, port, pathname } = new URL(url);
  const server = createServer((asked, answer) => {
    const { method, url: path = '', headers } = asked;
    const forwarded = request({ hostname, port, path, method, headers }, (reply) => void relay(path, reply, answer));
    asked.pipe(forwarded);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function relay(path: string, reply: IncomingMessage, answer: ServerResponse): Promise<void> {
  const body = await buffer(reply);
  answer.writeHead(reply.statusCode ?? 500, { 'content-type': reply.headers['content-type'] ?? '' });
  answer.end(path.includes('operation=GetCACaps') ? withoutPromise(body.toString()) : body);
}

/** SCEPStandard promises it too (RFC 8894, 3.5.2). */
const PROMISES = ['POSTPKIOperation', 'SCEPStandard'];

const withoutPromise = (capabilities: string): string =>
  capabilities
    .split('\n')
    .filter((line) => !PROMISES.includes(line))
    .join('\n');
