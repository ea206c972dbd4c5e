/** The requests of an old configuration: it is closed after them, and at some time without them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import Fastify from 'fastify';
import { passRequests } from '../../src/app/listeners.ts';
import type { Settings } from '../../src/app/settings.ts';

test('an answer that its client never reads is given up', async (t) => {
  const server = Fastify();
  server.get('/', async () => Buffer.alloc(64 * 1024 * 1024));
  await server.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => server.close());
  const { ended } = passRequests(
    { devices: [server] },
    { server, settings: { tls: [undefined] } as unknown as Settings },
  );
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(server.server, 'request');
  let isOver = false;
  const givenUp = new AbortController();
  const over = ended(givenUp.signal).then(() => (isOver = true));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(isOver, false);
  givenUp.abort();
  await over;
});
