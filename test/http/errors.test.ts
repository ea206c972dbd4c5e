/** Every refusal and every error as it leaves the server: numbers in the octets of HTTP, compared with a table by hand. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { HttpErrorCode, RefusalCode } from '../../src/core/errors.ts';
import { type Different, endpointUnderTest } from '../kit/endpoint-under-test.ts';
import { allows, policyThat } from '../kit/policy.ts';
import { REFUSED, refusalOf, STATUS } from '../kit/wire-codes.ts';
import { MESSAGE, operation, PATH, served } from './server-under-test.ts';

const posted = (payload: Uint8Array = MESSAGE) =>
  ({ method: 'POST', url: operation('PKIOperation'), payload: Buffer.from(payload) }) as const;

for (const [code, written] of Object.entries(REFUSED) as [RefusalCode, readonly [string, string]][])
  test(`R04 ${code} leaves the server as failInfo ${written[0]} with HRESULT ${written[1]}`, async (t) => {
    const under = await endpointUnderTest(policyThat(() => ({ kind: 'deny', code, detail: 'no' })));
    const { app, log } = await served(t, [under]);
    const { statusCode, headers, rawPayload } = await app.inject(posted());
    assert.deepEqual([statusCode, headers['content-type']], [200, 'application/x-pki-message']);
    assert.deepEqual(refusalOf(rawPayload), written);
    assert.match(log.lines[0]!, new RegExp(`"code":"${code}"`));
  });

type Case = {
  request: InjectOptions | string;
  endpoint?: Different;
  options?: NonNullable<Parameters<typeof served>[2]>;
};
const broken: Different = {
  wrap: (store) => ({ ...store, findRequest: () => Promise.reject(new Error('no disk')) }),
};
const full: Different = {
  approval: 'manual',
  wrap: (store) => ({ ...store, recordPending: async () => ({ kind: 'full' }) }),
};
/** A body that never ends. */
function endless(): PassThrough {
  const body = new PassThrough();
  body.write('0');
  return body;
}
const ERRORS: Readonly<Record<HttpErrorCode, Case>> = {
  message_undecodable: { request: posted(Buffer.from('garbage')) },
  operation_unknown: { request: operation('GetCertificate') },
  landing_off: { request: PATH, endpoint: { landing: '403' } },
  next_ca_unknown: { request: operation('GetNextCACert') },
  message_too_large: { request: posted(), options: { bodyLimit: MESSAGE.length - 1 } },
  message_too_slow: {
    request: { ...posted(), payload: endless() },
    options: { pace: { ms: 20, octets: 1, times: 2 } },
  },
  overloaded: { request: posted(), options: { mostRunning: 0 } },
  waiting_full: { request: posted(), endpoint: full },
  unavailable: { request: posted(), endpoint: broken },
};

async function asked(t: TestContext, { request, endpoint = {}, options = {} }: Case) {
  const { app, log } = await served(t, [await endpointUnderTest(allows('none'), endpoint)], options);
  const response: LightMyRequestResponse = await app.inject(request);
  return { response, log };
}

for (const [code, one] of Object.entries(ERRORS) as [HttpErrorCode, Case][])
  test(`the error ${code} leaves the server as status ${STATUS[code]}, in plain text`, async (t) => {
    const { response, log } = await asked(t, one);
    const { statusCode, headers, body } = response;
    assert.deepEqual([statusCode, headers['content-type']], [STATUS[code], 'text/plain']);
    assert.equal(headers['retry-after'], statusCode === 503 ? '5' : undefined);
    assert.match(body, /^[a-z ]{4,20}$/);
    assert.match(log.lines[0]!, new RegExp(`"code":"${code}"`));
  });
