/** Revocation lists over HTTP: their URL, their media type, and the answer when one cannot be made. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { httpServer } from '../../src/http/http-server.ts';
import { keptLog } from '../kit/log.ts';
import { clock } from '../kit/pki.ts';
import { listening, parse, raw } from './server-under-test.ts';

const LIST = Buffer.from('3000', 'hex');
const FAILS = 'the key of the issuing CA is gone';
const crls = new Map([
  ['issuing', async () => LIST],
  ['Lab_2', async () => Buffer.from('3001', 'hex')],
  ['broken', () => Promise.reject(new Error(FAILS))],
]);

async function served(t: TestContext) {
  const log = keptLog();
  const app = await httpServer({ services: [], emit: log.emit, clock, crls, grace: 50 });
  t.after(() => app.close());
  return { app, log };
}

test('each list at its path, with the type of RFC 2585, in any letter case', async (t) => {
  const { app } = await served(t);
  for (const url of ['/crl/issuing.crl', '/CRL/Issuing.CRL', '//crl//issuing.crl', '/crl/issuing.crl?x=1']) {
    const { statusCode, headers, rawPayload } = await app.inject(url);
    assert.deepEqual([statusCode, headers['content-type'], rawPayload], [200, 'application/pkix-crl', LIST], url);
    assert.equal(headers['content-length'], '2');
    assert.equal(headers['set-cookie'], undefined);
  }
  assert.equal((await app.inject('/crl/lab_2.crl')).rawPayload.toString('hex'), '3001');
  const head = await app.inject({ method: 'HEAD', url: '/crl/issuing.crl' });
  assert.deepEqual([head.statusCode, head.headers['content-type'], head.body], [200, 'application/pkix-crl', '']);
});

test('H04 HTTP/1.0 without Host gets the list too', async (t) => {
  const { app } = await served(t);
  const { response } = parse(await raw(await listening(app), 'GET /crl/issuing.crl HTTP/1.0\r\n\r\n'));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/pkix-crl');
  assert.deepEqual(response.body, LIST);
});

test('a list with a number has an ETag and the time at which it was made, and is not sent to a client that has it', async (t) => {
  const list = Object.assign(async () => LIST, {
    markOf: (octets: Uint8Array) => (octets === LIST ? { number: 7, madeAt: new Date(1_800_000_000_999) } : undefined),
  });
  const app = await httpServer({ services: [], emit: keptLog().emit, clock, crls: new Map([['a', list]]), grace: 50 });
  t.after(() => app.close());
  const { headers } = await app.inject('/crl/a.crl');
  assert.deepEqual(
    [headers.etag, headers['last-modified'], headers['cache-control']],
    ['"7"', 'Fri, 15 Jan 2027 08:00:00 GMT', 'no-cache'],
  );
  for (const [known, status] of [
    ['"7"', 304],
    ['"6", W/"7"', 304],
    ['"17"', 200],
  ] as const) {
    const response = await app.inject({ url: '/crl/a.crl', headers: { 'if-none-match': known } });
    assert.deepEqual([response.statusCode, response.headers.etag], [status, '"7"'], known);
  }
  const { response } = parse(await raw(await listening(app), 'GET /crl/a.crl HTTP/1.0\r\n\r\n'));
  assert.deepEqual([response.status, response.headers.get('content-length'), response.body], [200, '2', LIST]);
});

test('names that no authority has are not found', async (t) => {
  const { app } = await served(t);
  for (const url of ['/crl/other.crl', '/crl/issuing', '/crl', '/crl/', '/crl/issuing.crl/x'])
    assert.deepEqual([(await app.inject(url)).statusCode, (await app.inject(url)).body], [404, 'not found'], url);
});

test('a list that cannot be made is 503 without a reason, which is in the log', async (t) => {
  const { app, log } = await served(t);
  const { statusCode, headers, body } = await app.inject('/crl/broken.crl');
  assert.deepEqual([statusCode, headers['content-type'], body], [503, 'text/plain', 'unavailable']);
  assert.match(log.lines.join(''), /"path":"\/crl\/broken\.crl".*the key of the issuing CA is gone.*could not be made/);
});
