/** The log as a contract: each event on a started server, with exactly these fields. docs/log.md lists no other. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { clockReport } from '../../src/app/clock-difference.ts';
import { watchIssuers } from '../../src/app/issuer-watch.ts';
import { watchKeys } from '../../src/app/key-watch.ts';
import { signerKeeper } from '../../src/app/ocsp-signers.ts';
import { oldRecordsJob } from '../../src/app/old-records-job.ts';
import { startTracing } from '../../src/app/tracing.ts';
import { revocationPoller } from '../../src/app/revocation-poller.ts';
import { tenantWatch } from '../../src/app/tenant-watch.ts';
import { watch } from '../../src/app/watch.ts';
import { createRoot } from '../../src/ca/create.ts';
import { DAY } from '../../src/core/durations.ts';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { issuerAndSerialNumber } from '../../src/cms/signed-data.ts';
import { IssuerError, Refusal } from '../../src/core/errors.ts';
import type { Issuer } from '../../src/core/issuer.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { Store } from '../../src/core/store.ts';
import { earlierCa } from '../../src/app/earlier-cas.ts';
import { readCaCertificate } from '../../src/ca/ca-certificate.ts';
import { createServer, type ServerOptions } from '../../src/embed/embed.ts';
import type { EndpointOptions } from '../../src/embed/enrollment.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { logEvents } from '../../src/embed/log-events.ts';
import { httpServer } from '../../src/http/http-server.ts';
import { directoryTurn } from '../../src/manage/follow-directory.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, chained, ENDPOINT, issuanceFor, namesFor } from '../../src/testing/store-samples.ts';
import { adminUnderTest, basic, BEARER, PAGE } from '../admin/admin-under-test.ts';
import { installed } from '../app/installation.ts';
import { faultyServer } from '../cli/faulty-server.ts';
import { fakeTenant } from '../intune/fake-tenant.ts';
import { type HandClock, handClock } from '../kit/clock.ts';
import { BY_COMMAND, authority, PATH } from '../kit/endpoint-under-test.ts';
import { overloadWatch } from '../../src/embed/overload-watch.ts';
import { keptLog } from '../kit/log.ts';
import { allows, policyThat } from '../kit/policy.ts';
import { issuing, NOW, ra, random, root } from '../kit/pki.ts';
import { REQUEST_PLAN, requestMessage, TRANSACTION_ID } from '../kit/requests.ts';
import { raw } from '../http/server-under-test.ts';
import { enrolled } from '../wiring/device.ts';
import { until } from '../kit/until.ts';
import { restServer } from '../rest/rest-server.ts';

const REQUEST = await requestMessage();
const ALLOW = { kind: 'allow', notify: 'none' } as const;
const CA_NAME = readCertificate(issuing.certificate).subject;

type Line = Record<string, unknown>;
type Setup = Partial<EndpointOptions> &
  Pick<Partial<ServerOptions>, 'onEvent' | 'probes' | 'crls' | 'mostRunning'> & {
    store?: Store;
    clock?: HandClock;
    wrap?: (store: Store) => Store;
  };

/** Events of which a line was seen here. */
const seen = new Set<unknown>();

/** A server that listens. `send` posts a message; `lines` are the lines of one event; `line` waits for one. */
async function started(t: TestContext, policy: Policy, setup: Setup = {}) {
  const {
    store: given,
    clock = handClock(),
    wrap = (store) => store,
    onEvent,
    probes,
    crls,
    mostRunning,
    ...endpoint
  } = setup;
  const store = given ?? (await openSqliteStore({ path: ':memory:', clock }));
  const log = keptLog();
  const chain = [issuing.certificate, root.certificate];
  const server = await createServer({
    endpoints: [{ path: PATH, policy, issuer: authority(clock), ra, chain, signingTime: 'off', ...endpoint }],
    store: wrap(store),
    logger: log,
    clock,
    random,
    notificationInterval: 10,
    ...(onEvent && { onEvent }),
    ...(probes && { probes }),
    ...(mostRunning !== undefined && { mostRunning }),
    ...(crls && { crls }),
  });
  t.after(() => server.close());
  const origin = await server.listen({ port: 0, host: '127.0.0.1' });
  const lines = (event: string): Line[] =>
    log.lines.map((text) => JSON.parse(text) as Line).filter((line) => line['event'] === event);
  const line = async (event: string): Promise<Line> => {
    for (let found = lines(event)[0]; ; found = lines(event)[0])
      if (found) return found;
      else await log.next();
  };
  const send = (body: Uint8Array) => fetch(`${origin}${PATH}`, { method: 'POST', body: Buffer.from(body) });
  const get = (path: string) => fetch(`${origin}${path}`);
  return { store, clock, log, lines, line, send, get, stop: () => server.close() };
}

const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;

/** Fails unless the line has this level and message, and these fields and no others, in any order. */
function assertLine(line: Line, level: keyof typeof LEVELS, msg: string, fields: string): void {
  seen.add(line['event']);
  assert.deepEqual([line['level'], line['msg']], [LEVELS[level], msg]);
  assert.deepEqual(Object.keys(line).toSorted(), ['level', 'time', 'event', 'msg', ...fields.split(' ')].toSorted());
}

const HTTP = 'endpoint method ip userAgent operation ms';
const PKI = `${HTTP} outcome messageType transactionId`;

test('an enrolment: issued, and repeated for the same request', async (t) => {
  const { send, lines } = await started(t, allows('none'));
  await send(REQUEST);
  await send(REQUEST);
  const [issued, repeated] = lines('scep-request-answered');
  assertLine(issued!, 'info', 'scep', `${PKI} subject serial thumbprint backend issueMs`);
  assertLine(repeated!, 'info', 'scep', `${PKI} subject serial thumbprint`);
  const { time, serial, thumbprint, ms, ...rest } = issued!;
  assert.deepEqual(rest, {
    level: 30,
    endpoint: PATH,
    method: 'POST',
    ip: '127.0.0.1',
    userAgent: 'node',
    operation: 'PKIOperation',
    outcome: 'issued',
    messageType: 'PKCSReq',
    transactionId: TRANSACTION_ID,
    subject: 'CN=device-1,O=Example',
    backend: 'local',
    issueMs: 0,
    event: 'scep-request-answered',
    msg: 'scep',
  });
  assert.match(String(serial), /^[0-9a-f]+$/);
  assert.match(String(thumbprint), /^[0-9A-F]{40}$/);
  assert.deepEqual([typeof time, ms, repeated!['outcome']], ['number', 0, 'repeated']);
});

