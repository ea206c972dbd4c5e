/** The library as a vendor uses it: SCEP inside the vendor's app, with the vendor's issuer and policy. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import {
  createOcspSigner,
  createServer,
  DEFAULT_PROFILE,
  discover,
  enroll,
  type EnrollmentOptions,
  type EnrollmentRequest,
  generateKey,
  type Issuer,
  localAuthority,
  ocspResponder,
  type Notification,
  openSqliteStore,
  type Policy,
  scepPlugin,
} from '../../src/index.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { issuerIdentity } from '../../src/pkix/issuer-id.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { nameFromText, nameText } from '../../src/pkix/name.ts';
import { keptLog } from '../kit/log.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { clock, issuing, ra, random, root, wanted } from '../kit/pki.ts';
import { ocspRequest, readResponse } from '../ocsp/ocsp-under-test.ts';

const OCSP_KEY = ecKey('ocsp of a vendor');
const CODE = 'blue-42';
const PATH = '/pki/Devices';

/** A policy that asks an inventory instead of Intune. */
function inventory(): Policy & { notifications: Notification[] } {
  const notifications: Notification[] = [];
  return {
    name: 'inventory',
    notifications,
    async decide({ csr }) {
      if (csr.challenge !== CODE) return { kind: 'deny', code: 'challenge_wrong', detail: 'not in the inventory' };
      return { kind: 'allow', notify: 'strict', facts: { rack: 'B7' } };
    },
    async notify(notification) {
      notifications.push(notification);
      return { inventory: 'noted' };
    },
  };
}

/** An issuer that records requests and lets another CA sign. */
function bookkeepingIssuer(): Issuer & { orders: EnrollmentRequest[] } {
  const orders: EnrollmentRequest[] = [];
  const { certificate, key } = issuing;
  const signer = localAuthority({
    certificate,
    chain: [root.certificate],
    key,
    profile: DEFAULT_PROFILE,
    clock,
    random,
  });
  return {
    orders,
    issue(request, decision, signal) {
      orders.push(request);
      return signer.issue(request, decision, signal);
    },
  };
}

async function vendor(t: TestContext) {
  const store = await openSqliteStore({ path: ':memory:', clock });
  const [policy, issuer, logger] = [inventory(), bookkeepingIssuer(), keptLog()];
  const options: EnrollmentOptions = {
    endpoints: [{ path: PATH, policy, issuer, ra, chain: [issuing.certificate, root.certificate] }],
    store,
    logger,
    clock,
    random,
  };
  t.after(() => store.close());
  return { options, policy, issuer, logger, store };
}

/** With the settings that the doc comment of scepPlugin requires. */
const app = (): FastifyInstance =>
  Fastify({
    http: { requireHostHeader: false, maxHeaderSize: 131_072 },
    routerOptions: { caseSensitive: false },
  });

async function urlOf(server: FastifyInstance): Promise<string> {
  return `${await server.listen({ port: 0, host: '127.0.0.1' })}${PATH}`;
}

const context = { fetch, clock, random };
const device = { key: rsaKey('embedded device'), subject: nameFromText('CN=printer-7,O=Example') };

