/** Reverse proxies that do one wrong thing, and a forward proxy that leads every name to one port. */
import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';

/** What came from the server behind the proxy. */
export type Passed = { status: number; headers: Record<string, string>; body: Buffer };

/**
 * `before` may answer in place of the server, or return another path and query for it. `after` changes what the server
 * answered. `tls`: the proxy ends TLS.
 */
export type Spoiling = {
  before?: (request: IncomingMessage, response: ServerResponse) => string | undefined;
  after?: (answer: Passed, url: string) => Passed;
  tls?: ServerOptions;
};

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void).call(server);
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The origin of a proxy in front of `origin`, until the end of the test. */
export async function spoilingProxy(t: TestContext, origin: string, spoiling: Spoiling): Promise<string> {
  const handle: RequestListener = (request, response) => {
    passed(request, response, origin, spoiling).catch((error: unknown) => response.destroy(error as Error));
  };
  const options = { maxHeaderSize: 256 * 1024 };
  const { tls } = spoiling;
  const server = tls ? createHttps({ ...options, ...tls }, handle) : createHttp(options, handle);
  server.on('tlsClientError', () => {});
  return `${tls ? 'https' : 'http'}://127.0.0.1:${await listening(t, server)}`;
}

async function passed(
  request: IncomingMessage,
  response: ServerResponse,
  origin: string,
  { before = ({ url }) => url, after = (answer) => answer }: Spoiling,
): Promise<void> {
  const path = before(request, response);
  if (path === undefined) return;
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { method = 'GET' } = request;
  const type = request.headers['content-type'];
  const answer = await fetch(origin + path, {
    method,
    headers: type === undefined ? {} : { 'content-type': type },
    ...(method === 'POST' && { body: Buffer.concat(parts) }),
    redirect: 'manual',
  });
  const { status, headers, body } = after(
    {
      status: answer.status,
      headers: { 'content-type': answer.headers.get('content-type') ?? '' },
      body: Buffer.from(await answer.arrayBuffer()),
    },
    path,
  );
  response.writeHead(status, headers).end(body);
}

/** The URL of an HTTP proxy that leads CONNECT to `port`, whatever the name is, or refuses it with `status`. */
export async function forwardProxy(t: TestContext, port: number, status = 200): Promise<string> {
  const server = createHttp();
  const open = new Set<Duplex>();
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} Blocked\r\n\r\n`);
      return;
    }
    const target = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
    open.add(target);
  });
  t.after(() => {
    for (const socket of open) socket.destroy();
  });
  return `http://127.0.0.1:${await listening(t, server)}`;
}