test('refused: code and detail, the facts of the policy beside them, and the cause where there is one', async (t) => {
  const policy = policyThat(() => ({ kind: 'deny', code: 'intune_denied', detail: 'no', facts: { intuneCode: 'X' } }));
  const denied = await started(t, policy);
  await denied.send(REQUEST);
  const [line] = denied.lines('scep-request-answered');
  assertLine(line!, 'info', 'scep', `${PKI} subject code detail intuneCode`);
  assert.deepEqual([line!['outcome'], line!['code'], line!['detail']], ['refused', 'intune_denied', 'no']);

  const failing = await started(t, allows('none'), { issuer: { issue: () => Promise.reject(new Error('HSM gone')) } });
  await failing.send(REQUEST);
  assertLine(failing.lines('scep-request-answered')[0]!, 'info', 'scep', `${PKI} subject code detail err`);
});

test('a policy cannot rename the event, nor add one that was not', async (t) => {
  const { send, lines } = await started(
    t,
    policyThat(() => ({ ...ALLOW, facts: { event: 'not-ready' } })),
  );
  await send(REQUEST);
  assert.deepEqual([lines('scep-request-answered').length, lines('not-ready').length], [1, 0]);
});

test('pending, refused before its envelope was opened, and found', async (t) => {
  const { send, lines, store } = await started(t, { name: 'test', decide: async () => ALLOW }, { approval: 'manual' });
  await send(REQUEST);
  const [pending] = lines('scep-request-answered');
  assertLine(pending!, 'info', 'scep', `${PKI} subject reason`);
  assert.equal(pending!['outcome'], 'pending');
  await send(await requestMessage({ digest: 'sha1' }));
  assertLine(lines('scep-request-answered')[1]!, 'info', 'scep', `${PKI} code detail`);

  const { key, endpoint, transactionId } = (await store.listPending())[0]!;
  const at = new Date(0);
  await store.decidePending(key, 'approved', { at, event: 'approved', endpoint, transactionId, ...BY_COMMAND });
  await send(
    await requestMessage({ messageType: 'CertPoll', content: issuerAndSubject(CA_NAME, REQUEST_PLAN.subject) }),
  );
  assertLine(lines('scep-request-answered')[2]!, 'info', 'scep', `${PKI} serial thumbprint backend issueMs approved`);
  const { serialNumber } = readCertificate((await store.listCertificates({}))[0]!.der);
  const content = issuerAndSerialNumber({ issuer: CA_NAME, serialNumber });
  await send(await requestMessage({ messageType: 'GetCert', content }));
  const found = lines('scep-request-answered')[3]!;
  assertLine(found, 'info', 'scep', `${PKI} serial`);
  assert.equal(found['outcome'], 'found');
});

test('a weak algorithm is named with its count', async (t) => {
  const { send, lines } = await started(t, allows('none'), { legacy: ['sha1'] });
  await send(await requestMessage({ digest: 'sha1' }));
  const [line] = lines('scep-request-answered');
  assertLine(line!, 'info', 'scep', `${PKI} subject serial thumbprint backend issueMs legacy legacyUses`);
  assert.deepEqual([line!['legacy'], line!['legacyUses']], [['sha1'], { sha1: 1 }]);
});

test('the other operations, and a browser', async (t) => {
  const { get, lines } = await started(t, allows('none'));
  for (const query of ['?operation=GetCACaps', '?operation=GetCACert', '']) await get(`${PATH}${query}`);
  for (const line of lines('scep-request-answered')) assertLine(line, 'info', 'scep', HTTP);
  assert.deepEqual(
    lines('scep-request-answered').map((line) => line['operation']),
    ['GetCACaps', 'GetCACert', 'landing'],
  );
});

test('what is not SCEP, and what could not be finished', async (t) => {
  const FAILED = 'method ip userAgent path endpoint status code err';
  const { send, lines } = await started(t, allows('none'), {
    wrap: (store) => ({ ...store, findRequest: () => Promise.reject(new Error('disk full')) }),
  });
  await send(Buffer.from('3000', 'hex'));
  assertLine(lines('scep-request-refused')[0]!, 'info', 'scep request refused', FAILED);
  assert.equal((await send(REQUEST)).status, 503);
  assertLine(lines('scep-request-failed')[0]!, 'error', 'scep request failed', FAILED);
});

test('a wrong path: with the operation and the nearest endpoint, ten lines a minute, apart from those of scanners', async (t) => {
  const clock = handClock();
  const { get, lines } = await started(t, allows('none'), { clock });
  for (let i = 0; i < 12; i++) await get('/wp-login.php');
  await get('/certsrv/mscep/mscep.dl/pkiclient.exe?operation=GetCACert&message=secret');
  const wrong = lines('path-unknown');
  assert.equal(wrong.length, 11);
  assertLine(wrong[0]!, 'info', 'nothing is served at this path by this method', 'method ip userAgent path nearest');
  assertLine(
    wrong[10]!,
    'info',
    'nothing is served at this path by this method',
    'method ip userAgent path operation nearest',
  );
  assert.deepEqual(
    [wrong[10]!['path'], wrong[10]!['ip'], wrong[10]!['operation'], wrong[10]!['nearest']],
    ['/certsrv/mscep/mscep.dl/pkiclient.exe', '127.0.0.1', 'GetCACert', '/certsrv/mscep/mscep.dll'],
  );
  assert.ok(!JSON.stringify(wrong).includes('secret'));
  clock.forward(60_000);
  await get('/wp-login.php');
  assert.equal(lines('path-unknown')[11]!['skipped'], 2);
});

