/** How long a URL may be: what proxies do to long ones, told apart from the reply of the server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fetch } from '../../src/client/ca-operations.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { probeUrls } from '../../src/client/url-length.ts';
import { answerText, remedyFor } from '../../src/cli/long-urls.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import type { Opened, Reply } from '../../src/scep/message.ts';
import { client, clock, random } from '../kit/pki.ts';
import { scepServer, URL_OF_SERVER } from './scep-server.ts';

const refuses = (opened: Opened): Reply => {
  assert.ok(opened.kind === 'request' && opened.content.type === 'poll');
  return { status: 'failure', code: 'unknown_transaction' };
};

/** The probes of a server behind a proxy that treats URLs of more than 8 KB in this way. */
async function probed(treat: (url: URL, through: Fetch) => Response | Promise<Response>) {
  const { fetch: server } = scepServer({ reply: refuses });
  const fetch: Fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return (url.pathname + url.search).length > 8192 ? treat(url, server) : server(url, init);
  };
  const context = { fetch, clock, random };
  return probeUrls(await discover(URL_OF_SERVER, context), client.key, context);
}

const html = (status: number, headers: Record<string, string> = {}, body = '<html>') =>
  new Response(body, { status, headers: { 'content-type': 'text/html', ...headers } });

const PROXIES: Readonly<Record<string, [() => Response, string, RegExp]>> = {
  nginx: [
    () => html(414, { server: 'nginx/1.22.1' }),
    'HTTP 414 (nginx/1.22.1)',
    /^nginx: `large_client_header_buffers/,
  ],
  HAProxy: [
    () => html(400, {}, '<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>'),
    'HTTP 400 (text/html)',
    /^HAProxy: `tune\.bufsize/,
  ],
  Apache: [
    () => html(414, { server: 'Apache/2.4.62 (Debian)' }),
    'HTTP 414 (Apache/2.4.62 (Debian))',
    /LimitRequestLine/,
  ],
  IIS: [() => html(404, { server: 'Microsoft-IIS/10.0' }), 'HTTP 404 (Microsoft-IIS/10.0)', /maxQueryString/],
  'a load balancer of AWS': [() => html(414, { server: 'awselb/2.0' }), 'HTTP 414 (awselb/2.0)', /cannot be raised/],
  'a portal': [
    () => html(302, { location: 'https://portal.example/' }),
    'HTTP 302 to https://portal.example/',
    /look for/,
  ],
  'a page in the place of a reply': [() => html(200), 'HTTP 200 (text/html)', /look for/],
  'one that answers 431': [() => new Response(null, { status: 431 }), 'HTTP 431', /look for/],
};

for (const [name, [treat, text, remedy]] of Object.entries(PROXIES))
  test(`${name}: URLs of 8 KB reach the server, those of 16 KB do not; what came and what to change`, async () => {
    const probes = await probed(treat);
    assert.deepEqual(probes.map(({ octets, reached }) => [octets, reached]).slice(1), [
      [4096, true],
      [8192, true],
      [16384, false],
    ]);
    const last = probes.at(-1)!;
    assert.ok(!last.reached && last.answer);
    assert.equal(answerText(last.answer), text);
    assert.match(remedyFor(last.answer), remedy);
  });

test('a proxy that cuts the URL, so that the server refuses the rest: not reached', async () => {
  const probes = await probed((url, through) => through(new URL(url.href.slice(0, 8192 + url.origin.length))));
  const last = probes.at(-1)!;
  assert.deepEqual([last.octets, last.reached], [16384, false]);
});

test('a proxy that ends the connection: not reached, with the error', async () => {
  const probes = await probed(() => Promise.reject(new Error('reset')));
  const last = probes.at(-1)!;
  assert.ok(!last.reached && !last.answer && (last.error as Error).message === 'reset');
});

test('no proxy in the way: 64 KB, by GET and with a poll that the server refuses', async () => {
  const { fetch, asked } = scepServer({ reply: refuses });
  const context = { fetch, clock, random };
  const probes = await probeUrls(await discover(URL_OF_SERVER, context), client.key, context);
  assert.deepEqual(
    probes.slice(1).map(({ octets, reached }) => [octets, reached]),
    [4096, 8192, 16384, 32768, 65536].map((octets) => [octets, true]),
  );
  assert.ok(probes[0]!.reached && probes[0]!.octets < 3000);
  assert.deepEqual(
    [...new Set(asked.slice(2).map(({ method, operation }) => `${method} ${operation}`))],
    ['GET PKIOperation'],
  );
});

test('enroll with `get`: PKIOperation by GET, though the server takes POST', async () => {
  const { fetch, asked } = scepServer();
  const context = { fetch, clock, random };
  const server = { ...(await discover(URL_OF_SERVER, context)), get: true };
  const plan = { subject: nameFromText('CN=device-1'), challenge: 'A1B2', key: client.key };
  assert.equal((await enroll(server, plan, context)).status, 'success');
  assert.deepEqual([asked.at(-1)!.method, asked.at(-1)!.operation], ['GET', 'PKIOperation']);
});

test('a proxy whose answer never ends is one that answers otherwise, and its answer is not kept in memory', async () => {
  let sent = 0;
  const endless = (): ReadableStream =>
    new ReadableStream({
      pull(controller) {
        sent++;
        controller.enqueue(new Uint8Array(1024 * 1024));
        if (sent === 64) controller.close();
      },
    });
  const probes = await probed(() => new Response(endless(), { headers: { server: 'portal' } }));
  const last = probes.at(-1)!;
  assert.ok(!last.reached && last.answer);
  assert.equal(answerText(last.answer), 'HTTP 200 (portal)');
  assert.ok(sent < 10, `${sent} MB`);
});

test('what a proxy writes into its headers cannot control the terminal', () => {
  const headers = new Headers({ server: '\u009b2Jhello' });
  assert.equal(answerText({ status: 400, headers, body: '' }), 'HTTP 400 (\\u{9b}2Jhello)');
  const long = new Headers({ location: `https://x/${'a'.repeat(5_000)}` });
  assert.equal(answerText({ status: 302, headers: long, body: '' }).length, 'HTTP 302 to '.length + 200);
});
