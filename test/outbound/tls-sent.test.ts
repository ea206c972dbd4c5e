/** What is sent over a connection of its own counts as read only when the other side has read it to the end. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { sendOverTls } from '../../src/outbound/tls-sent.ts';
import { newAuthority, serverCredential } from '../../src/simulator/throwaway-ca.ts';

const authority = await newAuthority(systemClock(), systemRandom);
const { key, certificate: cert } = await serverCredential(authority, systemClock(), systemRandom);

/** Sends to a server that does this with each connection. */
async function sentTo(t: TestContext, serve: (socket: TLSSocket) => void, options: object = {}): Promise<void> {
  const server = createServer({ key, cert, allowHalfOpen: true, ...options }, (socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const place = { host: '127.0.0.1', port, trust: [authority.certificate], timeout: 1_000 };
  await sendOverTls(place, Buffer.from('audit'));
}

test('what was read to the end has been sent', async (t) => {
  let got = '';
  await sentTo(t, (socket) => {
    socket.on('data', (chunk: Buffer) => void (got += chunk.toString()));
    socket.on('end', () => socket.end());
  });
  assert.equal(got, 'audit');
});

test('a receiver that wants a certificate that the client does not have has read nothing', async (t) => {
  const asking = { requestCert: true, ca: [authority.certificate] };
  await assert.rejects(
    sentTo(t, () => assert.fail('connected'), asking),
    /^Error: 127\.0\.0\.1:\d+: /,
  );
});

for (const [title, options] of Object.entries({ 'TLS 1.3': {}, 'TLS 1.2': { maxVersion: 'TLSv1.2' } }))
  test(`a receiver that closes at once has read nothing: ${title}`, async (t) => {
    await assert.rejects(
      sentTo(t, (socket) => socket.destroy(), options),
      /^Error: 127\.0\.0\.1:\d+: /,
    );
  });

test('a receiver that never closes is given up', async (t) => {
  await assert.rejects(
    sentTo(t, (socket) => socket.resume()),
    /not read within 1000 ms/,
  );
});
