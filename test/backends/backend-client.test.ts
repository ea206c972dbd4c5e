/** The HTTPS client of a CA against a real server: whom it trusts, what it sends twice, and what it makes of each fault. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import type { BackendCall } from '../../src/backends/backend-call.ts';
import { type BackendAddress, backendClient, type BackendServices } from '../../src/backends/backend-client.ts';
import { refusedReply } from '../../src/backends/said.ts';
import { ConfigError, IssuerError } from '../../src/core/errors.ts';
import { handClock } from '../kit/clock.ts';
import { until } from '../kit/until.ts';
import { type Got, json, serveCa, testCa } from './https-ca.ts';

const never = new AbortController().signal;
const SECRET = 'token-that-must-not-be-told-7f3a';
const own = await testCa();
const foreign = await testCa('CN=Another CA');
const server = await own.issue('CN=server', ['dns:localhost']);

const ISSUE: BackendCall = {
  method: 'POST',
  path: '/sign?a=b',
  headers: { authorization: `Bearer ${SECRET}` },
  json: { csr: 'the request' },
  idempotent: false,
  secrets: [SECRET],
};
const ASK: BackendCall = { method: 'GET', path: '/find', idempotent: true, secrets: [SECRET] };

type Answer = (got: Got, response: ServerResponse) => void;

/** A client of a server that answers so; no pause is waited for, and each is in `pauses`. */
async function under(
  t: TestContext,
  answer: Answer,
  address: Partial<BackendAddress> = {},
  services: Partial<BackendServices> = {},
) {
  const served = await serveCa(t, server, answer);
  const clock = handClock();
  const pauses: number[] = [];
  const pause = async (ms: number): Promise<void> => (pauses.push(ms), clock.forward(ms));
  const client = backendClient(
    { name: 'test-ca', url: served.url, ca: own.ca, ...address },
    { clock, pause, ...services },
  );
  t.after(client.close);
  return { ...served, client, pauses, clock };
}

