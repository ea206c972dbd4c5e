/** What a server sees that is wrong: each cause as a condition of its kind, and none of them when all is well. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConditionParts, seenConditions } from '../../src/app/seen-conditions.ts';
import { CONDITIONS } from '../../src/core/condition.ts';
import { ConfigError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';
import type { UserKey } from '../../src/core/user-key-store.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { fakeClock } from '../../src/testing/fakes.ts';
import { read } from '../docs/read.ts';

const clock = fakeClock(new Date('2026-03-01T12:00:00Z'));
const ago = (minutes: number): Date => new Date(clock().getTime() - minutes * 60_000);
const fault = new IntuneUnreachable({
  hop: 'token',
  what: 'the secret is wrong',
  remedy: 'Make another one.',
  retryable: false,
});

const well: ConditionParts['store'] = {
  check: () => Promise.resolve(),
  outboxStanding: () => Promise.resolve({ waiting: 1, oldest: ago(59) }),
  approvalStanding: () => Promise.resolve({ waiting: 1, oldest: ago(23 * 60) }),
  orderStanding: () => Promise.resolve({ waiting: 0 }),
  messageStandings: () => Promise.resolve([{ receiver: 'mail', waiting: 1, oldest: ago(59) }]),
  directoryStanding: () =>
    Promise.resolve({ listing: 1, links: {}, error: '', waiting: 0, countedAt: 0, approved: 0, acceptsLoss: false }),
  lastSigned: () => Promise.resolve(ago(1)),
  listJobs: () => Promise.resolve([]),
  lastBackup: () => Promise.resolve(undefined),
  listUserKeys: () => Promise.resolve([]),
  endingUserKeys: () => Promise.resolve([]),
  userKeyNotes: () => Promise.resolve({ followed: '2026-03-01T11:30:00.000Z' }),
};

const clientWith = (health: object): never => ({ health: () => health }) as never;

const parts = (change: Partial<ConditionParts> = {}, store: Partial<Store> = {}): ConditionParts => ({
  endpoints: { served: [], notServed: [] },
  watched: () => [],
  clients: new Map([['corp', clientWith({ ok: true, detail: '' })]]),
  directories: ['corp'],
  probes: [{ name: 'store', check: () => Promise.resolve() }],
  load: () => [],
  jobs: ['watch'],
  settled: true,
  clock,
  ...change,
  store: { ...well, ...store },
});

const texts = async (given: ConditionParts): Promise<string[]> =>
  (await seenConditions(given)).seen.map(({ id, severity, what }) => `${severity} ${id} | ${what}`);

test('nothing is seen when all is well', async () => {
  assert.deepEqual(await seenConditions(parts()), { seen: [], complete: true });
});

const failing = (): Promise<never> => Promise.reject(new Error('no space is left'));
const standing = await well.directoryStanding('corp');
const job = { name: 'watch', fence: 1 };

const DAY = 24 * 60;

/** A key of a person that cannot be made. */
const userKey: UserKey = {
  id: 'a',
  tenant: 'corp',
  userPrincipalName: 'jane@contoso.example',
  purpose: 'smimeEncryption',
  origin: 'made',
  state: 'wanted',
  at: ago(DAY),
  dueAt: ago(1),
  tries: 3,
  fault: 'the CA is down',
};
const people = { tenant: 'corp', alarmAt: 5 };
const keysIn =
  (state: UserKey['state'], keys: readonly UserKey[]): Store['listUserKeys'] =>
  ({ tenant, states }) =>
    Promise.resolve(tenant === 'corp' && states?.includes(state) ? [...keys] : []);