test('a request line that is too long', async (t) => {
  const { get, line } = await started(t, allows('none'));
  assert.equal((await get(`${PATH}?operation=PKIOperation&message=${'A'.repeat(140_000)}`)).status, 431);
  const long = await line('request-line-too-long');
  assertLine(long, 'warn', 'request line and headers are too long: answered with HTTP 431', 'ip limit');
  assert.deepEqual([long['ip'], long['limit']], ['127.0.0.1', 131_072]);
});

/** Refuses the first notification. */
const acknowledgesLater = () => {
  let refused = false;
  return () => (refused ? {} : ((refused = true), Promise.reject(new Error('not now'))));
};

const NOTIFICATION = 'endpoint transactionId';

test('a notification is postponed, and acknowledged half a minute later', async (t) => {
  const { send, line, clock } = await started(t, allows('outbox', acknowledgesLater()));
  await send(REQUEST);
  const postponed = await line('notification-postponed');
  assertLine(postponed, 'warn', 'notification not accepted, will be tried again', `${NOTIFICATION} attempts err`);
  assert.deepEqual([postponed['endpoint'], postponed['attempts']], [PATH, 1]);
  clock.forward(30_000);
  const acknowledged = await line('notification-acknowledged');
  assertLine(acknowledged, 'debug', 'notification acknowledged', `${NOTIFICATION} notification serial`);
});

test('a notification that was answered finally is given up', async (t) => {
  const answer = new Refusal('notification_failed', 'SubjectNameMismatch', { final: true });
  const { send, line } = await started(
    t,
    allows('outbox', () => Promise.reject(answer)),
  );
  await send(REQUEST);
  const givenUp = await line('notification-given-up');
  assertLine(
    givenUp,
    'error',
    'notification of the outbox given up: the authorizer does not learn the result of the request',
    `${NOTIFICATION} notification serial why attempts err`,
  );
  assert.deepEqual([givenUp['notification'], givenUp['why'], givenUp['attempts']], ['success', 'answered finally', 1]);
});

