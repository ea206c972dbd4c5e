/** HTTP of old, slow and hostile clients, and a server with bounded memory and a shutdown that cannot hang. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import Fastify from 'fastify';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { endpointUnderTest } from '../kit/endpoint-under-test.ts';
import { policyThat } from '../kit/policy.ts';
import { scepPlugin } from '../../src/http/plugin.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { client, root } from '../kit/pki.ts';
import { keptLog } from '../kit/log.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';
import {
  assertIssued,
  BASE64,
  lab,
  listening,
  MESSAGE,
  only,
  open,
  operation,
  parse,
  PATH,
  raw,
  rest,
  served,
} from './server-under-test.ts';

const get = (target: string, version = '1.1', ...headers: string[]): string =>
  [`GET ${target} HTTP/${version}`, ...headers, '', ''].join('\r\n');
const post = (length: number, ...headers: string[]): string =>
  [`POST ${operation('PKIOperation')} HTTP/1.1`, 'Host: x', `Content-Length: ${length}`, ...headers, '', ''].join(
    '\r\n',
  );
const CLOSE = 'Connection: close';

test('H04 HTTP/1.0 without Host: every operation, with Content-Length, and the connection is closed', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  for (const [name, type] of [
    ['GetCACaps', 'text/plain'],
    ['GetCACert', 'application/x-x509-ca-ra-cert'],
  ] as const) {
    const { status, headers } = only(await raw(port, get(operation(name), '1.0')));
    assert.deepEqual([status, headers.get('content-type'), headers.get('transfer-encoding')], [200, type, undefined]);
  }
  const asked = only(await raw(port, get(operation('PKIOperation', encodeURIComponent(BASE64)), '1.0')));
  assert.equal(asked.status, 200);
  await assertIssued(asked.body);
  const head = `POST ${PATH} HTTP/1.0\r\nContent-Length: ${MESSAGE.length}\r\n\r\n`;
  await assertIssued(only(await raw(port, head, MESSAGE)).body);
});

test('H05 HTTP/1.1 without Host', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  assert.equal(only(await raw(port, get(operation('GetCACaps'), '1.1', CLOSE))).status, 200);
});

test('an absolute request target, as proxies send it', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  const target = `http://scep.example.com${operation('GetCACaps')}`;
  assert.equal(only(await raw(port, get(target, '1.1', 'Host: scep.example.com', CLOSE))).status, 200);
});

test('keep-alive: several requests on one connection, one after the other', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  const socket = await open(port);
  for (const request of [
    get(operation('GetCACaps'), '1.1', 'Host: x'),
    Buffer.concat([Buffer.from(post(MESSAGE.length)), MESSAGE]),
  ]) {
    socket.write(request);
    const [octets] = (await once(socket, 'data')) as [Buffer];
    assert.equal(only(octets.toString('latin1')).status, 200);
  }
  socket.end(get(operation('GetCACert'), '1.1', 'Host: x', CLOSE));
  assert.equal(only(await rest(socket)).status, 200);
});

test('pipelined requests are answered in their order', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  const octets = await raw(
    port,
    Buffer.concat([
      Buffer.from(post(MESSAGE.length)),
      MESSAGE,
      Buffer.from(get(operation('GetCACaps'), '1.1', 'Host: x') + get(operation('GetCACert'), '1.1', 'Host: x', CLOSE)),
    ]),
  );
  const first = parse(octets);
  const second = parse(first.after);
  const types = [first.response, second.response, only(second.after)].map(({ headers }) => headers.get('content-type'));
  assert.deepEqual(types, ['application/x-pki-message', 'text/plain', 'application/x-x509-ca-ra-cert']);
  await assertIssued(first.response.body);
});

test('a connection that holds seventeen requests without an answer is ended: 64 KB can hold fifteen hundred', async (t) => {
  const { app, log } = await served(t, [await lab()]);
  const port = await listening(app);
  let parsed = 0;
  app.server.on('request', () => parsed++);
  const socket = await open(port);
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  socket
    .on('error', () => {})
    .on('close', resolve)
    .resume();
  socket.write(get(operation('GetCACert'), '1.1', 'Host: x').repeat(500));
  await ended;
  // To parse the other 483 would cost 20 ms.
  assert.equal(parsed, 17);
  assert.equal(only(await raw(port, get(operation('GetCACert'), '1.1', 'Host: x', CLOSE))).status, 200);
  const answered = log.lines.filter((line) => line.includes('"scep-request-answered"'));
  assert.ok(answered.length <= 17, String(answered.length));
});

test('sixteen requests at once on one connection are answered, and then sixteen more', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  const socket = await open(port);
  const request = get('/healthz', '1.1', 'Host: x');
  let answered = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answered += text));
  for (const number of [16, 32]) {
    socket.write(request.repeat(16));
    while (answered.split('HTTP/1.1 200 ').length - 1 < number) await once(socket, 'data');
  }
  socket.destroy();
});

test('a client that does not read its answer does not hold the connection for ever', async (t) => {
  const { app } = await served(t, [await lab()]);
  assert.equal(app.server.timeout, 240_000);
});

test('H21 Expect: 100-continue is answered, and the request then served', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  const socket = await open(port);
  socket.write(post(MESSAGE.length, 'Expect: 100-continue', CLOSE));
  const [interim] = (await once(socket, 'data')) as [Buffer];
  assert.match(interim.toString('latin1'), /^HTTP\/1\.1 100 Continue\r\n/);
  socket.write(MESSAGE);
  await assertIssued(only(await rest(socket)).body);
});

const chunked = (...chunks: readonly Uint8Array[]): Buffer =>
  Buffer.concat([
    ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
    Buffer.from('0\r\n\r\n'),
  ]);
const CHUNKED_HEAD = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n${CLOSE}\r\n\r\n`;

test('H21 a chunked POST, in chunks that cut the message anywhere', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  const body = chunked(MESSAGE.subarray(0, 1), MESSAGE.subarray(1, 700), MESSAGE.subarray(700));
  const { status, headers, body: reply } = only(await raw(port, CHUNKED_HEAD, body));
  assert.deepEqual([status, headers.get('transfer-encoding')], [200, undefined]);
  await assertIssued(reply);
});

test('H13 a request line of 64 KB passes, one of 256 KB is refused, and the server lives', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  const padded = (octets: number) => get(`${operation('GetCACaps')}&x=${'y'.repeat(octets)}`, '1.1', 'Host: x', CLOSE);
  assert.equal(only(await raw(port, padded(64 * 1024))).status, 200);
  const socket = await open(port);
  // 431 or a reset, as the rest of the line is still on its way when the server hangs up.
  const ended = new Promise((resolve) => socket.once('close', resolve).on('error', resolve).resume());
  socket.write(padded(256 * 1024));
  await ended;
  assert.equal(only(await raw(port, padded(10))).status, 200);
});

const MIB = 1024 * 1024;

test('H14 a POST of 3 MiB is 413 before it is read, on length alone', async (t) => {
  const { app, log } = await served(t, [await lab()]);
  const port = await listening(app);
  const socket = await open(port);
  socket.write(post(3 * MIB));
  const [octets] = (await once(socket, 'data')) as [Buffer];
  const { status, headers, body } = only(octets.toString('latin1'));
  assert.deepEqual([status, headers.get('content-type'), body.toString()], [413, 'text/plain', 'too large']);
  assert.match(log.lines[0]!, /message_too_large/);
  socket.destroy();
});

test('H14 a client that sends all of its 3 MiB still reads the 413, and the connection serves on', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  const octets = await raw(port, post(3 * MIB), Buffer.alloc(3 * MIB, 0x30), get(operation('GetCACaps'), '1.1', CLOSE));
  const { response, after } = parse(octets);
  assert.equal(response.status, 413);
  assert.equal(only(after).status, 200);
});

test('H14 a chunked POST of 3 MiB is 413 as soon as it has passed the limit', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  const chunk = Buffer.alloc(64 * 1024, 0x30);
  const octets = await raw(port, CHUNKED_HEAD, chunked(...Array.from({ length: 48 }, () => chunk)));
  assert.equal(only(octets).status, 413);

  // The same without an end: who keeps the whole body before he looks at it never answers.
  const socket = await open(port);
  socket.write(CHUNKED_HEAD);
  socket.write(chunked(...Array.from({ length: 48 }, () => chunk)).subarray(0, -'0\r\n\r\n'.length));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.equal(only(answer.toString('latin1')).status, 413);
  socket.destroy();
});

test('H14 what a chunked POST has beyond the limit is dropped, and the connection serves on', async (t) => {
  const port = await listening((await served(t, [await lab()])).app);
  const head = `POST ${operation('PKIOperation')} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const chunks = chunked(...Array.from({ length: 96 }, () => Buffer.alloc(64 * 1024, 0x30)));
  const octets = await raw(port, head, chunks, get(operation('GetCACaps'), '1.1', CLOSE));
  const { response, after } = parse(octets);
  assert.equal(response.status, 413);
  assert.equal(only(after).status, 200);
});

test('a body of exactly the limit is read; one octet more is not', async (t) => {
  const { app } = await served(t, [await lab()], { bodyLimit: MESSAGE.length + 7 });
  const padded = (octets: number) =>
    ({ method: 'POST', url: PATH, payload: Buffer.concat([MESSAGE, Buffer.alloc(octets)]) }) as const;
  assert.equal((await app.inject(padded(7))).statusCode, 200);
  assert.equal((await app.inject(padded(8))).statusCode, 413);
});

/** An endpoint whose policy waits until the test releases it; `asked(n)` resolves when n requests wait. */
async function waiting() {
  const { promise: gate, resolve: goOn } = Promise.withResolvers<void>();
  const arrivals: (() => void)[] = [];
  const policy = policyThat(async () => {
    for (const arrived of arrivals) arrived();
    await gate;
    return { kind: 'allow', notify: 'none' };
  });
  const asked = async (count: number): Promise<void> => {
    while (policy.asked.length < count) await new Promise<void>((resolve) => arrivals.push(resolve));
  };
  return { under: await endpointUnderTest(policy), goOn, asked };
}