const CASES: readonly { title: string; given: ConditionParts; seen: string[] }[] = [
  {
    title: 'the last backup is older than the configuration allows',
    given: parts({ backupMaxAge: DAY * 60_000 }, { lastBackup: () => Promise.resolve(ago(DAY)) }),
    seen: ['warning backup-old | The last backup was made at 2026-02-28T12:00:00.000Z'],
  },
  {
    title: 'there is no backup, and the configuration asks for one',
    given: parts({ backupMaxAge: DAY * 60_000 }),
    seen: ['warning backup-old | No backup of this store was made'],
  },
  {
    title: 'the last backup is not older',
    given: parts({ backupMaxAge: DAY * 60_000 }, { lastBackup: () => Promise.resolve(ago(DAY - 1)) }),
    seen: [],
  },
  {
    title: 'a store that cannot write',
    given: parts({ probes: [{ name: 'store', check: failing }] }),
    seen: ['error store-unavailable | The store cannot write: no space is left'],
  },
  {
    title: 'no thread',
    given: parts({ probes: [{ name: 'threads', check: failing }] }),
    seen: ['error server-not-ready:threads | The check of threads fails: no space is left'],
  },
  {
    title: 'an endpoint that is not served',
    given: parts({
      endpoints: { served: [], notServed: [{ endpoint: '/scep', err: new ConfigError('no key', 'Give one.') }] },
    }),
    seen: ['error endpoint-not-served:/scep | The endpoint /scep is not served: no key'],
  },
  {
    title: 'a tenant that cannot be used',
    given: parts({ clients: new Map([['corp', clientWith({ ok: false, fault })]]) }),
    seen: [`error tenant-unusable:corp | The tenant corp cannot be used: ${fault.message}`],
  },
  {
    title: 'a tenant that takes no notifications',
    given: parts({ clients: new Map([['corp', clientWith({ ok: true, notification: { fault, since: ago(1) } })]]) }),
    seen: [`warning tenant-notifications-fail:corp | Notifications to the tenant corp fail: ${fault.message}`],
  },
  {
    title: 'a key elsewhere that fails',
    given: parts({ keys: new Map([['issuing', () => 'the token is gone']]) }),
    seen: ['error key-failed:issuing | The key of the authority issuing does not work: the token is gone'],
  },
  {
    title: 'a CA product that cannot be used',
    given: parts({ issuers: new Map([['issuing', () => 'the token has ended']]) }),
    seen: ['error issuer-failed:issuing | The CA of the authority issuing cannot be used: the token has ended'],
  },
  {
    title: 'a CA product that should be changed',
    given: parts({
      issuers: new Map([['issuing', () => undefined]]),
      issuerWarnings: new Map([
        ['issuing', () => ['Everybody may enrol.', 'The key is short.']],
        ['other', () => []],
      ]),
    }),
    seen: [
      'warning issuer-warns:issuing | The CA of the authority issuing should be changed: Everybody may enrol. The key is short.',
    ],
  },
  {
    title: 'a client secret that ends soon, and an RA that has ended',
    given: parts({
      watched: () => [
        { what: 'tenant corp: client secret', subject: 'main', validity: { notAfter: ago(-60 * 24 * 5) } },
        { what: 'authority issuing: RA', subject: 'CN=RA', validity: { notAfter: ago(1) } },
        { what: 'authority issuing: root CA', subject: 'CN=Root', validity: { notAfter: ago(-60 * 24 * 400) } },
      ],
    }),
    seen: [
      'warning certificate-ends:tenant corp: client secret main | tenant corp: client secret main ends in 5 days, at 2026-03-06T12:00:00.000Z',
      'error certificate-not-in-force:authority issuing: RA CN=RA | authority issuing: RA CN=RA ended at 2026-03-01T11:59:00.000Z',
    ],
  },
  {
    title: 'an outbox that is an hour old',
    given: parts({}, { outboxStanding: () => Promise.resolve({ waiting: 3, oldest: ago(60) }) }),
    seen: ['warning outbox-old | 3 notifications wait in the outbox, the oldest since 2026-03-01T11:00:00.000Z'],
  },
  {
    title: 'a mail server that takes nothing for an hour',
    given: parts({}, { messageStandings: () => Promise.resolve([{ receiver: 'mail', waiting: 4, oldest: ago(60) }]) }),
    seen: ['warning messages-wait:mail | 4 messages to mail wait, the oldest since 2026-03-01T11:00:00.000Z'],
  },
  {
    title: 'requests that wait for a day',
    given: parts({}, { approvalStanding: () => Promise.resolve({ waiting: 2, oldest: ago(24 * 60) }) }),
    seen: ['warning requests-wait | 2 requests wait for approval, the oldest since 2026-02-28T12:00:00.000Z'],
  },
  {
    title: 'orders whose outcome is not known',
    given: parts({}, { orderStanding: () => Promise.resolve({ waiting: 2, oldest: ago(1) }) }),
    seen: [
      'warning orders-unknown | 2 orders may have left a certificate at a CA, the oldest since 2026-03-01T11:59:00.000Z',
    ],
  },
  {
    title: 'a revocation list that cannot be made',
    given: parts({
      crls: new Map([['issuing', Object.assign(failing, { failure: () => new Error('the key is gone') }) as never]]),
    }),
    seen: [
      'error revocation-list-failed:issuing | No new revocation list of issuing can be made, the last one is served: the key is gone',
    ],
  },
  {
    title: 'a clock that went back',
    given: parts({}, { lastSigned: () => Promise.resolve(ago(-6)) }),
    seen: [
      'error clock-went-back | the clock went back: it is 2026-03-01T12:00:00.000Z, and something was signed at 2026-03-01T12:06:00.000Z, so no revocation list and no OCSP response is signed',
    ],
  },
  {
    title: 'a directory that cannot be read, with certificates that wait',
    given: parts({}, { directoryStanding: () => Promise.resolve({ ...standing, error: 'HTTP 403', waiting: 9 }) }),
    seen: [
      'warning directory-failed:corp | The directory of the tenant corp fails: HTTP 403',
      'warning directory-waits:corp | 9 certificates of the tenant corp wait',
    ],
  },
  {
    title: 'keys of people that have failed, that end, and what is noted of them',
    given: parts(
      { people },
      {
        listUserKeys: keysIn('failed', [{ ...userKey, fault: 'no licence' }]),
        endingUserKeys: (_tenant, { percent }) =>
          Promise.resolve(percent === 5 ? [{ ...userKey, ends: ago(-DAY), fault: undefined as never }, userKey] : []),
        userKeyNotes: () =>
          Promise.resolve({ graph: 'HTTP 403', gone: '30 users', differs: 'Intune alone has 1 keys' }),
      },
    ),
    seen: [
      'warning user-keys-failed:corp | Keys of people could not be made: 1, the first for jane@contoso.example (smimeEncryption): no licence',
      'error user-keys-end:corp | Keys of people end without a successor: 2, the first for jane@contoso.example (smimeEncryption): it ends at 2026-03-02T12:00:00.000Z',
      'warning user-keys-graph:corp | Microsoft Graph cannot be used for keys of people: HTTP 403',
      'warning user-keys-held:corp | No key of a user who has gone was revoked: 30 users',
      'warning user-keys-differ:corp | Intune alone has 1 keys',
    ],
  },
  {
    title: 'keys of people that failed three times, and not those that failed twice',
    given: parts({ people }, { listUserKeys: keysIn('wanted', [userKey, { ...userKey, tries: 2 }]) }),
    seen: [
      'warning user-keys-late:corp | Keys of people cannot be made at present: 1, the first for jane@contoso.example (smimeEncryption): the CA is down',
    ],
  },
  {
    title: 'no keys of people where the server makes none',
    given: parts({}, { listUserKeys: keysIn('failed', [userKey]) }),
    seen: [],
  },
  {
    title: 'a job that fails, and not one that no server of this configuration runs',
    given: parts(
      {},
      {
        listJobs: () =>
          Promise.resolve([
            { ...job, lastError: 'disk full', dueAt: ago(-1) },
            { ...job, name: 'directory gone', lastError: 'no tenant', dueAt: ago(-1) },
          ]),
      },
    ),
    seen: ['warning job-failed:watch | The job watch fails: disk full'],
  },
  {
    title: 'a job that does not run',
    given: parts({}, { listJobs: () => Promise.resolve([{ ...job, dueAt: ago(2) }]) }),
    seen: ['error job-overdue:watch | The job watch does not run, due since 2026-03-01T11:58:00.000Z'],
  },
  {
    title: 'an endpoint that refuses requests',
    given: parts({
      load: () => [{ endpoint: '/scep', running: 1, most: 1, queued: 0, answerMs: 12_345.6, full: true }],
    }),
    seen: ['warning overloaded:/scep | The endpoint /scep refuses requests: what it has taken on needs 12346 ms'],
  },
];

