/** OCSP over HTTP: GET in every encoding, POST, what caches are told, old clients, and limits. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { httpServer } from '../../src/http/http-server.ts';
import type { OcspAnswer } from '../../src/ocsp/ocsp-responder.ts';
import { keptLog } from '../kit/log.ts';
import { clock, NOW } from '../kit/pki.ts';
import { listening, only, raw } from './server-under-test.ts';

const RESPONSE = Buffer.from('30030a0100', 'hex');
const MALFORMED = '30030a0101';
const INTERNAL = '30030a0102';
/** Base64 with `+`, `/`, two slashes in a row, and padding. */
const REQUEST = Buffer.from('300c00fbefbeffffff01020304', 'hex');
const BASE64 = REQUEST.toString('base64');

const KEPT = {
  from: NOW.getTime(),
  until: NOW.getTime() + 59_900,
  etag: '"tag"',
  lastModified: 'Sun, 01 Mar 2026 12:00:00 GMT',
  expires: 'Sun, 01 Mar 2026 13:00:00 GMT',
};

async function served(
  t: TestContext,
  answer: () => OcspAnswer | Promise<OcspAnswer> = () => ({ body: RESPONSE, status: 'good' }),
) {
  const log = keptLog();
  const asked: string[] = [];
  const responder = (request: Uint8Array) => {
    asked.push(Buffer.from(request).toString('hex'));
    return answer();
  };
  const ocsp = new Map([['Issuing', responder]]);
  const app = await httpServer({ services: [], emit: log.emit, clock, ocsp, grace: 50 });
  t.after(() => app.close());
  return { app, log, asked };
}

test('GET has the request in its path: base64 as it is, escaped once or twice, for URLs, and without padding', async (t) => {
  const { app, asked } = await served(t);
  assert.match(BASE64, /\+.*\/\/.*=$/);
  const escaped = encodeURIComponent(BASE64);
  const forms = [
    `/ocsp/Issuing/${BASE64}`,
    `/ocsp/Issuing/${escaped}`,
    `/ocsp/Issuing/${encodeURIComponent(escaped)}`,
    `/ocsp/Issuing/${BASE64.replace(/=+$/, '')}`,
    `/ocsp/Issuing/${REQUEST.toString('base64url')}`,
    `/ocsp/Issuing//${BASE64}`,
    `/OCSP/issuing/${escaped}?x=1`,
  ];
  for (const url of forms) {
    const { statusCode, headers, rawPayload } = await app.inject(url);
    assert.deepEqual([statusCode, headers['content-type'], rawPayload], [200, 'application/ocsp-response', RESPONSE]);
    assert.equal(headers['set-cookie'], undefined);
  }
  assert.deepEqual(
    asked,
    forms.map(() => REQUEST.toString('hex')),
  );
});

test('POST, with any media type or none, and with a slash at the end', async (t) => {
  const { app, asked } = await served(t);
  for (const [url, type] of [
    ['/ocsp/Issuing', 'application/ocsp-request'],
    ['/ocsp/issuing/', 'text/html;;'],
    ['/ocsp/Issuing', undefined],
  ]) {
    const headers = type === undefined ? {} : { 'content-type': type };
    const {
      statusCode,
      headers: sent,
      rawPayload,
    } = await app.inject({ method: 'POST', url: url!, headers, payload: REQUEST });
    assert.deepEqual([statusCode, sent['cache-control'], rawPayload], [200, 'no-store', RESPONSE]);
  }
  assert.deepEqual(
    asked,
    Array.from({ length: 3 }, () => REQUEST.toString('hex')),
  );
});

test('HTTP/1.0 without Host gets an answer, with GET and with POST', async (t) => {
  const { app } = await served(t);
  const port = await listening(app);
  const get = only(await raw(port, `GET /ocsp/issuing/${BASE64} HTTP/1.0\r\n\r\n`));
  assert.deepEqual([get.status, get.body], [200, RESPONSE]);
  const head = `POST /ocsp/issuing HTTP/1.0\r\nContent-Length: ${REQUEST.length}\r\n\r\n`;
  assert.deepEqual(only(await raw(port, head, REQUEST)).body, RESPONSE);
});

test('caches are told how long an answer is good, and get 304 for one that they have', async (t) => {
  const { app } = await served(t, () => ({ body: RESPONSE, status: 'good', kept: KEPT }));
  const url = `/ocsp/issuing/${BASE64}`;
  const { headers } = await app.inject(url);
  assert.deepEqual(
    [headers['cache-control'], headers.etag, headers['last-modified'], headers.expires],
    ['max-age=59, public, no-transform, must-revalidate', '"tag"', KEPT.lastModified, KEPT.expires],
  );
  const known = await app.inject({ url, headers: { 'if-none-match': 'W/"other", "tag"' } });
  assert.deepEqual([known.statusCode, known.rawPayload.length, known.headers.etag], [304, 0, '"tag"']);
  const head = await app.inject({ method: 'HEAD', url });
  assert.deepEqual([head.statusCode, head.headers['content-length'], head.body], [200, '5', '']);
});

test('an answer for one request alone is stored nowhere', async (t) => {
  const { app } = await served(t);
  const { headers } = await app.inject(`/ocsp/issuing/${BASE64}`);
  assert.deepEqual([headers['cache-control'], headers.etag], ['no-store', undefined]);
});

test('what is no request gets malformedRequest, and a request of more than 16 KB too', async (t) => {
  const { app, asked } = await served(t);
  for (const url of ['/ocsp/issuing', '/ocsp/issuing/', '/ocsp/issuing/%25%25', '/ocsp/issuing/a*b'])
    assert.equal((await app.inject(url)).rawPayload.toString('hex'), MALFORMED, url);
  const long = await app.inject({ method: 'POST', url: '/ocsp/issuing', payload: Buffer.alloc(16_385) });
  assert.deepEqual([long.statusCode, long.rawPayload.toString('hex')], [200, MALFORMED]);
  assert.deepEqual(asked, []);
  assert.equal((await app.inject('/ocsp/other/MAA=')).statusCode, 404);
});

test('a fault is internalError for the verifier, and at most ten lines a minute in the log', async (t) => {
  const { app, log } = await served(t, () => Promise.reject(new Error('the store is gone')));
  for (let n = 0; n < 6; n++) {
    const get = await app.inject(`/ocsp/issuing/${BASE64}`);
    const post = await app.inject({ method: 'POST', url: '/ocsp/issuing', payload: REQUEST });
    assert.deepEqual([get.statusCode, get.rawPayload.toString('hex')], [200, INTERNAL]);
    assert.deepEqual([post.statusCode, post.rawPayload.toString('hex')], [200, INTERNAL]);
  }
  const failed = log.lines.filter((line) => line.includes('ocsp-failed'));
  assert.equal(failed.length, 10);
  assert.match(failed[0]!, /"path":"\/ocsp\/issuing\/.*the store is gone/);
});

test('OPTIONS names the methods', async (t) => {
  const { app } = await served(t);
  const { headers } = await app.inject({ method: 'OPTIONS', url: '/ocsp/issuing' });
  assert.equal(headers['allow'], 'GET, HEAD, POST, OPTIONS');
});