/** Messages with different requests, so that none is a repeat of another. */
const messages = (count: number): Promise<Uint8Array[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const plan = { ...REQUEST_PLAN, subject: nameFromText(`CN=busy-${n}`) };
      return requestMessage({ content: await writeCertificationRequest(plan, client.key) });
    }),
  );

const injected = (payload: Uint8Array) => ({ method: 'POST', url: PATH, payload: Buffer.from(payload) }) as const;

test('overload: a request above the limit is refused at once with Retry-After; the running ones are finished', async (t) => {
  const { under, goOn, asked } = await waiting();
  const { app } = await served(t, [under], { mostRunning: 2 });
  const [one, two, three] = (await messages(3)).map(injected);
  const running = [one, two].map((request) => app.inject(request!));
  await asked(2);
  const refused = await app.inject(three!);
  assert.deepEqual([refused.statusCode, refused.headers['retry-after'], refused.body], [503, '5', 'busy']);
  assert.equal(refused.headers['content-type'], 'text/plain');
  assert.equal((await app.inject('/healthz')).statusCode, 200);
  goOn();
  assert.deepEqual(
    (await Promise.all(running)).map(({ statusCode }) => statusCode),
    [200, 200],
  );
  assert.equal((await app.inject(three!)).statusCode, 200);
});

