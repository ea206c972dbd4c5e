/** Looking up a device: what is joined, what is not, and the ten stories of a device that has no certificate. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceAttempt } from '../../src/core/attempt-store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { type AttemptChanges, attemptFor } from '../../src/testing/store-attempts.ts';
import { issuanceFor, later, NOON } from '../../src/testing/store-samples.ts';
import { type LookedUp, lookUp } from '../../src/trace/look-up.ts';

async function storeWith(...attempts: DeviceAttempt[]) {
  const store = await openSqliteStore({ path: ':memory:', clock: () => NOON });
  await store.recordAttempts(attempts);
  return store;
}

/** A question from the address of device 1. */
const asked = (second: number, operation = 'GetCACert', more: Partial<DeviceAttempt> = {}): DeviceAttempt => ({
  at: later(second),
  times: 1,
  ms: 1,
  endpoint: '/scep',
  operation,
  outcome: 'answered',
  address: '192.0.2.1',
  userAgent: 'agent/1',
  names: [],
  ...more,
});
/** A request of device 1. */
const sent = (second: number, more: AttemptChanges = {}): DeviceAttempt =>
  attemptFor(1, { at: later(second), ...more });

async function found(query: string, ...attempts: DeviceAttempt[]): Promise<LookedUp> {
  const store = await storeWith(...attempts);
  try {
    return await lookUp(query, { store });
  } finally {
    await store.close();
  }
}

async function traced(query: string, ...attempts: DeviceAttempt[]) {
  const result = await found(query, ...attempts);
  if (result.kind !== 'trace') return assert.fail(`${result.kind}: ${JSON.stringify(result)}`);
  return result.trace;
}

const stepsOf = async (query: string, ...attempts: DeviceAttempt[]) =>
  (await traced(query, ...attempts)).steps.map(({ at, joined }) => [(at.getTime() - NOON.getTime()) / 1000, joined]);

test('a device is found by each of its names, and all of its requests are joined in their order', async () => {
  for (const query of ['device-1', ' USER1@example.com ', 't1', '192.0.2.1'])
    assert.deepEqual(
      await stepsOf(query, sent(20), sent(30, { transactionId: 'T9' }), attemptFor(2)),
      [
        [20, 'name'],
        [30, 'name'],
      ],
      query,
    );
});

test('polls of the same transaction are joined, and those of another device are not', async () => {
  const poll = { names: [], messageType: 'CertPoll', address: '198.51.100.7' };
  assert.deepEqual(await stepsOf('device-1', sent(10), sent(20, poll), sent(30, { ...poll, transactionId: 'T2' })), [
    [10, 'name'],
    [20, 'transaction'],
  ]);
});

test('what came from the same address and program within ten minutes before is joined as such, and nothing else', async () => {
  assert.deepEqual(
    await stepsOf(
      'device-1',
      asked(0),
      asked(5, 'GetCACert', { userAgent: 'another' }),
      asked(6, 'GetCACert', { address: '192.0.2.9' }),
      asked(60, 'GetCACaps'),
      sent(601),
      asked(700),
      attemptFor(2, { at: later(599), address: '192.0.2.1' }),
    ),
    [
      [60, 'address'],
      [601, 'name'],
    ],
  );
});

test('an address with several devices lists them with their last request', async () => {
  const result = await found(
    '192.0.2.1',
    asked(1),
    sent(2),
    attemptFor(2, { address: '192.0.2.1', outcome: 'issued', code: undefined }),
  );
  assert.equal(result.kind, 'devices');
  if (result.kind !== 'devices') return;
  assert.deepEqual(
    result.devices.map(({ name, label, attempts, last }) => [name, label, attempts, last.outcome]),
    [
      ['device-2', 'Device-2', 1, 'issued'],
      ['device-1', 'Device-1', 1, 'refused'],
    ],
  );
  assert.equal(result.silent?.verdict.state, 'silent');
});

test('a beginning lists what begins so, and opens the only one', async () => {
  const result = await found('dev', sent(1), attemptFor(2));
  assert.deepEqual(result, { kind: 'names', names: ['device-1', 'device-2'] });
  assert.equal((await traced('device-2', sent(1), attemptFor(2))).label, 'Device-2');
  assert.deepEqual(await found('zzz', sent(1)), { kind: 'names', names: [] });
  assert.deepEqual(await found('  ', sent(1)), { kind: 'names', names: [] });
});

test('a name with blanks at its ends is found by its beginning', async () => {
  const names = [{ kind: 'cn', value: ' pc 7 ' } as const];
  assert.deepEqual(await found('pc', sent(1, { names })), { kind: 'names', names: [] });
  const blank = await traced('pc 7', sent(1, { names: [{ kind: 'cn', value: 'pc 7 ' }] }));
  assert.equal(blank.name, 'pc 7 ');
});

test('a device is found by the serial number of its certificate, with colons, blanks and zeros, and by an id in braces', async () => {
  const { certificate, ...issuance } = issuanceFor(1);
  const store = await storeWith(
    sent(1, { outcome: 'issued', code: undefined, serial: '0d3678079852' }),
    sent(2, { transactionId: 'T2' }),
  );
  await store.recordIssued({
    ...issuance,
    certificate: { ...certificate, serial: '0d3678079852', transactionId: 'T1' },
  });
  for (const query of ['0D:36:78:07:98:52', 'd3678079852', '0d 36 78 07 98 52', '0d3678079852'.padStart(42, '0')]) {
    const result = await lookUp(query, { store });
    assert.equal(result.kind === 'trace' && result.trace.steps.length, 2, query);
  }
  assert.deepEqual(await lookUp('d367807985', { store }), { kind: 'names', names: [] });
  await store.close();
  const id = { kind: 'intuneDeviceId', value: '0f6e2b34-0000-4000-8000-000000000001' } as const;
  assert.equal((await traced(`{${id.value.toUpperCase()}}`, sent(1, { names: [id] }))).name, id.value);
});

