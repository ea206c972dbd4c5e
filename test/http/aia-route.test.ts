/** CA certificates over HTTP: their URL and their media type. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpServer } from '../../src/http/http-server.ts';
import { keptLog } from '../kit/log.ts';
import { clock } from '../kit/pki.ts';

test('each certificate at its path, with the type of RFC 2585; another name is not found', async (t) => {
  const aia = new Map([['issuing', Buffer.from('3003020101', 'hex')]]);
  const app = await httpServer({ services: [], emit: keptLog().emit, clock, aia, grace: 50 });
  t.after(() => app.close());
  for (const url of ['/aia/issuing.cer', '/AIA/Issuing.CER']) {
    const { statusCode, headers, rawPayload } = await app.inject(url);
    assert.deepEqual(
      [statusCode, headers['content-type'], rawPayload.toString('hex')],
      [200, 'application/pkix-cert', '3003020101'],
    );
  }
  assert.equal(
    (await app.inject({ method: 'OPTIONS', url: '/aia/issuing.cer' })).headers['allow'],
    'GET, HEAD, OPTIONS',
  );
  for (const url of ['/aia/other.cer', '/aia/issuing.crl', '/aia/'])
    assert.equal((await app.inject(url)).statusCode, 404, url);
});