test('a notification whose endpoint is gone', async (t) => {
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  const { send } = await started(
    t,
    allows('outbox', () => Promise.reject(new Error('not now'))),
    { store },
  );
  await send(REQUEST);
  const other = await started(t, allows('none'), { store, path: '/other' });
  for (const last = Date.now() + 5_000; other.lines('notification-without-endpoint').length === 0; ) {
    assert.ok(Date.now() < last, 'no line');
    clock.forward(60_000);
    other.clock.forward(60_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const [line] = other.lines('notification-without-endpoint');
  assertLine(line!, 'warn', 'notification for an endpoint that is not configured', `${NOTIFICATION} attempts`);
});

const REVOCATION = 'endpoint serial';
const outOfReach = () => Promise.reject(new Error('CA out of reach'));

test('a strict notification that is not acknowledged, and a CA that takes the revocation half a minute later', async (t) => {
  let down = true;
  const revoker = { revoke: () => (down ? outOfReach() : Promise.resolve()) };
  const { send, lines, line, clock } = await started(t, allows('strict', acknowledgesLater()), { revoker });
  await send(REQUEST);
  assertLine(
    lines('notification-abandoned')[0]!,
    'warn',
    'strict notification not accepted: the certificate is revoked and was not delivered',
    `${NOTIFICATION} serial err`,
  );
  const postponed = await line('revocation-postponed');
  const message = 'the CA did not take the revocation, and will be told again';
  assertLine(postponed, 'warn', message, `${REVOCATION} attempts err`);
  assert.deepEqual([postponed['endpoint'], postponed['attempts']], [PATH, 1]);
  down = false;
  clock.forward(30_000);
  assertLine(await line('revocation-taken'), 'info', 'the CA took the revocation', REVOCATION);
});

test('the end of a hold at a CA that takes none', async (t) => {
  const { store, line } = await started(t, allows('none'), { revoker: { revoke: outOfReach } });
  await store.queueRevocation({ endpoint: PATH, certificate: issuing.certificate, reason: 'removeFromCRL', at: NOW });
  const message = 'the CA takes back no hold: release this certificate there';
  assertLine(await line('release-not-taken'), 'error', message, REVOCATION);
});

test('a revocation that neither the store nor the CA takes', async (t) => {
  const diskFull = () => Promise.reject(new Error('disk full'));
  const { send, lines } = await started(t, allows('none'), {
    revoker: { revoke: outOfReach },
    wrap: (store) => ({ ...store, recordIssued: diskFull, queueRevocation: diskFull }),
  });
  assert.equal((await send(REQUEST)).status, 503);
  assertLine(
    lines('revocation-not-taken')[0]!,
    'error',
    'the CA did not take the revocation: revoke this certificate there',
    `${REVOCATION} err`,
  );
});

test('a certificate of the CA that does not fit the request', async (t) => {
  const { certificate } = issuing;
  const issuer: Issuer = { issue: async () => ({ kind: 'issued', certificate, chain: [certificate] }) };
  const { send, lines } = await started(t, allows('none'), { issuer });
  await send(REQUEST);
  const [line] = lines('certificate-refused');
  const message = 'the CA made a certificate that does not fit the request: it is not delivered';
  assertLine(line!, 'error', message, `${REVOCATION} transactionId revoked err`);
  assert.deepEqual([line!['revoked'], line!['transactionId']], [false, TRANSACTION_ID]);
});

test('the revocation list of an earlier CA that cannot be read', async (t) => {
  const log = keptLog();
  const crl = { path: '/no/such/list.crl' };
  const renewalFrom = [earlierCa({ ca: readCaCertificate(issuing.certificate, NOW), crl }, logEvents(log))];
  const { send, lines } = await started(t, allows('none'), { renewalFrom });
  await send(await requestMessage({ signer: ra }));
  const line = JSON.parse(log.lines.at(-1)!) as Line;
  const message = 'the revocation list of an earlier CA could not be read';
  assertLine(line, 'warn', message, 'earlierCa list err');
  assert.deepEqual([line['earlierCa'], line['list']], ['CN=Test Issuing', crl.path]);
  assert.equal(lines('scep-request-answered')[0]!['outcome'], 'issued');
});

test('a revocation whose endpoint is gone', async (t) => {
  const store = await openSqliteStore({ path: ':memory:', clock: handClock() });
  const { certificate } = issuing;
  const at = new Date(0);
  await store.queueRevocation({ endpoint: '/gone', certificate, reason: 'superseded', at });
  const { line } = await started(t, allows('none'), { store });
  const gone = await line('revocation-without-endpoint');
  assertLine(gone, 'warn', 'revocation for an endpoint that is not configured', `${REVOCATION} attempts`);
  assert.equal(gone['endpoint'], '/gone');
});

/** Milliseconds for which the notification belongs to the request that recorded it. */
const LEASE = 90_000;

/** The process ends before it can record the acknowledgement. */
const forgetful = (store: Store): Store => ({
  ...store,
  acknowledgeNotification: () => Promise.reject(new Error('disk full')),
});

test('an enrolment that an earlier run did not finish', async (t) => {
  const { send, store, clock, stop } = await started(t, allows('strict'), { wrap: forgetful });
  assert.equal((await send(REQUEST)).status, 503);
  await stop();
  clock.forward(LEASE);
  const next = await started(t, allows('strict'), { store, clock });
  const recovered = await next.line('enrollment-recovered');
  assertLine(recovered, 'warn', 'finished what an earlier run left behind', `${NOTIFICATION} serial outcome`);
  assert.deepEqual([recovered['transactionId'], recovered['outcome']], [TRANSACTION_ID, 'issued']);
});

test('a strict notification without its certificate', async (t) => {
  const { send, store, clock, stop } = await started(t, allows('strict'), { wrap: forgetful });
  await send(REQUEST);
  await stop();
  clock.forward(LEASE);
  const wrap = (under: Store): Store => ({ ...under, findCertificate: async () => undefined });
  const damaged = await started(t, allows('strict'), { store, clock, wrap });
  assertLine(
    await damaged.line('notification-without-certificate'),
    'warn',
    'strict notification without its certificate: the store is damaged',
    `${NOTIFICATION} attempts`,
  );
});

test('background work that fails, a probe that fails, a list that cannot be made', async (t) => {
  const fails = () => Promise.reject(new Error('broken'));
  const { line, lines, get } = await started(t, allows('none'), {
    wrap: (store) => ({ ...store, claimNotifications: fails }),
    probes: [{ name: 'intune contoso', check: fails }],
    crls: new Map([['issuing', fails]]),
  });
  assertLine(
    await line('job-failed'),
    'error',
    'a background job failed and will be retried; no data was lost',
    'job err',
  );
  assert.deepEqual(
    lines('job-failed').map(({ job }) => job),
    ['notifications'],
  );
  await get('/readyz');
  const notReady = await line('not-ready');
  assertLine(notReady, 'error', 'not ready', 'probe err');
  assert.equal(notReady['probe'], 'intune contoso');
  await get('/crl/issuing.crl');
  assertLine(await line('revocation-list-failed'), 'error', 'a revocation list could not be made', 'path err');
});

test('a key elsewhere that fails, and that works again', async (t) => {
  const { log } = await started(t, allows('none'));
  const lineOf = (event: string): Line | undefined =>
    log.lines.map((text) => JSON.parse(text) as Line).find((line) => line['event'] === event);
  let reason: string | undefined = 'the HSM is away';
  t.after(watchKeys({ keys: new Map([['issuing', () => reason]]), emit: logEvents(log), every: 1 }));
  const failed = 'a key of an authority that lives elsewhere does not work: devices get PENDING and come again';
  assertLine(await until(() => lineOf('key-failed'), 'the fault'), 'error', failed, 'authority reason');
  reason = undefined;
  const works = await until(() => lineOf('key-works'), 'its end');
  assertLine(works, 'info', 'the keys of an authority work again', 'authority');
});

test('a CA product that cannot be used, and that can be used again', async (t) => {
  const { log } = await started(t, allows('none'));
  const lineOf = (event: string): Line | undefined =>
    log.lines.map((text) => JSON.parse(text) as Line).find((line) => line['event'] === event);
  let ok = false;
  const issue = () => Promise.reject(new Error('nothing is issued here'));
  const product = { issue, check: async () => ({ ok, detail: 'the token has ended' }) };
  t.after(watchIssuers({ products: new Map([['issuing', product]]), emit: logEvents(log), every: 1 }).end);
  const failed = 'the CA product of an authority cannot be used: devices get PENDING and come again';
  assertLine(await until(() => lineOf('issuer-failed'), 'the fault'), 'error', failed, 'authority reason');
  ok = true;
  const works = await until(() => lineOf('issuer-works'), 'its end');
  assertLine(works, 'info', 'the CA product of an authority can be used again', 'authority');
});

test('a CA product that should be changed, and that was changed', async (t) => {
  const { log } = await started(t, allows('none'));
  const lineOf = (event: string): Line | undefined =>
    log.lines.map((text) => JSON.parse(text) as Line).find((line) => line['event'] === event);
  let warnings = ['everybody may enrol'];
  const issue = () => Promise.reject(new Error('nothing is issued here'));
  const product = { issue, check: async () => ({ ok: true, detail: 'up', warnings }) };
  t.after(watchIssuers({ products: new Map([['issuing', product]]), emit: logEvents(log), every: 1 }).end);
  const warned = 'the CA product of an authority can be used, and something there should be changed';
  const line = await until(() => lineOf('issuer-warns'), 'the warning');
  assertLine(line, 'warn', warned, 'authority warnings');
  assert.deepEqual(line['warnings'], ['everybody may enrol']);
  warnings = [];
  const ended = await until(() => lineOf('issuer-warns-no-more'), 'its end');
  assertLine(ended, 'info', 'the CA product of an authority gives no warnings any more', 'authority');
});

test('what OCSP cannot do: an answer, and a signer that is not made or not kept', async (t) => {
  const { log } = await started(t, allows('none'));
  const lineOf = (event: string): Line =>
    log.lines.map((text) => JSON.parse(text) as Line).find((line) => line['event'] === event)!;
  const ocsp = new Map([['issuing', () => Promise.reject(new Error('gone'))]]);
  const app = await httpServer({ services: [], emit: logEvents(log), clock: handClock(), ocsp });
  t.after(() => app.close());
  await app.inject('/ocsp/issuing/MAA=');
  assertLine(lineOf('ocsp-failed'), 'error', 'an OCSP request could not be answered', 'path err');
  const answered = lineOf('ocsp-answered');
  assertLine(answered, 'debug', 'OCSP request answered', 'authority status');
  assert.deepEqual([answered['authority'], answered['status']], ['issuing', 'internalError']);
  const place = { read: async () => undefined, write: () => Promise.reject(new Error('read-only')) };
  const services = { emit: logEvents(log), clock: handClock() };
  const of = { authority: 'issuing', ca: issuing, kind: 'p256', place } as const;
  await signerKeeper(of, services).renew();
  const made = 'made a certificate that signs OCSP responses';
  assertLine(lineOf('ocsp-signer-made'), 'info', made, 'subject thumbprint ends replaced');
  const notKept = 'the certificate that signs OCSP responses could not be stored';
  assertLine(lineOf('ocsp-signer-not-kept'), 'warn', notKept, 'authority err');
  const key = { ...issuing.key, sign: () => Promise.reject(new Error('the HSM is gone')) };
  await signerKeeper({ ...of, ca: { ...issuing, key } }, services).renew();
  const notMade = 'a certificate that signs OCSP responses could not be made';
  assertLine(lineOf('ocsp-signer-not-made'), 'error', notMade, 'authority err');
});

test('a file with the key of a person: fetched, asked for in vain, and not to be had', async (t) => {
  const log = keptLog();
  const lineOf = (event: string): Line | undefined =>
    log.lines.map((text) => JSON.parse(text) as Line).find((line) => line['event'] === event);
  const answers = [
    async () => ({ name: 'a.p12', file: new Uint8Array(), endpoint: 'people', transactionId: 'pfx-1' }),
    async () => ({ refused: 'unknown' }) as const,
    () => Promise.reject(new Error('gone')),
  ];
  const fetchKey = () => answers.shift()!();
  const app = await httpServer({ services: [], emit: log.emit, clock: handClock(), fetchKey });
  t.after(() => app.close());
  for (let count = 0; count < 3; count++)
    await app.inject({ method: 'POST', url: '/pfx/', headers: { 'user-agent': 'curl' } });
  const http = 'method ip userAgent';
  const fetched = 'a file with the key of a person was fetched by its link';
  assertLine(lineOf('key-fetched')!, 'info', fetched, `${http} endpoint transactionId`);
  const refused = 'a file with the key of a person was asked for in vain';
  assertLine(lineOf('key-link-refused')!, 'info', refused, `${http} reason`);
  const failed = 'a file with the key of a person could not be given out';
  assertLine(lineOf('key-link-failed')!, 'error', failed, `${http} err`);
});

test('a call to a service of Microsoft', () => {
  const log = keptLog();
  log.emit({ event: 'intune-called', tenant: 'corp', call: 'token', result: 'refused', status: 400, ms: 12 });
  const line = JSON.parse(log.lines[0]!) as Line;
  assertLine(line, 'debug', 'a service of Microsoft was called', 'tenant call result status ms');
});

test('a CA that fails is named by how it fails', async (t) => {
  const adminText = 'the CA is down';
  const fault = new IssuerError({ code: 'unavailable', retryable: true, adminText, clientText: 'later' });
  const { send, lines } = await started(t, allows('none'), { issuer: { issue: () => Promise.reject(fault) } });
  await send(REQUEST);
  const [waiting] = lines('scep-request-answered');
  assertLine(waiting!, 'info', 'scep', `${PKI} subject reason issuerFault`);
  assert.deepEqual([waiting!['outcome'], waiting!['issuerFault']], ['pending', 'unavailable']);
});

test('a subscriber gets every event, and what it throws changes no answer', async (t) => {
  const events: string[] = [];
  const onEvent: ServerOptions['onEvent'] = ({ event }) => {
    events.push(event);
    throw new Error('metrics are down');
  };
  const { send, lines } = await started(t, allows('strict'), { onEvent });
  assert.equal((await send(REQUEST)).status, 200);
  assert.deepEqual(events, ['notification-acknowledged', 'scep-request-answered']);
  const [failed] = lines('subscriber-failed');
  assertLine(failed!, 'error', 'a subscriber of events failed; the request was not affected', 'failed err');
  assert.equal(lines('scep-request-answered')[0]!['outcome'], 'issued');
});

test('the administrator: passwords, wrong logins and tokens, and a store that fails', async (t) => {
  const { app, page, log } = await adminUnderTest(t);
  const last = (): Line => JSON.parse(log.lines.at(-1)!) as Line;
  const post = (headers: Record<string, string>, to = app) =>
    to.inject({ method: 'POST', url: '/api/challenges', headers, payload: { endpoint: PATH } });
  await page();
  assertLine(last(), 'info', 'challenge password', 'endpoint user ip outcome');
  await post(BEARER);
  assertLine(last(), 'info', 'challenge password', 'endpoint ip outcome');
  await post({ authorization: 'Bearer wrong' });
  assertLine(last(), 'warn', 'challenge API: wrong token', 'ip');
  await page(PAGE, { authorization: basic('ndes:wrong') });
  assertLine(last(), 'warn', 'administrator login failed', 'ip user');
  await page(PAGE, { authorization: basic('unknown:wrong') });
  assertLine(last(), 'warn', 'administrator login failed', 'ip');

  const failing = await adminUnderTest(t, {
    wrap: (store) => ({ ...store, addChallenge: () => Promise.reject(new Error('disk full')) }),
  });
  await failing.page();
  assertLine(JSON.parse(failing.log.lines.at(-1)!) as Line, 'error', 'the administrator page failed', 'err');
  await post(BEARER, failing.app);
  assertLine(JSON.parse(failing.log.lines.at(-1)!) as Line, 'error', 'challenge API failed', 'err');
});

test('an operation of the API that fails', async () => {
  const log = keptLog();
  const { ask } = await restServer({
    emit: logEvents(log),
    wrap: (store) => ({ ...store, listBlocks: () => Promise.reject(new Error('disk full')) }),
  });
  await ask({ method: 'GET', path: '/blocks', role: 'viewer' });
  assertLine(JSON.parse(log.lines.at(-1)!) as Line, 'error', 'API failed', 'operation err');
});

test('twenty wrong challenges within a minute, under any policy', async (t) => {
  const { send, lines } = await started(
    t,
    policyThat(() => ({ kind: 'deny', code: 'challenge_wrong', detail: 'no' })),
  );
  for (let n = 0; n < 20; n++) await send(await requestMessage({ transactionId: `T${n}` }));
  const [line, ...others] = lines('challenges-guessed');
  assert.equal(others.length, 0);
  assertLine(line!, 'warn', 'many wrong challenge passwords within a minute: they may be guesses', 'endpoint wrong');
});

test('`openndes serve`: a warning, an RA certificate that is made, start, two reloads and the end', async (t) => {
  const { config } = await installed(t, (text) => text.replace(/^( +)- path: .*$/m, '$&\n$1  legacy: [des]'));
  const serve = spawn(process.execPath, ['bin/openndes.mjs', 'serve', '--config', config]);
  t.after(() => serve.kill());
  /** What is done after a line of this event. */
  const then: Record<string, () => void> = {
    'server-started': () => void serve.kill('SIGHUP'),
    'configuration-reloaded': () => {
      writeFileSync(config, 'nothing: here\n');
      serve.kill('SIGHUP');
    },
    'configuration-not-reloaded': () => void serve.kill('SIGTERM'),
  };
  const lines: Line[] = [];
  for await (const text of createInterface(serve.stderr)) {
    lines.push(JSON.parse(text) as Line);
    then[String(lines.at(-1)!['event'])]?.();
  }
  const expected: [level: keyof typeof LEVELS, message: string, fields: string][] = [
    ['warn', 'configuration warning', 'warning'],
    ['info', 'made an RA certificate', 'subject thumbprint replaced'],
    ['info', 'started', 'version listeners'],
    ['warn', 'configuration warning', 'warning'],
    ['info', 'loaded the configuration again', 'endpoints'],
    ['error', 'the configuration could not be loaded again; the one of before stays', 'err'],
    ['info', 'stopping: no new requests after the drain, and running ones are finished', 'version drain'],
    ['info', 'stopped', 'version'],
  ];
  assert.equal(lines.length, expected.length);
  for (const [index, line] of expected.entries()) assertLine(lines[index]!, ...line);
});

test('`openndes serve`: a rejection and an exception that no code handles', async (t) => {
  const { url, exit, lines } = await faultyServer(t);
  for (const challenge of ['reject', 'throw']) await enrolled(url, { challenge });
  await exit;
  const line = (event: string): Line => lines().find((each) => each.event === event) as unknown as Line;
  const REJECTION = 'a promise was rejected and nothing handled it; the server goes on';
  assertLine(line('rejection-unhandled'), 'error', REJECTION, 'err');
  const EXCEPTION = 'an exception was not caught: the server finishes its running requests and ends';
  assertLine(line('exception-uncaught'), 'error', EXCEPTION, 'err');
});

test('`openndes serve`: a thread that ends by a fault of its own', async (t) => {
  const { child, lines } = await faultyServer(t);
  child.kill('SIGUSR2');
  const ended = (): Line[] => lines().filter(({ event }) => event === 'thread-ended');
  for (const end = performance.now() + 20_000; ended().length < 2 && performance.now() < end; ) await pause(50);
  const ENDED = 'a thread ended by itself: its requests got 503, and it is started again';
  assert.equal(ended().length, 2);
  for (const line of ended()) assertLine(line, 'error', ENDED, 'err');
  assert.match(JSON.stringify(ended()[0]), /a fault of the thread/);
});

test('`openndes serve`: no control character reaches the log, and a refused request is a short line without stack', async (t) => {
  const { url, child, exit, lines, text } = await faultyServer(t);
  const { port, pathname } = new URL(url);
  await raw(
    Number(port),
    Buffer.from(`GET ${pathname}?operation=x HTTP/1.0\r\nUser-Agent: a\x9b31m\x85\r\n\r\n`, 'latin1'),
  );
  await raw(
    Number(port),
    `POST ${pathname}?operation=PKIOperation HTTP/1.0\r\nContent-Length: 6\r\n\r\n`,
    Buffer.from('30820fff0601', 'hex'),
  );
  for (let waits = 0; waits < 250 && !text().includes('message_undecodable'); waits++) await pause(20);
  child.kill();
  await exit;
  assert.doesNotMatch(text(), /[\u007f-\u009f\u2028\u2029]/);
  const line = lines().find(({ event }) => event === 'scep-request-refused') as unknown as Line;
  assert.equal(line['userAgent'], 'a\u009b31m\u0085');
  assert.deepEqual(line['err'], {
    type: 'HttpError',
    message: 'operation "x"',
    code: 'operation_unknown',
    name: 'HttpError',
  });
  const truncated = lines().findLast(({ event }) => event === 'scep-request-refused');
  assert.deepEqual((truncated as unknown as Line)['err'], {
    type: 'HttpError',
    message: 'length exceeds the input at offset 4',
    code: 'message_undecodable',
    name: 'HttpError',
  });
  assert.ok(
    text()
      .split('\n')
      .find((each) => each.includes('operation_unknown'))!.length < 600,
  );
});

test('many refusals of one address: ten lines, and after a minute one that says how many more', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const log = keptLog();
  const refusal = { method: 'GET', userAgent: undefined, path: '/scep', status: 400, err: new Error('x') } as const;
  for (let n = 0; n < 500; n++)
    log.emit({ event: 'scep-request-refused', ip: '203.0.113.1', code: 'operation_unknown', ...refusal });
  log.emit({ event: 'scep-request-refused', ip: '203.0.113.2', code: 'operation_unknown', ...refusal });
  assert.equal(log.lines.length, 11);
  t.mock.timers.tick(60_000);
  assert.equal(log.lines.length, 12);
  const line = JSON.parse(log.lines[11]!) as Line;
  assertLine(line, 'warn', 'more requests were refused than have a line in the log', 'ip code number');
  assert.deepEqual([line['ip'], line['code'], line['number']], ['203.0.113.1', 'operation_unknown', 490]);
  // Addresses without number: they are counted together.
  for (let n = 0; n < 3_000; n++)
    log.emit({ event: 'scep-request-refused', ip: `10.0.${n >> 8}.${n & 255}`, code: 'operation_unknown', ...refusal });
  assert.equal(log.lines.length, 12 + 1_000 + 10);
});

test('a request beyond those that may run is deferred: a warning', async (t) => {
  const { send, lines } = await started(t, allows('none'), { mostRunning: 0 });
  assert.equal((await send(REQUEST)).status, 503);
  const FIELDS = 'method ip userAgent path endpoint status code err';
  assertLine(lines('scep-request-deferred')[0]!, 'warn', 'scep request deferred: the client is to come again', FIELDS);
});

test('overload is a warning at once, then once a minute with the number of refusals, and over after a minute without one', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const log = keptLog();
  const count = overloadWatch(log.emit);
  const load = () => ({ endpoint: '/scep', running: 512, most: 512, queued: 7, answerMs: 9_900, full: true });
  const refuse = (times: number): void => Array.from({ length: times }).forEach(() => count(load));
  const lines = () => log.lines.map((text) => JSON.parse(text) as Line);
  refuse(100);
  assert.equal(log.lines.length, 1);
  t.mock.timers.tick(60_000);
  refuse(3);
  t.mock.timers.tick(60_000);
  t.mock.timers.tick(60_000);
  t.mock.timers.tick(600_000);
  refuse(1);
  const FIELDS = 'endpoint refused running queued answerMs';
  const [first, second, third, over, again, ...more] = lines();
  for (const line of [first!, second!, third!, again!])
    assertLine(line, 'warn', 'overload: requests are refused with 503', FIELDS);
  assert.deepEqual(
    [first, second, third, again].map((line) => line!['refused']),
    [1, 99, 3, 1],
  );
  assert.deepEqual([first!['endpoint'], first!['queued'], first!['answerMs']], ['/scep', 7, 9_900]);
  assertLine(over!, 'info', 'overload is over: no request was refused for a minute', 'endpoint');
  assert.equal(more.length, 0);
});