test('overload: a request whose client went away counts until its work ends, and then no more', async (t) => {
  const { under, goOn, asked } = await waiting();
  const { app, log } = await served(t, [under], { mostRunning: 1 });
  const port = await listening(app);
  const [one, two] = await messages(2);
  const socket = await open(port);
  socket.write(Buffer.concat([Buffer.from(post(one!.length)), one!]));
  await asked(1);
  socket.destroy();
  assert.equal((await app.inject(injected(two!))).statusCode, 503);
  const logged = log.next();
  goOn();
  assert.match(await logged, /"outcome":"issued"/);
  assert.equal((await app.inject(injected(two!))).statusCode, 200);
});

test('a client that goes away in the middle of its body is no failure of the server', async (t) => {
  const { app, log } = await served(t, [await lab()]);
  const port = await listening(app);
  const socket = await open(port);
  socket.write(Buffer.concat([Buffer.from(post(MESSAGE.length, 'Expect: 100-continue')), MESSAGE.subarray(0, 100)]));
  await once(socket, 'data');
  const logged = log.next();
  socket.destroy();
  const { level, code } = JSON.parse(await logged) as { level: number; code: string };
  assert.deepEqual([level, code], [30, 'message_undecodable']);
  await assertIssued((await app.inject(injected(MESSAGE))).rawPayload);
});

