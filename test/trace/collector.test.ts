/** The collector: what it takes, what it counts, and that nothing it does reaches a request. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceAttempt } from '../../src/core/attempt-store.ts';
import type { HourCount } from '../../src/core/hour-counts.ts';
import { REQUEST_NAMES, type ServerEvent } from '../../src/core/events.ts';
import { HttpError } from '../../src/core/errors.ts';
import { type CollectorOptions, traceCollector } from '../../src/trace/collector.ts';

const NOON = new Date('2026-11-27T12:00:00Z');
const HTTP = { method: 'POST', ip: '192.0.2.1', userAgent: 'agent/1' };

const answered = (more: object = {}): ServerEvent => ({
  event: 'scep-request-answered',
  ...HTTP,
  endpoint: '/scep',
  operation: 'PKIOperation',
  outcome: 'issued',
  messageType: 'PKCSReq',
  transactionId: 'T1',
  subject: 'CN=one',
  serial: 'ab',
  thumbprint: 'FF',
  ms: 7,
  [REQUEST_NAMES]: [{ kind: 'cn', value: 'one' }],
  ...more,
});
const asked = (operation: string, more: object = {}): ServerEvent => ({
  event: 'scep-request-answered',
  ...HTTP,
  method: 'GET',
  endpoint: '/scep',
  operation,
  ms: 1,
  ...more,
});
const broken = (more: object = {}): ServerEvent => ({
  event: 'scep-request-refused',
  ...HTTP,
  path: '/scep',
  status: 400,
  code: 'message_undecodable',
  err: new HttpError('message_undecodable', 'no SEQUENCE'),
  ...more,
});

type Fault = CollectorOptions['store']['recordAttempts'];

function collecting(options: Partial<CollectorOptions> = {}, record?: Fault) {
  const written: DeviceAttempt[][] = [];
  const trimmed: [string, number][] = [];
  const said: ServerEvent[] = [];
  const clock = { now: NOON };
  const collector = traceCollector({
    store: {
      recordAttempts: record ?? (async (attempts) => void written.push([...attempts])),
      async trimAttempts(name, keep) {
        trimmed.push([name, keep]);
        return 0;
      },
    },
    perDevice: 100,
    clock: () => clock.now,
    emit: (event) => void said.push(event),
    ...options,
  });
  return { ...collector, written, trimmed, said, clock };
}

test('an answered PKIOperation is an attempt with its names, and nothing else of the facts', async () => {
  const { observe, flush, written } = collecting();
  observe(
    answered({
      intuneCode: 'Success',
      clientRequestId: 'c-1',
      intuneActivityId: 'a-1',
      challenge: 'SECRET',
      err: new Error('SECRET'),
    }),
  );
  await flush();
  assert.deepEqual(written, [
    [
      {
        at: NOON,
        times: 1,
        ms: 7,
        endpoint: '/scep',
        operation: 'PKIOperation',
        outcome: 'issued',
        messageType: 'PKCSReq',
        transactionId: 'T1',
        subject: 'CN=one',
        serial: 'ab',
        thumbprint: 'FF',
        intuneCode: 'Success',
        clientRequestId: 'c-1',
        activityId: 'a-1',
        address: '192.0.2.1',
        userAgent: 'agent/1',
        names: [{ kind: 'cn', value: 'one' }],
      },
    ],
  ]);
});

test('a fact of a policy that is no text is left out, and a long one is cut', async () => {
  const { observe, flush, written } = collecting();
  observe(answered({ intuneCode: { secret: 1 }, detail: 'x'.repeat(1000), subject: 'y'.repeat(1000) }));
  await flush();
  const [attempt] = written.flat();
  assert.equal(attempt?.intuneCode, undefined);
  assert.deepEqual([attempt?.detail?.length, attempt?.subject?.length], [400, 512]);
});

test('equal questions of one client that come together are one attempt, and two messages are two', async () => {
  const { observe, flush, written, clock } = collecting();
  observe(asked('GetCACert', { ms: 3 }));
  clock.now = new Date(NOON.getTime() + 500);
  observe(asked('GetCACert', { ms: 2 }));
  observe(asked('GetCACert', { ip: '192.0.2.2' }));
  observe(asked('GetCACaps'));
  observe(answered());
  observe(answered());
  await flush();
  assert.deepEqual(
    written.flat().map(({ operation, address, times, ms, lastAt }) => [operation, address, times, ms, lastAt]),
    [
      ['GetCACert', '192.0.2.1', 2, 3, clock.now],
      ['GetCACert', '192.0.2.2', 1, 1, undefined],
      ['GetCACaps', '192.0.2.1', 1, 1, undefined],
      ['PKIOperation', '192.0.2.1', 1, 7, undefined],
      ['PKIOperation', '192.0.2.1', 1, 7, undefined],
    ],
  );
});

test('what no SCEP client sends is counted and not stored, and a page for browsers is not even counted', async () => {
  const { observe, flush, written, counts } = collecting();
  observe(broken());
  observe(broken({ code: 'operation_unknown' }));
  observe({ event: 'path-unknown', ...HTTP, path: '/wp-login.php' });
  observe({ event: 'request-line-too-long', ip: '192.0.2.1', limit: 9 });
  observe(asked('landing'));
  observe({ event: 'server-stopped', version: '1' });
  await flush();
  assert.deepEqual(written, []);
  assert.deepEqual(counts(), { recorded: 0, lost: 0, garbage: 4, waiting: 0 });
});

test('octets that are no message are an attempt where the client asked for a CA certificate within ten minutes', async () => {
  const { observe, flush, written, clock, counts } = collecting();
  observe(asked('GetCACert'));
  clock.now = new Date(NOON.getTime() + 599_000);
  observe(broken({ method: 'GET', operation: 'PKIOperation' }));
  observe(broken({ ip: '192.0.2.2' }));
  clock.now = new Date(NOON.getTime() + 601_000);
  observe(broken());
  await flush();
  const [, attempt] = written.flat();
  assert.deepEqual(attempt, {
    at: new Date(NOON.getTime() + 599_000),
    times: 1,
    ms: 0,
    endpoint: '/scep',
    operation: 'PKIOperation',
    outcome: 'refused',
    status: 400,
    code: 'message_undecodable',
    detail: 'no SEQUENCE',
    address: '192.0.2.1',
    userAgent: 'agent/1',
    names: [],
  });
  assert.deepEqual(counts(), { recorded: 2, lost: 0, garbage: 2, waiting: 0 });
});

test('deferred and failed requests, and an operation at a wrong path, are attempts', async () => {
  const { observe, flush, written } = collecting();
  const cause = new Error('disk full');
  observe(broken({ event: 'scep-request-deferred', status: 503, code: 'overloaded', err: new Error('busy') }));
  observe(broken({ event: 'scep-request-failed', status: 503, code: 'unavailable', err: new Error('no', { cause }) }));
  observe({ event: 'path-unknown', ...HTTP, path: '/scpe', operation: 'GetCACert' });
  await flush();
  assert.deepEqual(
    written.flat().map(({ outcome, endpoint, status, code, detail }) => [outcome, endpoint, status, code, detail]),
    [
      ['deferred', '/scep', 503, 'overloaded', 'busy'],
      ['failed', '/scep', 503, 'unavailable', 'no: disk full'],
      ['refused', '', 404, 'path_unknown', 'nothing is served at /scpe'],
    ],
  );
});

test('when the store is down attempts are lost and counted, said once a minute, and the next ones are written', async () => {
  let down = true;
  const written: number[] = [];
  const { observe, flush, said, counts, clock } = collecting({}, async (attempts) => {
    if (down) throw new Error('disk full');
    written.push(attempts.length);
  });
  observe(answered());
  observe(answered());
  await flush();
  clock.now = new Date(NOON.getTime() + 59_000);
  observe(answered());
  await flush();
  clock.now = new Date(NOON.getTime() + 61_000);
  observe(answered());
  await flush();
  assert.deepEqual(
    said.map((event) => event.event === 'attempts-lost' && [event.number, String(event.err)]),
    [
      [2, 'Error: disk full'],
      [2, 'Error: disk full'],
    ],
  );
  down = false;
  observe(answered());
  await flush();
  assert.deepEqual(written, [1]);
  assert.deepEqual(counts(), { recorded: 1, lost: 4, garbage: 0, waiting: 0 });
});

test('when more wait than may, the further ones are lost', async () => {
  const { observe, flush, written, said, counts } = collecting({ most: 2 });
  for (let n = 0; n < 5; n++) observe(answered());
  assert.deepEqual(counts(), { recorded: 0, lost: 3, garbage: 0, waiting: 2 });
  await flush();
  assert.equal(written.flat().length, 2);
  assert.deepEqual(said, [{ event: 'attempts-lost', number: 1 }]);
});

test('many are written in several transactions', async () => {
  const { observe, flush, written } = collecting();
  for (let n = 0; n < 600; n++) observe(answered());
  await flush();
  assert.deepEqual(
    written.map(({ length }) => length),
    [250, 250, 100],
  );
});

test('while one batch is written, another call waits for it and writes nothing', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let calls = 0;
  const { observe, flush, counts } = collecting({}, () => {
    calls++;
    return promise;
  });
  observe(answered());
  const first = flush();
  observe(answered());
  const second = flush();
  resolve();
  await Promise.all([first, second]);
  assert.deepEqual([calls, counts().waiting], [1, 1]);
});

test('of a device with many attempts those beyond the bound are removed, now and then', async () => {
  const { observe, flush, trimmed } = collecting({ perDevice: 30 });
  const device = [
    { kind: 'cn', value: 'PC-1' },
    { kind: 'intuneDeviceId', value: 'ABCD' },
  ];
  for (let n = 0; n < 7; n++) observe(answered({ [REQUEST_NAMES]: device }));
  for (let n = 0; n < 2; n++) observe(answered());
  for (let n = 0; n < 9; n++) observe(asked('GetCACert'));
  await flush();
  assert.deepEqual(trimmed, [
    ['abcd', 30],
    ['abcd', 30],
  ]);
});

test('each request is counted in its hour by endpoint and outcome, and polls that go on waiting are not', async () => {
  const counted: (readonly HourCount[] | undefined)[] = [];
  const { observe, flush, clock } = collecting({}, async (_attempts, counts) => void counted.push(counts));
  clock.now = new Date('2026-11-27T12:59:59Z');
  observe(asked('GetCACert'));
  observe(answered());
  observe(answered({ outcome: 'repeated' }));
  observe(answered({ outcome: 'pending' }));
  observe(answered({ outcome: 'pending', messageType: 'CertPoll' }));
  observe(broken({ event: 'scep-request-deferred', code: 'overloaded', status: 503, path: '/scep/chosen' }));
  clock.now = new Date('2026-11-27T13:00:01Z');
  observe(answered({ outcome: 'refused' }));
  observe(broken({ event: 'scep-request-failed', code: 'unavailable', status: 503, endpoint: '/scep' }));
  await flush();
  const noon = new Date('2026-11-27T12:00:00Z');
  assert.deepEqual(counted, [
    [
      { hour: noon, endpoint: '/scep', outcome: 'issued', number: 1 },
      { hour: noon, endpoint: '/scep', outcome: 'waiting', number: 1 },
      { hour: noon, endpoint: '', outcome: 'waiting', number: 1 },
      { hour: new Date('2026-11-27T13:00:00Z'), endpoint: '/scep', outcome: 'refused', number: 2 },
    ],
  ]);
});

test('what is lost as an attempt is counted all the same, and written once the store works again', async () => {
  let down = true;
  const counted: (number | undefined)[] = [];
  const { observe, flush, counts } = collecting({ most: 2 }, async (_attempts, hours) => {
    if (down) throw new Error('disk full');
    counted.push(hours?.[0]?.number);
  });
  for (let n = 0; n < 5; n++) observe(answered());
  await flush();
  assert.equal(counts().lost, 5);
  down = false;
  await flush();
  await flush();
  assert.deepEqual(counted, [5]);
});