test('a device enrols through the plugin in an app with its own routes, hooks and parsers', async (t) => {
  const { options, policy, issuer, store, logger } = await vendor(t);
  const server = app();
  t.after(() => server.close());
  server.addHook('onRequest', async (_request, reply) => void reply.header('x-vendor', 'yes'));
  server.post('/api/echo', async (request) => request.body);
  await server.register(scepPlugin, options);

  const scep = await discover(await urlOf(server), context);
  assert.deepEqual(
    scep.certificates.map((der) => nameText(readCertificate(der).subject)),
    ['CN=Test RA', 'CN=Test Issuing', 'CN=Test Root'],
  );
  const reply = await enroll(scep, { ...device, challenge: CODE }, context);
  assert.ok(reply.status === 'success');
  const certificate = readCertificate(reply.certificates[0]!);
  assert.equal(nameText(certificate.subject), 'CN=printer-7,O=Example');

  assert.equal(issuer.orders.length, 1);
  assert.equal(issuer.orders[0]!.endpoint, PATH);
  const [record] = await store.listCertificates({});
  assert.deepEqual([record!.endpoint, record!.state], [PATH, 'delivered']);
  assert.ok(policy.notifications.length === 1 && policy.notifications[0]!.kind === 'success');
  assert.match(logger.lines.join(''), /"outcome":"issued".*"rack":"B7".*"inventory":"noted"/);

  const echo = await server.inject({ method: 'POST', url: '/api/echo', payload: { still: 'JSON' } });
  assert.deepEqual(echo.json(), { still: 'JSON' });
  assert.equal(echo.headers['x-vendor'], 'yes');
  const lost = await server.inject({
    method: 'POST',
    url: '/api/echo',
    payload: 'x',
    headers: { 'content-type': 'a/b' },
  });
  assert.equal(lost.statusCode, 415);
});

for (const { where, path, answered } of [
  { where: 'the endpoint ends a connection that holds seventeen', path: `${PATH}?operation=GetCACaps`, answered: 0 },
  { where: 'the app’s own route are all answered', path: '/api/time', answered: 500 },
])
  test(`500 requests at once on one connection: those to ${where}`, async (t) => {
    const { options, logger } = await vendor(t);
    const server = app();
    t.after(() => server.close());
    server.get('/api/time', () => ({ now: 1 }));
    await server.register(scepPlugin, options);
    const { port } = new URL(await urlOf(server));
    const socket = connect(Number(port), '127.0.0.1').setEncoding('latin1');
    let answers = '';
    socket.on('error', () => {}).on('data', (text: string) => (answers += text));
    const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    socket.write(request.repeat(499) + request.replace('Host', 'Connection: close\r\nHost'));
    await new Promise((resolve) => socket.on('close', resolve));
    assert.equal(answers.split('HTTP/1.1 200 ').length - 1, answered);
    assert.ok(logger.lines.filter((line) => line.includes('scep-request-answered')).length <= 16);
  });

test('the vendor’s policy denies, and the issuer is not called', async (t) => {
  const { options, issuer, store } = await vendor(t);
  const server = app();
  t.after(() => server.close());
  await server.register(scepPlugin, options);
  const reply = await enroll(await discover(await urlOf(server), context), { ...device, challenge: 'red-1' }, context);
  assert.ok(reply.status === 'failure' && reply.failInfo === 'badRequest');
  assert.equal(issuer.orders.length, 0);
  assert.deepEqual(await store.listCertificates({}), []);
});

test('an app without requestTimeout is warned of, one with it is not', async (t) => {
  for (const [requestTimeout, warnings] of [
    [0, 1],
    [30_000, 0],
  ] as const) {
    const { options, logger } = await vendor(t);
    const host = Fastify({ requestTimeout });
    t.after(() => host.close());
    await host.register(scepPlugin, options);
    assert.equal(logger.lines.filter((line) => line.includes('has no requestTimeout')).length, warnings);
  }
});

test('createServer enrols, and probes its store', async (t) => {
  const { options, store } = await vendor(t);
  const server = await createServer(options);
  t.after(() => server.close());
  const scep = await discover(await urlOf(server), context);
  assert.equal((await enroll(scep, { ...device, challenge: CODE }, context)).status, 'success');
  const ready = await server.inject('/readyz');
  assert.deepEqual([ready.statusCode, ready.json()], [200, { status: 'ok' }]);
  await store.close();
  await setTimeout(1_050);
  assert.equal((await server.inject('/readyz')).statusCode, 503);
});

test('an RA key that cannot decrypt is refused when the plugin is registered', async (t) => {
  const { options } = await vendor(t);
  const [endpoint] = options.endpoints;
  const server = app();
  t.after(() => server.close());
  const endpoints = [{ ...endpoint!, ra: { certificate: issuing.certificate, key: generateKey('p256') } }];
  await assert.rejects(async () => server.register(scepPlugin, { ...options, endpoints }), /RA key cannot decrypt/);
});