test('bodies of many slow senders do not pile up: a long one gets 503, devices are served meanwhile', async (t) => {
  const { app } = await served(t, [await lab()], { mostBuffered: 3 * MIB, bodyLimit: 2 * MIB });
  const port = await listening(app);
  const senders = await Promise.all(Array.from({ length: 4 }, () => open(port)));
  // All but the last octet: each would be kept until that one comes.
  const replies = senders.map((socket) => once(socket, 'data'));
  for (const socket of senders) socket.write(Buffer.concat([Buffer.from(post(MIB)), Buffer.alloc(MIB - 1, 0x30)]));
  const [refusal] = (await Promise.race(replies)) as [Buffer];
  const { status, headers } = only(refusal.toString('latin1'));
  assert.deepEqual([status, headers.get('retry-after')], [503, '5']);
  await assertIssued((await app.inject(injected(MESSAGE))).rawPayload);
  for (const socket of senders) socket.destroy();
});

test('a store that fails is 503 with Retry-After, as plain text, and an error in the log', async (t) => {
  const under = await endpointUnderTest(policyThat(() => Promise.reject(new Error('secret host db.internal'))));
  const { app, log } = await served(t, [under]);
  const { statusCode, headers, body } = await app.inject(injected(MESSAGE));
  assert.deepEqual([statusCode, body, headers['content-type']], [503, 'unavailable', 'text/plain']);
  assert.equal(headers['retry-after'], '5');
  assert.match(log.lines[0]!, /"level":50.*db\.internal/);
});

const ipOf = (line: string): unknown => (JSON.parse(line) as { ip: unknown }).ip;

test('trustProxy: the address that a trusted proxy names is logged, and that of no other client', async (t) => {
  for (const [trustProxy, expected] of [
    [['127.0.0.0/8'], '203.0.113.7'],
    [['10.0.0.0/8'], '127.0.0.1'],
    [undefined, '127.0.0.1'],
  ] as const) {
    const { app, log } = await served(t, [await lab()], trustProxy && { trustProxy });
    await app.inject({ url: operation('GetCACaps'), headers: { 'x-forwarded-for': '203.0.113.7' } });
    assert.equal(ipOf(log.lines[0]!), expected);
  }
});