test('`openndes serve`: a CA that ends, one that has ended, and an endpoint that is not served for it', async (t) => {
  const { folder, config } = await installed(t, (text) =>
    text
      .replace('authorities:\n', 'authorities:\n  old: { certificate: old.pem, key: "file:old.key.pem", ra: none }\n')
      .replace(
        'authorities:\n',
        'authorities:\n  soon: { certificate: soon.pem, key: "file:soon.key.pem", ra: none }\n',
      )
      .replace(
        'endpoints:\n',
        'endpoints:\n  - { path: /old, authority: old, profile: device, policy: { static: abcdefgh } }\n  - { path: /soon, authority: soon, profile: device, policy: { static: abcdefgh } }\n',
      ),
  );
  for (const [name, begun, validity] of [
    ['old', 100 * DAY, 50 * DAY],
    ['soon', 150 * DAY, 200 * DAY],
  ] as const) {
    const key = generateKey('rsa-2048');
    const clock = () => new Date(systemClock().getTime() - begun);
    const plan = { subject: `CN=${name}`, key, validity, backdate: 0, clock, random: systemRandom };
    writeFileSync(join(folder, `${name}.pem`), certificatePem(await createRoot(plan)));
    writeFileSync(join(folder, `${name}.key.pem`), privateKeyPem(key.privateKey), { mode: 0o600 });
  }
  const serve = spawn(process.execPath, ['bin/openndes.mjs', 'serve', '--config', config]);
  t.after(() => serve.kill());
  const lines = new Map<unknown, Line>();
  const ofSoon: unknown[] = [];
  for await (const text of createInterface(serve.stderr)) {
    const line = JSON.parse(text) as Line;
    lines.set(line['event'], line);
    if (text.includes('CN=soon')) ofSoon.push(line['event']);
    if (lines.has('certificate-ends') && lines.has('certificate-not-in-force') && lines.has('ra-made')) break;
  }
  assertLine(lines.get('endpoint-not-served')!, 'error', 'an endpoint is not served', 'endpoint err');
  assertLine(
    lines.get('certificate-ends')!,
    'warn',
    'a certificate, revocation list or client secret ends soon',
    'what subject ends days',
  );
  assert.deepEqual(ofSoon, ['certificate-ends']);
  const ended = lines.get('certificate-not-in-force')!;
  assertLine(
    ended,
    'error',
    'a certificate, revocation list or client secret is not in force',
    'what subject standing begins ends',
  );
  assert.deepEqual([ended['what'], ended['subject']], ['authority old: issuing CA', 'CN=old']);
});

