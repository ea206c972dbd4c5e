/** The contract of a Store for the attempts of devices. */
import assert from 'node:assert/strict';
import type { AttemptFilter, DeviceAttempt, StoredAttempt } from '../core/attempt-store.ts';
import type { AuditEntry } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import type { Check } from './opened-store.ts';
import { ENDPOINT, later } from './store-samples.ts';

/** Fields of an attempt; undefined takes one away. */
export type AttemptChanges = { [Field in keyof DeviceAttempt]?: DeviceAttempt[Field] | undefined };

/** The nth request of a device of its own, refused. */
export function attemptFor(n: number, changes: AttemptChanges = {}): DeviceAttempt {
  const refused: DeviceAttempt = {
    at: later(n),
    times: 1,
    ms: n,
    endpoint: ENDPOINT,
    operation: 'PKIOperation',
    outcome: 'refused',
    messageType: 'PKCSReq',
    transactionId: `T${n}`,
    code: 'challenge_wrong',
    detail: 'wrong',
    address: `192.0.2.${n}`,
    userAgent: 'agent/1',
    subject: `CN=Device-${n}`,
    names: [
      { kind: 'cn', value: `Device-${n}` },
      { kind: 'upn', value: `User${n}@example.com` },
    ],
  };
  const changed = Object.entries({ ...refused, ...changes }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(changed) as DeviceAttempt;
}

const asked = (n: number, more: Partial<DeviceAttempt> = {}): DeviceAttempt => ({
  at: later(n),
  times: 1,
  ms: 1,
  endpoint: ENDPOINT,
  operation: 'GetCACert',
  outcome: 'answered',
  address: `192.0.2.${n}`,
  names: [],
  ...more,
});

const timesOf = async (store: Store, filter: Partial<AttemptFilter>): Promise<number[]> =>
  (await store.findAttempts({ limit: 100, ...filter })).map(({ at }) => (at.getTime() - later(0).getTime()) / 1000);

function withoutId(attempt: StoredAttempt): DeviceAttempt {
  const { id: _id, ...rest } = attempt;
  return rest;
}

/** Declares them. */
export function attempts(check: Check): void {
  recording(check);
  finding(check);
  removing(check);
  erasing(check);
}

function recording(check: Check): void {
  check('an attempt is returned as it was recorded, with an id that grows', async ({ store }) => {
    const full = attemptFor(1, {
      lastAt: later(9),
      times: 3,
      status: 503,
      reason: 'unreachable',
      intuneCode: 'ChallengeExpired',
      clientRequestId: 'c-1',
      activityId: 'a-1',
      serial: 'ab01',
      thumbprint: 'FF00',
    });
    await store.recordAttempts([full, asked(2)]);
    await store.recordAttempts([asked(3)]);
    const found = await store.findAttempts({ limit: 10 });
    assert.deepEqual(found.map(withoutId), [asked(3), asked(2), full]);
    const [third = 0, second = 0, first = 0] = found.map(({ id }) => id);
    assert.ok(third > second && second > first && first > 0);
  });

  check('many attempts are recorded together, and none are', async ({ store }) => {
    await store.recordAttempts([]);
    await store.recordAttempts(Array.from({ length: 100 }, (_, n) => attemptFor(n)));
    assert.equal((await store.findAttempts({ limit: 1000 })).length, 100);
    assert.deepEqual(await timesOf(store, { name: 'device-77' }), [77]);
    assert.deepEqual(await timesOf(store, { name: 't99' }), [99]);
  });

  check('what a device sends is recorded whatever it is', async ({ store }) => {
    const value = `${'x'.repeat(600)}\ud800`;
    await store.recordAttempts([
      attemptFor(1, { names: [{ kind: 'cn', value }] }),
      attemptFor(2, { transactionId: "';--%_\\" }),
    ]);
    assert.deepEqual(await timesOf(store, { name: value }), [1]);
    assert.deepEqual(await timesOf(store, { name: "';--%_\\" }), [2]);
  });
}

function finding(check: Check): void {
  const names: [what: string, name: string][] = [
    ['a common name in any letter case', 'DEVICE-1'],
    ['a user principal name', 'user1@EXAMPLE.com'],
    ['its address', '192.0.2.1'],
    ['its transactionID', 't1'],
  ];
  for (const [what, name] of names)
    check(`an attempt is found by ${what}, and not by a part of it`, async ({ store }) => {
      await store.recordAttempts([attemptFor(1), attemptFor(2)]);
      assert.deepEqual(await timesOf(store, { name }), [1]);
      assert.deepEqual(await timesOf(store, { name: name.slice(0, -1) }), []);
    });

  check('attempts are listed newest first, by page, moment, endpoint and failure', async ({ store }) => {
    const name = '192.0.2.7';
    await store.recordAttempts([
      asked(1, { address: name }),
      attemptFor(2, { address: name }),
      asked(3, { address: name, endpoint: '/other' }),
      asked(4),
    ]);
    assert.deepEqual(await timesOf(store, { name }), [3, 2, 1]);
    const [, second] = await store.findAttempts({ name, limit: 2 });
    assert.deepEqual(await timesOf(store, { name, before: second?.id ?? 0 }), [1]);
    assert.deepEqual(await timesOf(store, { name, endpoint: ENDPOINT }), [2, 1]);
    assert.deepEqual(await timesOf(store, { name, failed: true }), [2]);
    assert.deepEqual(await timesOf(store, { failed: true }), [2]);
    assert.deepEqual(await timesOf(store, { name, since: later(2) }), [3, 2]);
    assert.deepEqual(await timesOf(store, { endpoint: '/other' }), [3]);
    assert.deepEqual(await timesOf(store, { limit: 1 }), [4]);
    const endpoints = [ENDPOINT, '/other', '/none', '/other'];
    assert.deepEqual(await timesOf(store, { endpoints }), [4, 3, 2, 1]);
    assert.deepEqual(await timesOf(store, { endpoints, limit: 2 }), [4, 3]);
    assert.deepEqual(await timesOf(store, { name, endpoints: ['/other'], limit: 1 }), [3]);
    assert.deepEqual(await timesOf(store, { name, endpoints: [ENDPOINT], limit: 1 }), [2]);
    assert.deepEqual(await timesOf(store, { name, endpoints, since: later(2), limit: 1 }), [3]);
    assert.deepEqual(await timesOf(store, { endpoint: '/other', endpoints }), [3]);
    assert.deepEqual(await timesOf(store, { endpoint: ENDPOINT, endpoints: ['/other'] }), []);
    assert.deepEqual(await timesOf(store, { name, endpoints: [] }), []);
  });

  check(
    'names are listed by their beginning in any letter case, each once, as many as are asked for',
    async ({ store }) => {
      await store.recordAttempts([attemptFor(2), attemptFor(1), attemptFor(1), attemptFor(12), asked(5)]);
      assert.deepEqual(await store.listAttemptNames('DEVICE-1', 10), ['device-1', 'device-12']);
      assert.deepEqual(await store.listAttemptNames('device', 2), ['device-1', 'device-12']);
      assert.deepEqual(await store.listAttemptNames('192.0.2.1', 9), ['192.0.2.1', '192.0.2.12']);
      assert.deepEqual(await store.listAttemptNames('evice', 9), []);
      assert.deepEqual(await store.listAttemptNames('%', 9), []);
    },
  );
}

function removing(check: Check): void {
  check('attempts before a moment are removed, and are not found any more', async ({ store }) => {
    await store.recordAttempts([1, 2, 3, 4].map((n) => attemptFor(n)));
    assert.equal(await store.removeAttempts(later(3), 1), 1);
    assert.equal(await store.removeAttempts(later(3), 100), 1);
    assert.deepEqual(await timesOf(store, {}), [4, 3]);
    assert.deepEqual(await store.listAttemptNames('device', 9), ['device-3', 'device-4']);
    assert.deepEqual(await store.listAttemptNames('', 99), [
      '192.0.2.3',
      '192.0.2.4',
      'device-3',
      'device-4',
      't3',
      't4',
      'user3@example.com',
      'user4@example.com',
    ]);
    assert.equal(await store.removeAttempts(later(3), 100), 0);
  });

  check('of each endpoint the newest stay', async ({ store }) => {
    await store.recordAttempts([asked(1), asked(2, { endpoint: '/other' }), asked(3), asked(4), asked(5)]);
    assert.equal(await store.trimEndpoints(2), 2);
    assert.equal(await store.trimEndpoints(2), 0);
    assert.deepEqual(await timesOf(store, {}), [5, 4, 2]);
  });

  check('of the attempts with one name the newest stay', async ({ store }) => {
    await store.recordAttempts([1, 2, 3].map((n) => attemptFor(n, { address: '192.0.2.9' })));
    await store.recordAttempts([attemptFor(4)]);
    assert.equal(await store.trimAttempts('192.0.2.9', 1), 2);
    assert.deepEqual(await timesOf(store, {}), [4, 3]);
    assert.equal(await store.trimAttempts('192.0.2.9', 1), 0);
    assert.equal(await store.trimAttempts('unknown', 0), 0);
  });
}

const ERASED: AuditEntry = {
  at: later(99),
  event: 'erased',
  endpoint: '',
  transactionId: '',
  actor: { kind: 'person', name: 'ops' },
  source: 'cli',
};

function erasing(check: Check): void {
  check('attempts of a person are found and erased, with the polls of the same transactions', async ({ store }) => {
    const poll: Partial<DeviceAttempt> = { names: [], transactionId: 'T1', messageType: 'CertPoll' };
    await store.recordAttempts([attemptFor(1), attemptFor(2, poll), attemptFor(3)]);
    const name = 'USER1@example.com';
    const found = await store.findPerson(name);
    assert.deepEqual(
      found.attempts.map(({ messageType }) => messageType),
      ['PKCSReq', 'CertPoll'],
    );
    const none = { certificates: 0, requests: 0, entries: 0, attempts: 0, keys: 0 };
    const erasure = { erased: { ...none, attempts: 2 }, kept: none };
    assert.deepEqual(await store.previewErasure(name, later(99)), erasure);
    assert.deepEqual(await store.erasePerson(name, ERASED), erasure);
    assert.deepEqual(await timesOf(store, {}), [3]);
    assert.equal((await store.listAudit({})).length, 1);
  });
}