async function fault(call: Promise<unknown>): Promise<IssuerError> {
  const error = await call.then(
    () => assert.fail('it did not fail'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof IssuerError, inspect(error));
  assert.doesNotMatch(inspect(error, { depth: 10 }), new RegExp(SECRET));
  return error;
}

/** Answers with these statuses one after the other, and with 200 after the last. */
const statuses = (...list: [status: number, headers?: Record<string, string>][]): Answer => {
  const left = [...list];
  return (_got, response) => {
    const [status, headers] = left.shift() ?? [200];
    json(response, status === 200 ? { ok: true } : { message: `no ${SECRET}` }, status, headers);
  };
};

test('method, path, headers and JSON arrive, and the JSON object of the reply comes back', async (t) => {
  const { client, got } = await under(t, (_got, response) => json(response, { crt: 'PEM' }, 201));
  const reply = await client.call({ ...ISSUE, method: 'PUT' }, never);
  assert.deepEqual([reply.status, reply.json], [201, { crt: 'PEM' }]);
  const [{ method, path, headers, body } = assert.fail()] = got;
  assert.deepEqual([method, path, body], ['PUT', '/sign?a=b', '{"csr":"the request"}']);
  assert.deepEqual(
    [headers['content-type'], headers.accept, headers.authorization],
    ['application/json', 'application/json', `Bearer ${SECRET}`],
  );
});

test('octets are sent as they are, and a reply of the type that was asked for comes as octets', async (t) => {
  const { client, got } = await under(t, (_got, response) => {
    response.writeHead(200, { 'content-type': 'Application/PKIX-Cert; q=1' }).end(Buffer.of(0x30, 0xff, 0));
  });
  const body = Buffer.from('<soap/>');
  const headers = { 'content-type': 'text/xml' };
  const call: BackendCall = {
    method: 'POST',
    path: '/',
    headers,
    body,
    accepts: 'application/pkix-cert',
    idempotent: false,
  };
  assert.deepEqual([...(await client.call(call, never)).octets], [0x30, 0xff, 0]);
  assert.deepEqual([got[0]?.body, got[0]?.headers['content-type']], ['<soap/>', 'text/xml']);
});

test('a server of a CA that is not the configured one gets nothing', async (t) => {
  const { client, got } = await under(t, statuses(), { ca: foreign.ca });
  const error = await fault(client.call(ISSUE, never));
  assert.equal(error.code, 'unavailable');
  assert.match(error.adminText, /^test-ca \(localhost:\d+\): localhost:\d+ could not be reached: .*(CERT|SIGNATURE)/);
  assert.deepEqual(got, []);
});

test('where a CA is configured the public ones are not trusted, and without it ours is not', async (t) => {
  const { client, got } = await under(t, statuses(), { ca: undefined });
  assert.equal((await fault(client.call(ISSUE, never))).code, 'unavailable');
  assert.deepEqual(got, []);
});

test('a server whose certificate has another name gets nothing', async (t) => {
  const { url, got } = await serveCa(t, await own.issue('CN=other', ['dns:other.example']), statuses());
  const client = backendClient({ name: 'test-ca', url, ca: own.ca }, { clock: handClock() });
  t.after(client.close);
  const error = await fault(client.call(ISSUE, never));
  assert.equal(error.code, 'unavailable');
  assert.match(error.adminText, /ERR_TLS_CERT_ALTNAME_INVALID/);
  assert.deepEqual(got, []);
});

test('without a client certificate, and with one of another CA, a server that wants one reads nothing', async (t) => {
  const { url, got } = await serveCa(t, server, statuses(), own.ca);
  const stranger = await foreign.issue('CN=stranger');
  for (const identity of [undefined, () => stranger]) {
    const client = backendClient({ name: 'test-ca', url, ca: own.ca, identity }, { clock: handClock() });
    t.after(client.close);
    // Node.js ends such a connection after the handshake without an alert, so that the client cannot know.
    assert.equal((await fault(client.call(ISSUE, never))).code, 'unknown-outcome');
  }
  assert.deepEqual(got, []);
});

/** Alerts of RFC 8446 6.2 about the certificate of a client. */
for (const [number, name] of [
  [42, 'bad_certificate'],
  [43, 'unsupported_certificate'],
  [44, 'certificate_revoked'],
  [45, 'certificate_expired'],
  [46, 'certificate_unknown'],
  [48, 'unknown_ca'],
  [49, 'access_denied'],
  [116, 'certificate_required'],
] as const)
  test(`a server that ends the handshake with ${name}: our credentials are refused, and no octet of the order is sent`, async (t) => {
    const octets: Buffer[] = [];
    const refusing = createServer((socket) => {
      socket.on('error', () => undefined).on('data', (part: Buffer) => void octets.push(part));
      socket.once('data', () => socket.end(Buffer.of(21, 3, 3, 0, 2, 2, number)));
    });
    await once(refusing.listen(0, '127.0.0.1'), 'listening');
    t.after(() => refusing.close());
    const { port } = refusing.address() as AddressInfo;
    const client = backendClient({ name: 'test-ca', url: `https://127.0.0.1:${port}` }, { clock: handClock() });
    t.after(client.close);
    const error = await fault(client.call(ISSUE, never));
    assert.deepEqual([error.code, error.retryable], ['unauthorised', true]);
    assert.match(error.adminText, /wants a client certificate that it knows/);
    // 22 is a record of the handshake: only the ClientHello came.
    assert.equal(octets[0]?.[0], 22);
  });

test('the client certificate is presented, and a new one as soon as there is one', async (t) => {
  const { url, got } = await serveCa(t, server, statuses(), own.ca);
  let identity = await own.issue('CN=first');
  const client = backendClient({ name: 'test-ca', url, ca: own.ca, identity: () => identity }, { clock: handClock() });
  t.after(client.close);
  await client.call(ISSUE, never);
  identity = await own.issue('CN=second');
  await client.call(ISSUE, never);
  assert.deepEqual(
    got.map(({ client }) => client),
    ['first', 'second'],
  );
});

for (const [what, answer] of [
  ['before an answer', (_got, response) => void response.socket?.destroy()],
  [
    'in the middle of an answer',
    (_got, response) => (
      response.writeHead(200, { 'content-length': '9' }), response.write('{', () => response.socket?.destroy())
    ),
  ],
] as [string, Answer][])
  test(`a connection that ends ${what}: the outcome is unknown, and the order is sent once`, async (t) => {
    const { client, got } = await under(t, answer);
    const error = await fault(client.call(ISSUE, never));
    assert.deepEqual([error.code, error.retryable, got.length], ['unknown-outcome', true, 1]);
  });

test('a connection that ends before an answer: an idempotent call is made again', async (t) => {
  let number = 0;
  const { client, got, pauses } = await under(t, (_got, response) =>
    number++ === 0 ? void response.socket?.destroy() : json(response, { found: 1 }),
  );
  assert.deepEqual((await client.call({ ...ISSUE, idempotent: true }, never)).json, { found: 1 });
  assert.deepEqual([got.length, pauses], [2, [500]]);
});

test('no answer in time: the outcome of an order is unknown', { timeout: 20_000 }, async (t) => {
  const { client } = await under(t, () => undefined, {}, { times: { totalMs: 1_000 } });
  const error = await fault(client.call(ISSUE, never));
  assert.equal(error.code, 'unknown-outcome');
  assert.match(error.adminText, /gave no answer within 1000 ms/);
});

test('a refused connection is tried again also for an order, because nothing was sent; then the CA is unavailable', async (t) => {
  const { client, pauses } = await under(t, statuses(), { url: 'https://127.0.0.1:1' });
  const error = await fault(client.call(ISSUE, never));
  assert.deepEqual([error.code, error.retryable, pauses], ['unavailable', true, [500, 1000]]);
  assert.match(error.adminText, /^test-ca \(127\.0\.0\.1:1\): 127\.0\.0\.1:1 could not be reached: ECONNREFUSED\./);
});

test('an idempotent call waits exactly as long as 429 and 503 say, and 500 ms and 1 s where they do not', async (t) => {
  const asked = await under(t, statuses([429, { 'retry-after': '7' }], [503, { 'retry-after': '2.128' }]));
  assert.equal((await asked.client.call(ASK, never)).status, 200);
  assert.deepEqual(asked.pauses, [7000, 2128]);
  const silent = await under(t, statuses([502], [504]));
  assert.equal((await silent.client.call(ASK, never)).status, 200);
  assert.deepEqual(silent.pauses, [500, 1000]);
});

test('a Retry-After that is longer than the call may take ends it, and is passed on', async (t) => {
  const { client, pauses, got } = await under(t, statuses([429, { 'retry-after': '120' }]));
  const error = await fault(client.call(ASK, never));
  assert.deepEqual([error.code, error.retryAfter, pauses, got.length], ['throttled', 120, [], 1]);
});

for (const [status, code] of [
  [429, 'throttled'],
  [502, 'unknown-outcome'],
  [503, 'unavailable'],
  [504, 'unknown-outcome'],
] as const)
  test(`an order that is answered with ${status} is ${code}, and is not sent again`, async (t) => {
    const { client, got } = await under(t, statuses([status, { 'retry-after': '3' }]));
    const error = await fault(client.call(ISSUE, never));
    assert.deepEqual([error.code, error.retryable, error.retryAfter, got.length], [code, true, 3, 1]);
    assert.match(error.adminText, new RegExp(`HTTP ${status}, no \\[withheld\\]$`));
  });

test('an order is sent again after a status with which this CA says that it did nothing, and after no other', async (t) => {
  const { client, got } = await under(t, statuses([503], [200], [504]));
  const order: BackendCall = { ...ISSUE, undone: [503] };
  assert.equal((await client.call(order, never)).status, 200);
  assert.equal(got.length, 2);
  assert.equal((await fault(client.call(order, never))).code, 'unknown-outcome');
  assert.equal(got.length, 3);
});

test('three attempts are the most', async (t) => {
  const { client, got } = await under(t, statuses([503], [503], [503]));
  assert.equal((await fault(client.call(ASK, never))).code, 'unavailable');
  assert.equal(got.length, 3);
});

test('the breaker opens after failed calls, sends nothing while it is open, and closes after a call that succeeds', async (t) => {
  const { client, got } = await under(
    t,
    statuses([503], [503]),
    {},
    { times: { breakAfter: 2, breakMs: 1_500, retries: 0 } },
  );
  await fault(client.call(ISSUE, never));
  await fault(client.call(ISSUE, never));
  const open = await fault(client.call(ISSUE, never));
  assert.deepEqual([open.code, open.retryable, open.retryAfter, got.length], ['unavailable', true, 2, 2]);
  assert.match(open.adminText, /: not called, because the last calls failed\. test-ca .*HTTP 503/);
  const reply = await until(
    () => client.call(ISSUE, never).catch(() => false as const),
    'the breaker lets a call through',
  );
  assert.equal(reply.status, 200);
  assert.equal((await client.call(ISSUE, never)).status, 200);
});

test('refused orders do not open the breaker', async (t) => {
  const { client, got } = await under(t, statuses([422], [422], [429], [422]), {}, { times: { breakAfter: 1 } });
  await client.call(ISSUE, never);
  await client.call(ISSUE, never);
  await fault(client.call(ISSUE, never));
  await client.call(ISSUE, never);
  assert.equal(got.length, 4);
});

test('a redirect is not followed, and neither the token nor the client certificate goes on', async (t) => {
  const { client, got } = await under(
    t,
    (_got, response) => void response.writeHead(307, { location: '/elsewhere' }).end(),
  );
  const error = await fault(client.call(ISSUE, never));
  assert.deepEqual([error.code, error.retryable], ['misconfigured', false]);
  assert.match(error.adminText, /redirect \(HTTP 307\), which is never followed/);
  assert.deepEqual(
    got.map(({ path }) => path),
    ['/sign?a=b'],
  );
});

for (const [what, answer, code, text] of [
  [
    '2 MiB',
    (_got, response) => json(response, { crt: 'x'.repeat(2 ** 21) }),
    'unknown-outcome',
    /more than 1048576 octets/,
  ],
  [
    'HTML',
    (_got, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello'),
    'misconfigured',
    /text\/html in place of application\/json/,
  ],
  ['no type', (_got, response) => void response.writeHead(200).end('{}'), 'misconfigured', /no readable type/],
  [
    'truncated JSON',
    (_got, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"crt":"x'),
    'unknown-outcome',
    /no whole JSON object/,
  ],
  ['a JSON array', (_got, response) => json(response, []), 'unknown-outcome', /no whole JSON object/],
  [
    'JSON with a key twice',
    (_got, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"crt":"a","crt":"b"}'),
    'unknown-outcome',
    /no whole JSON object/,
  ],
] as [string, Answer, string, RegExp][])
  test(`an order that is answered with ${what} is refused at once`, async (t) => {
    const { client, got } = await under(t, answer);
    const error = await fault(client.call(ISSUE, never));
    assert.deepEqual([error.code, error.retryable, got.length], [code, false, 1]);
    assert.match(error.adminText, text);
  });

test('other statuses are replies; as errors they have the words of the CA without the secrets that were sent', async (t) => {
  const bodies: [number, object][] = [
    [400, { errors: [`bad ${SECRET}`, { code: 'E1', message: 'field' }] }],
    [401, { message: 'no' }],
    [403, {}],
    [404, { error_message: 'no such profile' }],
    [409, {}],
    [422, {}],
    [500, { message: `a ${'A1b2'.repeat(20)} b` }],
    [418, {}],
  ];
  const left = [...bodies];
  const { client } = await under(t, (_got, response) => {
    const [status, body] = left.shift() ?? [200, {}];
    json(response, body, status);
  });
  const texts: string[] = [];
  while (left.length > 0) {
    const { code, adminText } = refusedReply(await client.call(ISSUE, never), {
      what: 'sign',
      secrets: [SECRET],
      codes: { 418: 'conflict' },
    });
    texts.push(`${code} ${adminText}`);
  }
  assert.deepEqual(texts, [
    'invalid sign: HTTP 400, bad [withheld]; E1: field',
    'unauthorised sign: HTTP 401, no',
    'unauthorised sign: HTTP 403',
    'misconfigured sign: HTTP 404, no such profile',
    'conflict sign: HTTP 409',
    'rejected sign: HTTP 422',
    'unavailable sign: HTTP 500, a [withheld] b',
    'conflict sign: HTTP 418',
  ]);
});

test('a caller that aborts gets its own reason', async (t) => {
  const caller = new AbortController();
  const reason = new Error('the device went away');
  const { client } = await under(t, () => caller.abort(reason));
  await assert.rejects(client.call(ISSUE, caller.signal), reason);
});

test('an address that is not https, or has a password, is refused and not repeated', () => {
  for (const url of [
    'http://ca.example',
    'https://user:hunter2@ca.example',
    'https://ca.example/?token=hunter2',
    'hunter2',
  ])
    assert.throws(
      () => backendClient({ name: 'test-ca', url }, { clock: handClock() }),
      (error) => error instanceof ConfigError && !inspect(error).includes('hunter2'),
    );
});

test('certificates and keys that cannot be used are refused and not repeated', async () => {
  const [first, second] = [await own.issue('CN=a'), await own.issue('CN=b')];
  const wrong = { certificate: first.certificate, key: second.key };
  for (const parts of [{ identity: () => wrong }, { identity: () => ({ ...first, key: 'hunter2' }) }])
    assert.throws(
      () => backendClient({ name: 'test-ca', url: 'https://ca.example', ...parts }, { clock: handClock() }),
      (error) => error instanceof ConfigError && !inspect(error).includes('hunter2'),
    );
});