test('closing the app stops the plugin and leaves the store open', async (t) => {
  const { options, store } = await vendor(t);
  const server = app();
  await server.register(scepPlugin, options);
  await server.ready();
  await server.close();
  await store.check();
});

test('an endpoint is called by its name where it has one, and by its path as written where it has none', async (t) => {
  const { options, issuer, store, logger } = await vendor(t);
  const [endpoint] = options.endpoints;
  const named = { ...endpoint!, path: '/pki/renamed', name: 'printers' };
  const server = await createServer({ ...options, endpoints: [endpoint!, named] });
  t.after(() => server.close());
  const origin = new URL(await urlOf(server)).origin;
  for (const path of [PATH, '/pki/renamed']) {
    const scep = await discover(`${origin}${path}`, context);
    const key = rsaKey(`device at ${path}`);
    assert.equal((await enroll(scep, { ...device, key, challenge: CODE }, context)).status, 'success');
  }
  assert.deepEqual(
    issuer.orders.map(({ endpoint }) => endpoint),
    [PATH, 'printers'],
  );
  const records = await store.listCertificates({});
  assert.deepEqual(records.map(({ endpoint }) => endpoint).toSorted(), [PATH, 'printers']);
  assert.match(logger.lines.join(''), /"endpoint":"printers","method":"POST"/);
});

test('two endpoints with one name are refused, and both paths are in the error', async (t) => {
  const { options } = await vendor(t);
  const [endpoint] = options.endpoints;
  const second = { ...endpoint!, path: '/pki/second', name: PATH };
  await assert.rejects(createServer({ ...options, endpoints: [endpoint!, second] }), {
    name: 'ConfigError',
    message: '/pki/second: the same name as the endpoint /pki/Devices: /pki/Devices',
  });
});

test('the outbox notification of an endpoint with a name is sent, and carries the name', async (t) => {
  const { options, policy } = await vendor(t);
  const [endpoint] = options.endpoints;
  const later: Policy = { ...policy, decide: async () => ({ kind: 'allow', notify: 'outbox' }) };
  const server = await createServer({
    ...options,
    endpoints: [{ ...endpoint!, name: 'printers', policy: later }],
    notificationInterval: 20,
  });
  t.after(() => server.close());
  const scep = await discover(await urlOf(server), context);
  assert.equal((await enroll(scep, { ...device, challenge: CODE }, context)).status, 'success');
  for (let wait = 0; wait < 250 && policy.notifications.length === 0; wait++) await setTimeout(20);
  assert.deepEqual(
    policy.notifications.map(({ kind, endpoint }) => [kind, endpoint]),
    [['success', 'printers']],
  );
});

test('the plugin serves OCSP beside SCEP, from the same store, and other routes of the app are as before', async (t) => {
  const { options, store } = await vendor(t);
  const { certificate: sample, ...issuance } = issuanceFor(1);
  const { issuerId, name } = issuerIdentity(issuing.certificate);
  await store.recordIssued({ ...issuance, certificate: { ...sample, issuerId, issuer: name } });
  const signer = { key: OCSP_KEY, certificate: await createOcspSigner(wanted('CN=OCSP', OCSP_KEY), issuing) };
  const responder = ocspResponder({ cas: [{ certificate: issuing.certificate, signer: () => signer }], store, clock });
  const app = Fastify({ requestTimeout: 30_000, routerOptions: { caseSensitive: false } });
  t.after(() => app.close());
  await app.register(scepPlugin, { ...options, ocsp: new Map([['vendor', responder]]) });
  app.post('/echo', async ({ body }) => body);
  const payload = Buffer.from(ocspRequest([sample.serial]));
  const answer = await app.inject({ method: 'POST', url: '/ocsp/vendor', payload });
  const { answers, signed } = readResponse(answer.rawPayload);
  assert.deepEqual([answers[0]?.status, signed], ['good', true]);
  assert.deepEqual((await app.inject({ method: 'POST', url: '/echo', payload: { a: 1 } })).json(), { a: 1 });
});
