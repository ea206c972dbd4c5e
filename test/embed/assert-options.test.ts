/** Options that JavaScript lets through: refused at registration, with a sentence. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import Fastify from 'fastify';
import { createServer, type EnrollmentOptions, openSqliteStore, scepPlugin } from '../../src/index.ts';
import { authority, PATH } from '../kit/endpoint-under-test.ts';
import { keptLog } from '../kit/log.ts';
import { clock, issuing, ra } from '../kit/pki.ts';
import { allows } from '../kit/policy.ts';

async function options(t: TestContext, different: object = {}, ofEndpoint: object = {}): Promise<EnrollmentOptions> {
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const chain = [issuing.certificate];
  const endpoint = { path: PATH, policy: allows('none'), issuer: authority(clock), ra, chain, ...ofEndpoint };
  return { endpoints: [endpoint], store, logger: keptLog(), clock, ...different };
}

const AT = '/certsrv/mscep/mscep.dll';
const WRONG: readonly [what: string, message: string, different: object, ofEndpoint?: object][] = [
  ['no endpoint', '`endpoints` is missing or empty: give at least one', { endpoints: [] }],
  ['no endpoints', '`endpoints` is missing or empty: give at least one', { endpoints: undefined }],
  ['no store', '`store` is missing: open one with openSqliteStore', { store: undefined }],
  ['no logger', '`logger` is missing: give an object with debug, info, warn and error', { logger: undefined }],
  ['no path', '`path` of an endpoint is undefined: it begins with /', {}, { path: undefined }],
  ['no policy', `${AT}: \`policy\` is missing or has no decide()`, {}, { policy: undefined }],
  ['no issuer', `${AT}: \`issuer\` is missing or has no issue()`, {}, { issuer: undefined }],
  ['no RA', `${AT}: \`ra\` is missing: give { certificate, key }`, {}, { ra: undefined }],
  [
    'an RA function that returns nothing',
    `${AT}: \`ra\` is missing: give { certificate, key }`,
    {},
    { ra: () => undefined },
  ],
  [
    'an empty chain',
    `${AT}: \`chain\` is missing or empty: give the certificate of the issuing CA, then those above it`,
    {},
    { chain: [] },
  ],
];
for (const [what, message, different, ofEndpoint] of WRONG)
  test(`${what}: a TypeError at registration that says what is missing`, async (t) => {
    const wrong = await options(t, different, ofEndpoint);
    await assert.rejects(createServer(wrong), { name: 'TypeError', message });
    const app = Fastify();
    t.after(() => app.close());
    await assert.rejects(Promise.resolve(app.register(scepPlugin, wrong)), { name: 'TypeError', message });
  });

test('a prefix: a TypeError, because every URL would be 404', async (t) => {
  const app = Fastify();
  t.after(() => app.close());
  const given = { ...(await options(t)), prefix: '/pki' };
  await assert.rejects(Promise.resolve(app.register(scepPlugin, given)), {
    name: 'TypeError',
    message: 'scepPlugin is registered under the prefix /pki: put it into `path` of each endpoint',
  });
});
