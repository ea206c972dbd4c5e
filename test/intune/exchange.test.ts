/** The way to the network: a proxy of its own, refused connections, names that do not exist. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, test } from 'node:test';
import { IntuneUnreachable } from '../../src/intune/errors.ts';
import { type FakeTenant, fakeTenant, rejection } from './fake-tenant.ts';

const request = { transactionId: 'T', csr: Buffer.from('csr') };
const never = new AbortController().signal;
let tenant: FakeTenant;
before(async () => {
  tenant = await fakeTenant();
});
after(() => tenant.close());

test('everything goes through the proxy, with its credentials', async () => {
  const seen: { target: string | undefined; authorization: string | undefined }[] = [];
  const proxy = createServer();
  proxy.on('connect', (incoming, socket, head) => {
    seen.push({ target: incoming.url, authorization: incoming.headers['proxy-authorization'] });
    const upstream = connect(tenant.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    // Both ends go when the client closes its connections; that is the end of the test and no fault.
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const client = tenant.client({ proxy: `http://user:pass@127.0.0.1:${port}` });
  assert.equal((await client.validateRequest(request, never)).code, 'Success');
  await client.close();
  proxy.close();
  assert.ok(seen.length >= 1);
  for (const { target, authorization } of seen) {
    assert.equal(target, `127.0.0.1:${tenant.port}`);
    assert.equal(authorization, `Basic ${Buffer.from('user:pass').toString('base64')}`);
  }
});

test('a refused connection is named, with the host and the way out', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const origin = `https://127.0.0.1:${port}`;
  const client = tenant.client({ cloud: { login: origin, graph: origin, intune: origin } });
  const error = await rejection(client.validateRequest(request, never));
  assert.ok(error instanceof IntuneUnreachable);
  assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port} could not be reached: ECONNREFUSED`));
  assert.match(error.remedy, /proxy/);
});
