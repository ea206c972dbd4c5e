/** The HTTPS client against real servers on loopback: its limits, its errors, its trust. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import { httpsClient, NoReply, type OutboundReply } from '../../src/outbound/https-client.ts';
import { everything, fakeTenant, rejection } from '../intune/fake-tenant.ts';

const never = new AbortController().signal;
/** For tests that would wait for ever if the client did not end the exchange. */
const LIMITED = { timeout: 15_000 };

async function serve(t: TestContext, answer: RequestListener): Promise<{ url: string; host: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `http://${host}/path?secret=1`, host };
}

type Call = { url: string; body?: string; limit?: number; signal?: AbortSignal };

function clientUnderTest(t: TestContext, options: Partial<Parameters<typeof httpsClient>[0]> = {}) {
  const { exchange, close } = httpsClient({ timeoutMs: 20_000, ...options });
  t.after(close);
  return ({ url, body, limit = 1000, signal = never }: Call): Promise<OutboundReply> =>
    exchange({ method: body === undefined ? 'GET' : 'POST', url, headers: { 'x-test': 'yes' }, body, limit }, signal);
}

async function noReply(reply: Promise<unknown>): Promise<NoReply> {
  const error = await rejection(reply);
  assert.ok(error instanceof NoReply, String(error));
  return error;
}

test('a reply comes with its status, its text and one value for each header', async (t) => {
  const { url } = await serve(t, (request, response) => {
    response.writeHead(503, [
      ['X-Twice', 'a'],
      ['X-Twice', 'b'],
    ]);
    response.write(`${request.method} ${request.url} ${String(request.headers['x-test'])} `);
    request.pipe(response);
  });
  const { status, text, headers } = await clientUnderTest(t)({ url, body: 'grüße' });
  assert.deepEqual([status, text, headers['x-twice']], [503, 'POST /path?secret=1 yes grüße', 'a, b']);
});

test('a redirect is a reply and is not followed', async (t) => {
  const paths: (string | undefined)[] = [];
  const { url } = await serve(t, (request, response) => {
    paths.push(request.url);
    response.writeHead(307, { location: '/elsewhere' }).end('moved');
  });
  const { status, text } = await clientUnderTest(t)({ url });
  assert.deepEqual([status, text, paths], [307, 'moved', ['/path?secret=1']]);
});

test('a body as long as the limit is read, one octet more is not', async (t) => {
  const { url, host } = await serve(t, (_request, response) => void response.end('x'.repeat(1000)));
  const get = clientUnderTest(t);
  assert.equal((await get({ url, limit: 1000 })).text.length, 1000);
  const error = await noReply(get({ url, limit: 999 }));
  assert.deepEqual(
    [error.message, error.status, error.retryable],
    [`${host} answered with more than 999 octets`, 200, false],
  );
});

test(
  'a server that does not answer in time: the error names the host and the limit, and a retry may help',
  LIMITED,
  async (t) => {
    const { url, host } = await serve(t, () => undefined);
    const error = await noReply(clientUnderTest(t, { timeoutMs: 20 })({ url }));
    assert.deepEqual([error.message, error.retryable], [`${host} gave no answer within 20 ms`, true]);
  },
);

test('the time limit includes the body', LIMITED, async (t) => {
  const { url } = await serve(t, (_request, response) => void response.write('half'));
  const error = await noReply(clientUnderTest(t, { timeoutMs: 200 })({ url }));
  assert.match(error.message, /within 200 ms$/);
});

test('a caller that aborts gets its own reason', LIMITED, async (t) => {
  const caller = new AbortController();
  const reason = new Error('the device went away');
  const { url } = await serve(t, () => caller.abort(reason));
  assert.equal(await rejection(clientUnderTest(t)({ url, signal: caller.signal })), reason);
});

test('a refused connection: the code of the system, the cause, and no more of the URL than the host', async (t) => {
  const error = await noReply(clientUnderTest(t)({ url: 'http://127.0.0.1:1/path?secret=1' }));
  assert.equal(error.message, '127.0.0.1:1 could not be reached: ECONNREFUSED');
  assert.deepEqual([error.retryable, error.remedy], [true, 'Look at the firewall, or give a `proxy`.']);
  assert.ok(error.cause instanceof Error);
});