test('X-Forwarded-For: port, brackets and rubbish are taken off before the proxies are recognized', async (t) => {
  const { app, log } = await served(t, [await lab()], { trustProxy: ['loopback'] });
  for (const [header, expected] of [
    ['203.0.113.7:51008', '203.0.113.7'],
    ['[2001:db8::17]:47011', '2001:db8::17'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['198.51.100.1, 203.0.113.9:1, 127.0.0.1:2', '203.0.113.9'],
    ['203.0.113.9, <script>', '127.0.0.1'],
    ['unknown', '127.0.0.1'],
  ] as const) {
    await app.inject({ url: operation('GetCACaps'), headers: { 'x-forwarded-for': header } });
    assert.equal(ipOf(log.lines.at(-1)!), expected, header);
  }
});

test('a body whose last octet never comes: 408 and the end of the connection, also where the app has no timeout', async (t) => {
  const { service, clock } = await lab();
  const app = Fastify();
  t.after(() => app.close());
  const pace = { ms: 50, octets: 1, times: 3 };
  await app.register(scepPlugin, { services: [service], emit: keptLog().emit, clock, pace });
  const port = await listening(app);
  const { status, headers } = only(await raw(port, post(MESSAGE.length), MESSAGE.subarray(1)));
  assert.deepEqual([status, headers.get('connection')], [408, 'close']);
});

test('connections that hold back the last octet of a body lose their places when others need them: 408, the oldest first', async (t) => {
  const { app } = await served(t, [await lab()], { coming: { most: 8, young: 100 } });
  const port = await listening(app);
  const senders = await Promise.all(Array.from({ length: 8 }, () => open(port)));
  for (const socket of senders) {
    socket.write(Buffer.concat([Buffer.from(post(MESSAGE.length, 'Expect: 100-continue')), MESSAGE.subarray(1)]));
    await once(socket, 'data');
  }
  const [oldest, ...others] = senders;
  await new Promise((resolve) => setTimeout(resolve, 200));
  const closed = rest(oldest!);
  // Its head comes first, so that it needs a place.
  const device = await open(port);
  device.write(post(MESSAGE.length, CLOSE));
  assert.deepEqual([only(await closed).status, others.filter(({ readyState }) => readyState !== 'open')], [408, []]);
  device.write(MESSAGE);
  await assertIssued(only(await rest(device)).body);
  for (const socket of others) socket.destroy();
});

test('one address that holds back the last octets of many bodies keeps no other from enrolling', async (t) => {
  const { app } = await served(t, [await lab()], { mostBuffered: MIB, trustProxy: ['127.0.0.0/8'] });
  const port = await listening(app);
  const from = (address: string): string => `X-Forwarded-For: ${address}`;
  const senders = await Promise.all(Array.from({ length: 20 }, () => open(port)));
  const refused = Promise.race(senders.map((socket) => once(socket, 'data')));
  for (const socket of senders)
    socket.write(Buffer.concat([Buffer.from(post(65_536, from('203.0.113.1'))), Buffer.alloc(65_535, 0x30)]));
  assert.equal(only(((await refused) as [Buffer])[0].toString('latin1')).status, 503);
  await assertIssued(
    (await app.inject({ ...injected(MESSAGE), headers: { 'x-forwarded-for': '203.0.113.2' } })).rawPayload,
  );
  for (const socket of senders) socket.destroy();
});

test('beyond so many connections those without a request are closed, and the new one is served', async (t) => {
  const { app } = await served(t, [await lab()], { mostSockets: 3 });
  const port = await listening(app);
  const idle = await Promise.all([1, 2, 3].map(() => open(port)));
  for (const socket of idle) {
    socket.write(get('/healthz', '1.1', 'Host: x'));
    await once(socket, 'data');
  }
  const closed = Promise.all(idle.map((socket) => once(socket.resume(), 'close')));
  assert.equal(only(await raw(port, get('/healthz', '1.1', 'Host: x', CLOSE))).status, 200);
  await closed;
});

test('an idle connection lives ten seconds', async (t) => {
  const { app } = await served(t, [await lab()]);
  const { response } = parse(await firstOf(await listening(app), get('/healthz', '1.1', 'Host: x')));
  assert.equal(response.headers.get('keep-alive'), 'timeout=10');
});

/** What comes first on a connection that is then closed. */
async function firstOf(port: number, request: string): Promise<string> {
  const socket = await open(port);
  socket.write(request);
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return data.toString('latin1');
}

test('readyz: 200 while every probe holds, 503 when one fails; names and reasons are in the log and not on the wire', async (t) => {
  let fails = false;
  let checks = 0;
  const check = () => (checks++, fails ? Promise.reject(new Error('db.internal refused')) : Promise.resolve());
  const probes = [
    { name: 'store', check },
    { name: 'intune corp', check: () => Promise.resolve() },
  ];
  const { app, log } = await served(t, [await lab()], { probes });
  const well = await app.inject('/readyz');
  assert.deepEqual([well.statusCode, well.json()], [200, { status: 'ok' }]);
  for (let n = 0; n < 20; n++) await app.inject('/readyz');
  assert.equal(checks, 1, 'an unauthenticated client makes it check once a second at most');
  fails = true;
  await pause(1_050);
  const ill = await app.inject('/readyz');
  assert.deepEqual([ill.statusCode, ill.json()], [503, { status: 'failed' }]);
  assert.match(log.lines.join(''), /db\.internal refused/);
  assert.equal((await app.inject('/healthz')).statusCode, 200);
  fails = false;
  await pause(1_050);
  assert.equal((await app.inject('/readyz')).statusCode, 200);
});

// A grace that no test outlasts: what holds close() up makes the test hang until the runner stops it.
const NEVER = 2 ** 31 - 1;

test('shutdown: a running request is finished on its kept-alive connection, and then close() is done', async (t) => {
  const { under, goOn, asked } = await waiting();
  const { app } = await served(t, [under], { grace: NEVER });
  const port = await listening(app);
  const socket = await open(port);
  socket.write(Buffer.concat([Buffer.from(post(MESSAGE.length)), MESSAGE]));
  const answer = rest(socket);
  await asked(1);
  const closed = app.close();
  goOn();
  const { status, headers, body } = only(await answer);
  assert.deepEqual([status, headers.get('connection')], [200, 'close']);
  await assertIssued(body);
  await closed;
});

test('shutdown: a kept-alive connection without a request is closed at once', async (t) => {
  const { app } = await served(t, [await lab()], { grace: NEVER });
  const socket = await open(await listening(app));
  socket.write(get(operation('GetCACaps'), '1.1', 'Host: x'));
  await once(socket, 'data');
  const ended = rest(socket);
  await app.close();
  assert.equal(await ended, '');
});

const gone = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.once('close', resolve).on('error', resolve).resume());

