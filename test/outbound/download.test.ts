/** A file from the network: whole, within its time and size, and from where it was asked for. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { download } from '../../src/outbound/download.ts';

async function at(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  t.after(() => void (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ca.crl`;
}
const BOUNDS = { limit: 1_000, timeoutMs: 2_000 };

test('the octets as they are, up to the limit', async (t) => {
  const octets = Buffer.alloc(1_000, 0xff);
  const url = await at(t, (_, reply) => void reply.end(octets));
  assert.deepEqual(Buffer.from(await download({ url, ...BOUNDS })), octets);
  await assert.rejects(download({ url, ...BOUNDS, limit: 999 }), /answered with more than 999 octets/);
});

test('another status and a redirect are no file', async (t) => {
  for (const status of [404, 302]) {
    const url = await at(t, (_, reply) => void reply.writeHead(status, { location: '/elsewhere' }).end('x'));
    await assert.rejects(download({ url, ...BOUNDS }), new RegExp(`answered with HTTP ${status}$`));
  }
});

test('a server that sends an octet now and then ends at the timeout', async (t) => {
  const url = await at(t, (_, reply) => {
    const timer = setInterval(() => reply.write('x'), 10);
    reply.once('close', () => clearInterval(timer));
  });
  await assert.rejects(download({ url, ...BOUNDS, timeoutMs: 100 }), /gave no answer within 100 ms/);
});

test('a port that nothing listens to: the host and the reason', async () => {
  await assert.rejects(
    download({ url: 'http://127.0.0.1:1/ca.crl', ...BOUNDS }),
    /^Error: 127\.0\.0\.1:1 could not be reached: ECONNREFUSED$/,
  );
});