test('an automatic RA that cannot be renewed', async () => {
  const log = keptLog();
  const keeper = { current: () => assert.fail(), automatic: true, renew: () => Promise.reject(new Error('read-only')) };
  const { job } = watch({ watched: () => [], keepers: [keeper], crls: new Map(), clock: handClock(), emit: log.emit });
  await job.run(new AbortController().signal);
  assertLine(JSON.parse(log.lines[0]!) as Line, 'error', 'an automatic RA could not be renewed', 'err');
});

test('a tenant that cannot be used, one that can be used again, and a clock that differs from that of Entra', async (t) => {
  const tenant = await fakeTenant();
  t.after(() => tenant.close());
  const log = keptLog();
  const clients = new Map([['corp', tenant.client({ timeouts: { retries: 0 } })]]);
  const { run } = tenantWatch({ clients, clock: handClock(), emit: log.emit });
  const last = (): Line => JSON.parse(log.lines.at(-1)!) as Line;
  tenant.answer('token', { status: 500, json: {} });
  await run(new AbortController().signal);
  assertLine(last(), 'error', 'a tenant cannot be used', 'tenant hop remedy err');
  await run(new AbortController().signal);
  assertLine(last(), 'info', 'a tenant can be used again', 'tenant');
  clockReport(handClock(), log.emit)(new Date(0));
  assertLine(last(), 'warn', 'the clock of this machine differs from that of Entra ID', 'seconds');
});