test('a proxy that does not run is named, and not the service behind it', async (t) => {
  const ask = clientUnderTest(t, { proxy: 'http://user:hunter2@127.0.0.1:1' });
  const error = await noReply(ask({ url: 'https://service.example/' }));
  assert.equal(error.message, 'service.example could not be reached: ECONNREFUSED at the proxy 127.0.0.1:1');
  assert.deepEqual(
    [error.retryable, error.remedy],
    [true, 'Look at host and port in `proxy`, and whether the proxy runs.'],
  );
  assert.doesNotMatch(everything(error), /hunter2/);
});

test('a private CA is trusted when it is given, and not otherwise', async (t) => {
  const tenant = await fakeTenant();
  t.after(() => tenant.close());
  const url = `${tenant.origin}/`;
  assert.equal((await clientUnderTest(t, { trustCa: tenant.trustCa })({ url })).status, 418);
  const error = await noReply(clientUnderTest(t)({ url }));
  assert.match(error.message, /could not be reached: DEPTH_ZERO_SELF_SIGNED_CERT$/);
  assert.equal(error.retryable, false);
});

test('a proxy that is not an http or https URL is refused, and its password is not repeated', () => {
  assert.throws(
    () => httpsClient({ proxy: 'socks5://user:hunter2@proxy', timeoutMs: 1 }),
    (error) => error instanceof ConfigError && !`${error.message}${error.remedy}`.includes('hunter2'),
  );
});

for (const [status, retryable, remedy] of [
  [407, false, 'Look at the user and the password in `proxy`.'],
  [403, false, 'The proxy must open tunnels (CONNECT) to the host on port 443: look at its rules.'],
  [502, true, 'The proxy must open tunnels (CONNECT) to the host on port 443: look at its rules.'],
] as const)
  test(`a proxy that opens no tunnel and answers HTTP ${status} is named, and its password is not`, async (t) => {
    const proxy = createServer().on('connect', (_request, socket) => void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    t.after(() => proxy.close());
    const { port } = proxy.address() as AddressInfo;
    const ask = clientUnderTest(t, { proxy: `http://user:hunter2@127.0.0.1:${port}` });
    const error = await noReply(ask({ url: 'https://service.example/' }));
    assert.equal(error.message, `service.example could not be reached: the proxy answered HTTP ${status}`);
    assert.deepEqual([error.retryable, error.remedy], [retryable, remedy]);
    assert.doesNotMatch(everything(error), /hunter2/);
  });

for (const scheme of ['http', 'https'])
  test(`an ${scheme} proxy that accepts connections and is silent has no more time than a call`, LIMITED, async (t) => {
    const connections: Socket[] = [];
    const proxy = createTcpServer((socket) => void connections.push(socket)).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    t.after(() => (connections.forEach((socket) => socket.destroy()), proxy.close()));
    const { port } = proxy.address() as AddressInfo;
    const ask = clientUnderTest(t, { proxy: `${scheme}://127.0.0.1:${port}`, timeoutMs: 500 });
    const error = await noReply(ask({ url: 'https://service.example/' }));
    assert.equal(error.message, 'service.example gave no answer within 500 ms');
    assert.equal(error.retryable, true);
    // The connection is not kept for the five minutes of undici either.
    await Promise.all(connections.map(async (socket) => socket.destroyed || once(socket.resume(), 'close')));
  });

test('a proxy that does not speak HTTP is named by what is wrong', async (t) => {
  const proxy = createTcpServer((socket) => void socket.end('SSH-2.0-OpenSSH\r\n')).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => proxy.close());
  const { port } = proxy.address() as AddressInfo;
  const error = await noReply(
    clientUnderTest(t, { proxy: `http://127.0.0.1:${port}` })({ url: 'https://service.example/' }),
  );
  assert.match(error.message, /^service\.example could not be reached: .*HTTP/);
});

for (const proxy of ['http://user:100%hunter2@proxy:1', 'http://%zz:hunter2@proxy:1', 'http://user:7/hunter2@proxy:1'])
  test(`special characters that are not written as a URL wants are refused, and not repeated: ${proxy}`, () => {
    assert.throws(
      () => httpsClient({ proxy, timeoutMs: 1 }),
      (error) =>
        error instanceof ConfigError &&
        /characters that a URL does not allow/.test(error.message) &&
        !everything(error).includes('hunter2'),
    );
  });