test('a device is found by the thumbprint of its certificate, SHA-1 and SHA-256, as Windows and openssl write it', async () => {
  const { certificate, ...issuance } = issuanceFor(1);
  const store = await storeWith(
    sent(1, { outcome: 'issued', code: undefined, serial: certificate.serial }),
    sent(2, { transactionId: 'T2' }),
  );
  const thumbprint = '00ABCDEF0123456789ABCDEF0123456789ABCDEF';
  const thumbprintSha256 = 'ab01'.repeat(16);
  await store.recordIssued({
    ...issuance,
    certificate: { ...certificate, transactionId: 'T1', thumbprint, thumbprintSha256 },
  });
  const spaced = thumbprint.toLowerCase().replace(/..(?=.)/g, '$& ');
  for (const query of [thumbprint, `\u200e${spaced}`, thumbprintSha256, 'AB:01:'.repeat(16).slice(0, -1)]) {
    const result = await lookUp(query, { store });
    assert.equal(result.kind === 'trace' && result.trace.steps.length, 2, query);
  }
  for (const query of [
    thumbprint.slice(1),
    thumbprint.slice(2),
    thumbprintSha256.slice(0, 40),
    `${'0'.repeat(24)}${thumbprint}`,
  ])
    assert.deepEqual(await lookUp(query, { store }), { kind: 'names', names: [] }, query);
  await store.close();
});

test('what happened at an endpoint outside of the reach is not there', async () => {
  const store = await storeWith(sent(1), attemptFor(2, { endpoint: '/other' }));
  const sees = (endpoint: string): boolean => endpoint === '/other';
  assert.deepEqual(await lookUp('device-1', { store, sees }), { kind: 'names', names: [] });
  const own = await lookUp('device', { store, sees });
  assert.equal(own.kind === 'trace' && own.trace.name, 'device-2');
  await store.close();
});

const refused = (code: string, more: AttemptChanges = {}) => [asked(0), sent(5, { code, ...more })];
const waits = (reason: string) => [
  asked(0),
  sent(5, { outcome: 'pending', code: undefined, detail: undefined, reason }),
];
const intune = (intuneCode: string) => refused('intune_denied', { intuneCode });

const STORIES: readonly [story: string, attempts: DeviceAttempt[], state: string, cause: string, remedy: RegExp][] = [
  [
    'wrong subject',
    intune('SubjectNameMismatch'),
    'refused',
    'wrong-subject',
    /check in again if the profile was edited/,
  ],
  ['wrong subject here', refused('subject_refused'), 'refused', 'wrong-subject', /profile does not allow a value/],
  ['expired challenge', intune('ChallengeExpired'), 'refused', 'challenge-expired', /new one at its next check-in/],
  ['Intune down', waits('unreachable: Intune validateRequest: HTTP 503'), 'waiting', 'intune-down', /openndes doctor/],
  [
    'wrong secret',
    waits('unreachable: Intune token: HTTP 401 AADSTS7000215'),
    'waiting',
    'credential-refused',
    /Give the value of the secret, not its id/,
  ],
  [
    'missing permission',
    waits('unreachable: Intune validateRequest: HTTP 403'),
    'waiting',
    'permission-missing',
    /scep_challenge_provider/,
  ],
  ['chain not trusted', [asked(0), asked(90), asked(180)], 'silent', 'chain-not-trusted', /thumbprint/],
  ['clock', refused('signing_time_refused'), 'refused', 'clock', /Set the clock of the device/],
  ['legacy algorithm', refused('algorithm_refused'), 'refused', 'legacy-algorithm', /SHA-256 and AES/],
  [
    'proxy cuts the URL',
    [asked(0), asked(1, 'PKIOperation', { outcome: 'refused', status: 400, code: 'message_undecodable' })],
    'refused',
    'message-cut',
    /proxy between device and server/,
  ],
  [
    'profile no longer assigned',
    intune('ScepProfileNoLongerTargetedToTheClient'),
    'refused',
    'profile-not-assigned',
    /assignments of the SCEP profile/,
  ],
];

for (const [story, attempts, state, cause, remedy] of STORIES)
  test(`${story}: found by the address, with the remedy`, async () => {
    const { verdict } = await traced('192.0.2.1', ...attempts);
    assert.deepEqual([verdict.state, verdict.cause], [state, cause]);
    assert.match(verdict.remedy ?? '', remedy);
  });

test('absence: how often it asked since when, that this is likely and not sure, and what decides', async () => {
  const { verdict } = await traced('192.0.2.1', asked(0, 'GetCACaps'), asked(1, 'GetCACert', { times: 2 }), asked(60));
  assert.deepEqual(
    [verdict.sure, verdict.what],
    [
      false,
      'It asked for the CA certificate 3 times since 2026-03-01 12:00 UTC, and never sent a request: it probably does not trust the chain.',
    ],
  );
  assert.deepEqual(
    verdict.checks.map((check) => check.split(':')[0]),
    ['Thumbprint', 'Trusted certificate', 'RA certificate', 'TLS', 'Proxy'],
  );
});

test('a certificate after refusals is a certificate, and a refusal after a certificate is a refusal', async () => {
  const got = sent(20, { outcome: 'issued', code: undefined, detail: undefined, serial: 'ab01' });
  const { verdict } = await traced('device-1', sent(10), got);
  assert.deepEqual(
    [verdict.state, verdict.what],
    ['issued', 'The device has its certificate ab01, after 1 request that was not answered with one.'],
  );
  assert.equal((await traced('device-1', got, sent(30))).verdict.state, 'refused');
});