const TLS = { certificate: certificatePem(root.certificate), key: privateKeyPem(root.key.privateKey) };

test('shutdown: over TLS, sockets before, in and after their handshake are closed at once without a request', async (t) => {
  const { app } = await served(t, [await lab()], { grace: NEVER, tls: TLS });
  const port = await listening(app);
  const [silent, halting] = [await open(port), await open(port)];
  halting.write(Buffer.from('16030100f5010000f1', 'hex'));
  const secured = connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(secured, 'secureConnect');
  const ends = [silent, halting, secured].map(gone);
  await app.close();
  await Promise.all(ends);
});

test('shutdown: over TLS, a running request is finished', async (t) => {
  const { under, goOn, asked } = await waiting();
  const { app } = await served(t, [under], { grace: NEVER, tls: TLS });
  const socket = connectSecurely({ port: await listening(app), host: '127.0.0.1', rejectUnauthorized: false });
  socket.write(Buffer.concat([Buffer.from(post(MESSAGE.length)), MESSAGE]));
  const answer = rest(socket);
  await asked(1);
  const closed = app.close();
  await pause(300);
  goOn();
  await assertIssued(only(await answer).body);
  await closed;
});

test('shutdown: a socket that never spoke, and one that sent half a head, are closed at once', async (t) => {
  const { app } = await served(t, [await lab()], { grace: NEVER });
  const port = await listening(app);
  const [silent, halting] = [await open(port), await open(port)];
  halting.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
  await pause(50);
  const ends = [silent, halting].map(gone);
  await app.close();
  await Promise.all(ends);
});

test('shutdown: a request that stopped in the middle of its body does not outlive the grace', async (t) => {
  const { app } = await served(t, [await lab()], { grace: 20 });
  const halting = await open(await listening(app));
  halting.write(post(MESSAGE.length, 'Expect: 100-continue'));
  await once(halting, 'data');
  const end = gone(halting);
  await app.close();
  await end;
});

test('stopping: readyz is 503 at once, and new requests are answered on connections that end', async (t) => {
  const stop = new AbortController();
  const { app } = await served(t, [await lab()], { stopping: stop.signal });
  const port = await listening(app);
  const [ready, answered] = [await open(port), await open(port)];
  ready.write(get('/readyz', '1.1', 'Host: x'));
  const [well] = (await once(ready, 'data')) as [Buffer];
  assert.match(String(well), /^HTTP\/1\.1 200 [^]*Connection: keep-alive/i);
  stop.abort();
  ready.write(get('/readyz', '1.1', 'Host: x'));
  const ill = only(await rest(ready));
  assert.deepEqual(
    [ill.status, String(ill.body), ill.headers.get('connection')],
    [503, '{"status":"stopping"}', 'close'],
  );
  answered.write(Buffer.concat([Buffer.from(post(MESSAGE.length)), MESSAGE]));
  const { status, headers, body } = only(await rest(answered));
  assert.deepEqual([status, headers.get('connection')], [200, 'close']);
  await assertIssued(body);
});