for (const { title, given, seen } of CASES)
  test(`seen: ${title}`, async () => assert.deepEqual(await texts(given), seen));

test('every kind has a case here and a section in docs/conditions.md', () => {
  const seen = new Set(CASES.flatMap((each) => each.seen).map((text) => text.split(/[ :]/)[1]));
  assert.deepEqual([...seen].sort(), Object.keys(CONDITIONS).sort());
  for (const kind of Object.keys(CONDITIONS)) assert.ok(read('docs/conditions.md').includes(`\n## ${kind}\n`), kind);
});

test('the remedy is that of the fault where it has one', async () => {
  const clients = new Map([['corp', clientWith({ ok: false, fault })]]);
  const [tenant] = (await seenConditions(parts({ clients }))).seen;
  assert.deepEqual([tenant?.remedy, tenant?.subject], ['Make another one.', { kind: 'tenant', name: 'corp' }]);
});

test('a job that is due since before the start is no condition until the server has settled', async () => {
  const listJobs = () => Promise.resolve([{ ...job, dueAt: ago(60) }]);
  assert.deepEqual(await texts(parts({ settled: false }, { listJobs })), []);
});

test('what cannot be read is no condition, and says that the look was not complete', async () => {
  assert.deepEqual(await seenConditions(parts({}, { listJobs: failing })), { seen: [], complete: false });
});