test('certificates that an operator revoked', () => {
  const log = keptLog();
  log.emit({ event: 'certificates-revoked', source: 'page', reason: 'superseded', number: 3 });
  assertLine(JSON.parse(log.lines[0]!) as Line, 'info', 'an operator revoked certificates', 'source reason number');
});

test('a directory that was listed, a certificate that it revoked, and others that wait', async (t) => {
  const store = await openSqliteStore({ path: ':memory:', clock: systemClock });
  t.after(() => store.close());
  for (const n of [1, 2]) {
    const { certificate } = issuanceFor(n);
    const valid = { ...certificate, notAfter: new Date(systemClock().getTime() + DAY) };
    await store.importCertificate({ certificate: valid, names: namesFor(n), audit: auditFor(n, 'imported') });
  }
  const log = keptLog();
  const there = new Set(['0000-1', '0000-2', '0000-3']);
  const objects = () => new Map([...there].map((id) => [id, { id, name: '', there: true }]));
  const work = {
    store,
    clock: systemClock,
    emit: log.emit,
    tenant: 'corp',
    endpoints: [ENDPOINT],
    rules: { every: 0, limit: 1 },
    list: async (kind: string) => ({ full: true, objects: kind === 'managed' ? objects() : new Map() }),
  };
  const run = () => directoryTurn(work, new AbortController().signal);
  await run();
  there.delete('0000-1');
  there.delete('0000-2');
  await run();
  await run();
  const lines = new Map(log.lines.map((text) => JSON.parse(text) as Line).map((line) => [line['event'], line]));
  assertLine(
    lines.get('directory-listed')!,
    'info',
    'the directory of a tenant was listed completely',
    'tenant listing there gone',
  );
  assertLine(
    lines.get('directory-revoked')!,
    'warn',
    'a certificate was revoked because its device or user is gone',
    'tenant endpoint serial why',
  );
  assertLine(
    lines.get('directory-waits')!,
    'warn',
    'more certificates than the bound allows are to be revoked by the directory, and they wait for approval',
    'tenant certificates',
  );
});

test('what Intune asks to revoke: the counts, what is left alone, and results that it does not take', async (t) => {
  const log = keptLog();
  const clock = handClock();
  const store = await openSqliteStore({ path: ':memory:', clock });
  t.after(() => store.close());
  const requests = [{ requestContext: 'r', serialNumber: '0a', issuerName: 'CN=Other CA' }];
  const client = {
    downloadRevocationRequests: async () => ({ batch: 'b', requests }),
    uploadRevocationResults: async () => false,
  };
  const poll = (sole: boolean) =>
    revocationPoller({
      tenants: [{ name: 'corp', client, sole, foreignEndpoints: [] }],
      issuers: [],
      store,
      clock,
      emit: log.emit,
    });
  const line = (back: number): Line => JSON.parse(log.lines.at(-back)!) as Line;
  await poll(false).run(new AbortController().signal);
  assertLine(line(2), 'info', 'Intune asked for revocations', 'tenant revoked already unknown unreadable foreign');
  assertLine(
    line(1),
    'warn',
    'Intune asked for revocations of other issuers: they are left alone',
    'tenant number issuers',
  );
  clock.forward(2 * 3_600_000);
  await assert.rejects(poll(true).run(new AbortController().signal), /Intune did not take the results/);
  clock.forward(14 * 86_400_000);
  await poll(true)
    .run(new AbortController().signal)
    .catch(() => undefined);
  const given = log.lines
    .map((text) => JSON.parse(text) as Line)
    .find(({ event }) => event === 'revocation-results-given-up');
  assertLine(
    given!,
    'error',
    'Intune does not take the results of revocation requests, for 14 days: they are given up',
    'tenant requests',
  );
});

test('old records that were removed are counted by kind', async (t) => {
  const log = keptLog();
  const store = await openSqliteStore({ path: ':memory:', clock: handClock() });
  t.after(() => store.close());
  await store.recordIssued(issuanceFor(1));
  await chained(store);
  const keep = { der: DAY, transactions: DAY, audit: DAY };
  const clock = () => new Date('2100-01-01');
  await oldRecordsJob({ keep, store, clock, emit: log.emit }).run(new AbortController().signal);
  const line = JSON.parse(log.lines[0]!) as Line;
  assertLine(line, 'info', 'records were removed after the time that `keep` gives them', 'transactions der audit');
  assert.deepEqual([line['transactions'], line['der'], line['audit']], [1, 1, 1]);
});

test('attempts that the trace lacks are a warning', async () => {
  const log = keptLog();
  const store = failingStore(new Error('disk full'));
  const { observe, close } = startTracing({ trace: TRACE, store, clock: handClock(), emit: log.emit })!;
  observe({ event: 'request-line-too-long', ip: '192.0.2.1', limit: 9 });
  observe({
    event: 'path-unknown',
    method: 'GET',
    ip: '192.0.2.1',
    userAgent: 'a',
    path: '/x',
    operation: 'GetCACert',
  });
  await close();
  const line = JSON.parse(log.lines[0]!) as Line;
  assertLine(line, 'warn', 'attempts of devices are missing in the trace', 'number err');
  assert.equal(line['number'], 1);
});

const TRACE = { days: 1, perDevice: 10, perEndpoint: 1_000 };

/** A store that fails. */
const failingStore = (error: Error) => ({
  recordAttempts: () => Promise.reject(error),
  findAttempts: () => Promise.reject(error),
  listAttemptNames: () => Promise.reject(error),
  trimAttempts: () => Promise.reject(error),
  trimEndpoints: () => Promise.reject(error),
  removeAttempts: () => Promise.reject(error),
  findHourCounts: () => Promise.reject(error),
  removeHourCounts: () => Promise.reject(error),
});

test('docs/log.md lists the events that were seen above, and no others', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/log.md'), 'utf8');
  const documented = [...page.matchAll(/^## ([a-z-]+)$/gm)].map(([, event]) => event);
  assert.deepEqual(documented.toSorted(), [...seen].toSorted());
});
