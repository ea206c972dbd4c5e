/** What every Store must do: the contract of core/store.ts as tests, for any implementation to run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../core/environment.ts';
import type { Issuance, RecordResult, Store } from '../core/store.ts';
import type { NewChallenge } from '../core/records.ts';
import { type Check, CLAIM, type OpenedStore, recorded } from './opened-store.ts';
import { attempts } from './store-attempts.ts';
import { hourCounts } from './store-hour-counts.ts';
import { access } from './store-access.ts';
import { auditChain } from './store-audit-chain.ts';
import { blocks } from './store-blocks.ts';
import { conditions } from './store-conditions.ts';
import { directories } from './store-directory.ts';
import { freshness } from './store-freshness.ts';
import { identities } from './store-identities.ts';
import { imports } from './store-imports.ts';
import { jobs } from './store-jobs.ts';
import { lists } from './store-lists.ts';
import { messages } from './store-messages.ts';
import { notifications } from './store-notifications.ts';
import { oldRecords } from './store-old-records.ts';
import { pending } from './store-pending-contract.ts';
import { persons } from './store-person.ts';
import { restored } from './store-restored.ts';
import { revocationRequests } from './store-revocation-requests.ts';
import { revocations } from './store-revocations.ts';
import {
  auditFor,
  certificateId,
  ENDPOINT,
  issuanceFor,
  ISSUER_ID,
  later,
  listed,
  NOON,
  pendingFor,
  pollOf,
  waitingFor,
} from './store-samples.ts';
import { answers } from './store-answers.ts';
import { orders } from './store-orders.ts';
import { keyLinks } from './store-key-links.ts';
import { userKeys } from './store-user-keys.ts';
import { searches } from './store-searches.ts';
import { secrets } from './store-secrets.ts';

/** Declares the contract's tests for one implementation. `open` is called for each test, with the clock of the store. */
export function storeContract(name: string, open: (clock: Clock) => Promise<OpenedStore>): void {
  const check: Check = (title, body) =>
    test(`${title}: ${name}`, async (context) => {
      let now = NOON;
      const opened = await open(() => now);
      try {
        await body({ ...opened, setClock: (moment) => void (now = moment) }, context);
      } finally {
        await opened.store.close();
      }
    });

  issuing(check);
  racing(check);
  finding(check);
  lists(check);
  searches(check);
  imports(check);
  pending(check);
  notifications(check);
  revocationRequests(check);
  blocks(check);
  directories(check);
  challenges(check);
  requests(check);
  identities(check);
  freshness(check);
  revocations(check);
  jobs(check);
  secrets(check);
  answers(check);
  orders(check);
  userKeys(check);
  keyLinks(check);
  conditions(check);
  messages(check);
  oldRecords(check);
  auditChain(check);
  restored(check);
  persons(check);
  attempts(check);
  hourCounts(check);
  access(check);
  lasting(check);
}

const kindsOf = (results: RecordResult[]): string[] => results.map(({ kind }) => kind).sort();

const transactionOf = ({ transaction, certificate }: Issuance) => ({
  ...transaction,
  state: 'issued',
  createdAt: NOON,
  updatedAt: NOON,
  certificate,
});

const UNKNOWN = { issuerId: ISSUER_ID, serial: 'unknown' };

/** The nth issuance again, with a new certificate under the same key. */
const again = (n: number, serial: string): Issuance => {
  const issuance = issuanceFor(n);
  return {
    ...issuance,
    certificate: { ...issuance.certificate, serial },
    audit: { ...issuance.audit, serial, at: later(60) },
  };
};

function issuing(check: Check): void {
  check('an issuance is one transaction, one certificate and one line of history', async ({ store }) => {
    const issuance = issuanceFor(1);
    assert.deepEqual(await store.recordIssued(issuance), { kind: 'recorded' });
    assert.deepEqual(await store.findTransaction(issuance.transaction.key), transactionOf(issuance));
    assert.deepEqual(await store.findCertificate(issuance.certificate), issuance.certificate);
    assert.deepEqual(await store.listAudit({}), [issuance.audit]);
  });

  check('what was never recorded is not found', async ({ store }) => {
    assert.equal(await store.findTransaction('unknown'), undefined);
    assert.equal(await store.findCertificate(UNKNOWN), undefined);
    assert.equal(await store.findPolled('unknown'), undefined);
    assert.deepEqual(await store.listCertificates({}), []);
    assert.deepEqual(await store.listAudit({}), []);
  });

  for (const notification of ['strict', 'outbox'] as const)
    check(`a live certificate (${notification}) makes a second issuance a duplicate`, async ({ store }) => {
      const first = issuanceFor(1, { notification });
      await recorded(store, first);
      const result = await store.recordIssued({ ...again(1, 'bb'), consumes: 'unspent' });
      assert.deepEqual(result, { kind: 'duplicate', existing: transactionOf(first) });
      assert.equal(await store.findCertificate({ issuerId: ISSUER_ID, serial: 'bb' }), undefined);
      assert.equal((await store.listAudit({})).length, 1);
      await recorded(store, issuanceFor(2, { consumes: 'unspent' }));
    });

  check('a revoked certificate stays, and its request is a duplicate', async ({ store }) => {
    const first = issuanceFor(1);
    await recorded(store, first);
    await store.revoke(first.certificate, 'superseded', auditFor(1, 'revoked', later(30)));
    for (const supersedes of [undefined, first.certificate.serial]) {
      const result = await store.recordIssued({ ...again(1, 'bb'), ...(supersedes && { supersedes }) });
      assert.equal(result.kind === 'duplicate' && result.existing.certificate?.state, 'revoked');
    }
    assert.equal((await store.listCertificates({})).length, 1);
  });

  check('a certificate that was never delivered is replaced, and stays on record', async ({ store }) => {
    const first = issuanceFor(1, { notification: 'strict' });
    await recorded(store, first);
    const [claim] = await store.claimNotifications({ owner: 'test', leaseMs: 1_000, mode: 'strict', limit: 1 });
    await store.abandonNotification(claim!, auditFor(1, 'never-delivered', later(30)));
    const second = again(1, 'bb');
    await recorded(store, second);
    const found = await store.findTransaction(first.transaction.key);
    assert.deepEqual(found?.certificate, second.certificate);
    assert.equal((await store.findCertificate(first.certificate))?.state, 'revoked');
    assert.deepEqual(await store.findPolled(pollOf(1)), found);
  });

  for (const state of ['pending', 'approved'] as const)
    check(`a transaction that is ${state} is replaced, and keeps the date of its first sight`, async ({ store }) => {
      const { key } = pendingFor(1).transaction;
      await store.recordPending(pendingFor(1));
      if (state !== 'pending') await store.decidePending(key, state, auditFor(1, state, later(30)));
      const issuance = again(1, 'bb');
      await recorded(store, issuance);
      assert.deepEqual(await store.findTransaction(key), { ...transactionOf(issuance), updatedAt: later(60) });
      assert.deepEqual(await store.listPending(), []);
    });

  check('a transaction that was rejected while it was issued stays rejected', async ({ store }) => {
    const { key } = pendingFor(1).transaction;
    await store.recordPending(pendingFor(1));
    await store.decidePending(key, 'rejected', auditFor(1, 'rejected', later(30)));
    const result = await store.recordIssued({ ...again(1, 'bb'), consumes: 'unspent' });
    assert.equal(result.kind === 'duplicate' && result.existing.state, 'rejected');
    assert.deepEqual(await store.listCertificates({}), []);
    assert.equal((await store.listAudit({})).length, 2);
    await recorded(store, issuanceFor(2, { consumes: 'unspent' }));
  });

  check(
    'a certificate that is superseded makes room and stays on record; any other is a duplicate',
    async ({ store }) => {
      const first = issuanceFor(1);
      await recorded(store, first);
      const second = { ...again(1, 'bb'), supersedes: first.certificate.serial };
      await recorded(store, second);
      assert.deepEqual(await store.findTransaction(first.transaction.key), {
        ...transactionOf(second),
        updatedAt: later(60),
      });
      assert.deepEqual(await store.findCertificate(first.certificate), first.certificate);
      assert.equal(
        (await store.recordIssued({ ...again(1, 'cc'), supersedes: first.certificate.serial })).kind,
        'duplicate',
      );
      assert.equal((await store.recordIssued({ ...again(1, 'cc'), supersedes: 'unknown' })).kind, 'duplicate');
      assert.equal((await store.listCertificates({})).length, 2);
    },
  );

  check('a challenge is used up once, and a refused issuance leaves nothing', async ({ store }) => {
    await recorded(store, issuanceFor(1, { consumes: 'one-time' }));
    const second = issuanceFor(2, { consumes: 'one-time', notification: 'outbox' });
    assert.deepEqual(await store.recordIssued(second), { kind: 'consumed' });
    assert.equal(await store.findTransaction(second.transaction.key), undefined);
    assert.equal(await store.findCertificate(second.certificate), undefined);
    assert.deepEqual(await store.claimNotifications({ ...CLAIM, mode: 'outbox' }), []);
    assert.equal((await store.listAudit({})).length, 1);
  });

  check('the repeat of a request is a duplicate, although its challenge is used up', async ({ store }) => {
    await recorded(store, issuanceFor(1, { consumes: 'one-time' }));
    assert.equal((await store.recordIssued({ ...again(1, 'bb'), consumes: 'one-time' })).kind, 'duplicate');
  });

  check('a serial number given out twice is an error that names it, and spoils no other write', async ({ store }) => {
    const first = issuanceFor(1);
    await recorded(store, first);
    const twin = issuanceFor(2);
    const results = await Promise.allSettled([
      store.recordIssued(issuanceFor(3)),
      store.recordIssued({ ...twin, certificate: { ...twin.certificate, serial: first.certificate.serial } }),
      store.recordIssued(issuanceFor(4)),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    const [, failed] = results;
    assert.match(failed?.status === 'rejected' ? String(failed.reason) : '', new RegExp(first.certificate.serial));
    assert.equal(await store.findTransaction(twin.transaction.key), undefined);
    assert.deepEqual(await store.findCertificate(first.certificate), first.certificate);
    assert.ok(await store.findTransaction(issuanceFor(4).transaction.key));
  });
}

function racing(check: Check): void {
  const twenty = Array.from({ length: 20 }, (_, n) => n);

  check('of 20 parallel issuances under one key one is recorded and 19 are duplicates of it', async ({ store }) => {
    const results = await Promise.all(twenty.map((n) => store.recordIssued(again(1, `a${n}`))));
    assert.deepEqual(kindsOf(results), [...twenty.slice(1).map(() => 'duplicate'), 'recorded']);
    const certificates = await store.listCertificates({});
    assert.equal(certificates.length, 1);
    for (const result of results)
      if (result.kind === 'duplicate') assert.deepEqual(result.existing.certificate, certificates[0]);
  });

  check('of 20 requests that use one challenge in parallel one gets it', async ({ store }) => {
    const results = await Promise.all(twenty.map((n) => store.recordIssued(issuanceFor(n, { consumes: 'one-time' }))));
    assert.deepEqual(kindsOf(results), [...twenty.slice(1).map(() => 'consumed'), 'recorded']);
    assert.equal((await store.listCertificates({})).length, 1);
  });

  check('of 20 issuances that supersede one certificate in parallel one is recorded', async ({ store }) => {
    const first = issuanceFor(1);
    await recorded(store, first);
    const supersedes = first.certificate.serial;
    const results = await Promise.all(twenty.map((n) => store.recordIssued({ ...again(1, `a${n}`), supersedes })));
    assert.deepEqual(kindsOf(results), [...twenty.slice(1).map(() => 'duplicate'), 'recorded']);
    assert.equal((await store.listCertificates({})).length, 2);
  });

  check('of 20 parallel decisions on one request one counts', async ({ store }) => {
    const { key } = pendingFor(1).transaction;
    await store.recordPending(pendingFor(1));
    const decisions = await Promise.all(
      twenty.map(() => store.decidePending(key, 'approved', auditFor(1, 'approved'))),
    );
    assert.equal(decisions.filter(Boolean).length, 1);
    assert.equal((await store.listAudit({})).length, 2);
  });

  check('of an acknowledgement and an abandonment of one notification the first counts', async ({ store }) => {
    const issuance = issuanceFor(1, { notification: 'strict' });
    const claim = await recorded(store, issuance);
    const done = await Promise.all([
      store.acknowledgeNotification(claim, auditFor(1, 'delivered')),
      store.abandonNotification(claim, auditFor(1, 'never-delivered')),
    ]);
    assert.deepEqual(done, [true, false]);
    assert.equal((await store.findCertificate(certificateId(1)))?.state, 'delivered');
    assert.deepEqual(
      (await store.listAudit({})).map(({ event }) => event),
      ['delivered', 'issued'],
    );
  });
}

function finding(check: Check): void {
  check('a poll finds the newest whose key begins so, and no other', async ({ store }) => {
    const mine = (n: number, last: string): string => pollOf(n) + last.repeat(64);
    const waiting = (n: number, key: string) => {
      const { transaction, ...rest } = pendingFor(n);
      return store.recordPending({ ...rest, transaction: { ...transaction, key } });
    };
    await waiting(1, mine(1, 'f'));
    const second = issuanceFor(2);
    const key = mine(1, '0');
    await recorded(store, { ...second, transaction: { ...second.transaction, key } });
    for (const other of [3, 4, 5, 6]) await waiting(other, mine(other, '5'));
    const found = await store.findPolled(pollOf(1));
    assert.equal(found?.key, key);
    assert.deepEqual(found?.certificate, second.certificate);
    for (const other of [3, 4, 5, 6]) assert.equal((await store.findPolled(pollOf(other)))?.key, mine(other, '5'));
    assert.equal(await store.findPolled(pollOf(7)), undefined);
  });

  const serials = async (store: Store, filter: Parameters<Store['listCertificates']>[0]) =>
    (await store.listCertificates(filter)).map(({ serial }) => serial);
  const serialOf = (n: number) => issuanceFor(n).certificate.serial;

  check('certificates are listed newest first, page by page', async ({ store }) => {
    for (const n of [1, 2, 3, 4, 5]) await recorded(store, issuanceFor(n));
    assert.deepEqual(await serials(store, {}), [5, 4, 3, 2, 1].map(serialOf));
    assert.deepEqual(await serials(store, { limit: 2 }), [5, 4].map(serialOf));
    assert.deepEqual(await serials(store, { limit: 2, after: certificateId(4) }), [3, 2].map(serialOf));
    assert.deepEqual(await serials(store, { after: certificateId(2) }), [1].map(serialOf));
    assert.deepEqual(await serials(store, { after: certificateId(1) }), []);
  });

  check('certificates are found by endpoint and by state', async ({ store }) => {
    const elsewhere = issuanceFor(3);
    elsewhere.certificate.endpoint = '/scep/other';
    await recorded(store, issuanceFor(1));
    await recorded(store, issuanceFor(2, { notification: 'strict' }));
    await recorded(store, elsewhere);
    await store.revoke(certificateId(1), 'keyCompromise', auditFor(1, 'revoked'));
    assert.deepEqual(await serials(store, { endpoint: '/scep/other' }), [serialOf(3)]);
    assert.deepEqual(await serials(store, { state: 'issued' }), [serialOf(2)]);
    assert.deepEqual(await serials(store, { state: 'delivered' }), [serialOf(3)]);
    assert.deepEqual(await serials(store, { state: 'revoked', endpoint: ENDPOINT }), [serialOf(1)]);
    assert.deepEqual(await serials(store, { state: 'revoked', endpoint: '/scep/other' }), []);
  });

  const subjects: [subject: string, search: string, found: boolean][] = [
    ['CN=Laptop-7,O=Contoso', 'laptop-7', true],
    ['CN=laptop-7', 'LAPTOP', true],
    ['CN=ÄRZTEHAUS', 'ärztehaus', true],
    ['CN=a_b', 'a_b', true],
    ['CN=axb', 'a_b', false],
    ['CN=100%', '100%', true],
    ['CN=1000', '100%', false],
    ['CN=a\\,b', 'a\\,b', true],
    ["CN=O'Neill", "o'n", true],
    ['CN=router', 'laptop', false],
  ];
  for (const [subject, search, found] of subjects)
    check(`a search for ${search} finds ${found ? '' : 'not '}${subject}`, async ({ store }) => {
      const issuance = issuanceFor(1);
      issuance.certificate.subject = subject;
      await recorded(store, issuance);
      assert.deepEqual(await serials(store, { subject: search }), found ? [serialOf(1)] : []);
    });

  check('history is newest first, for one certificate or for all', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    await recorded(store, issuanceFor(2));
    const revoked = { ...auditFor(1, 'revoked', later(5)), detail: 'keyCompromise' };
    await store.revoke(certificateId(1), 'keyCompromise', revoked);
    assert.deepEqual(await store.listAudit({}), [revoked, auditFor(2, 'issued'), auditFor(1, 'issued')]);
    assert.deepEqual(await store.listAudit({ limit: 1 }), [revoked]);
    assert.deepEqual(await store.listAudit({ certificate: certificateId(1) }), [revoked, auditFor(1, 'issued')]);
  });
}

/** The history of a certificate begins with its request, and names the one-time password that it used up. */
function requests(check: Check): void {
  const actor = { kind: 'person', name: 'ada', address: '192.0.2.7' } as const;
  const password = (n: number): NewChallenge => ({
    endpoint: ENDPOINT,
    password: `PASSWORD-${n}`,
    createdAt: later(-60),
    expiresAt: later(60),
    origin: { id: `id-${n}`, actor, source: 'page' },
  });
  const used = { id: 'id-1', actor, source: 'page', createdAt: later(-60) } as const;
  const consuming = async (store: Store): Promise<string> => {
    await store.addChallenge(password(1), 5);
    return (await store.findChallenge(ENDPOINT, 'PASSWORD-1'))?.id ?? assert.fail('no such challenge');
  };

  check('the history of a certificate has the entries of its request, and of no other request', async ({ store }) => {
    for (const n of [1, 2]) await store.recordPending(pendingFor(n));
    const approved = { ...auditFor(1, 'approved', later(5)), actor, source: 'page' as const };
    await store.decidePending(pendingFor(1).transaction.key, 'approved', approved);
    const issuance = issuanceFor(1);
    await recorded(store, issuance);
    await recorded(store, issuanceFor(2));
    await recorded(store, issuanceFor(3));
    const history = (n: number) => store.listAudit({ certificate: certificateId(n) });
    assert.deepEqual(await history(1), [auditFor(1, 'issued'), approved, auditFor(1, 'pending')]);
    assert.deepEqual(await history(2), [auditFor(2, 'issued'), auditFor(2, 'pending')]);
    assert.deepEqual(await history(3), [auditFor(3, 'issued')]);
    assert.deepEqual(await store.listAudit({ certificate: certificateId(1), limit: 2 }), [
      auditFor(1, 'issued'),
      approved,
    ]);
  });

  check('another request under the same transactionID is not in the history of a certificate', async ({ store }) => {
    const other = pendingFor(2);
    const transaction = { ...other.transaction, transactionId: 'transaction-1' };
    await store.recordPending({ transaction, audit: { ...other.audit, transactionId: 'transaction-1' } });
    await store.recordPending(pendingFor(1));
    await recorded(store, issuanceFor(1));
    assert.equal((await store.listAudit({ certificate: certificateId(1) })).length, 2);
  });

  check(
    'the entry of an issuance names the one-time password that it used up, also when that is forgotten',
    async ({ store }) => {
      await recorded(store, issuanceFor(1, { consumes: await consuming(store) }));
      await store.addChallenge({ ...password(2), createdAt: later(3 * 86_400), expiresAt: later(4 * 86_400) }, 5);
      assert.equal(await store.findChallenge(ENDPOINT, 'PASSWORD-1'), undefined);
      const [entry] = await store.listAudit({ certificate: certificateId(1) });
      assert.deepEqual(entry, { ...auditFor(1, 'issued'), challenge: used });
    },
  );

  check('a request that waits names it too, and other challenges are not named', async ({ store }) => {
    await store.recordPending({ ...pendingFor(1), consumes: await consuming(store) });
    await recorded(store, issuanceFor(1));
    const history = await store.listAudit({ certificate: certificateId(1) });
    assert.deepEqual(history, [auditFor(1, 'issued'), { ...auditFor(1, 'pending'), challenge: used }]);
    await recorded(store, issuanceFor(2, { consumes: 'a static one' }));
    assert.deepEqual(await store.listAudit({ certificate: certificateId(2) }), [auditFor(2, 'issued')]);
  });
}

function challenges(check: Check): void {
  const HOUR = 3_600;
  const challenge = (n: number, createdAt = NOON): NewChallenge => ({
    endpoint: ENDPOINT,
    password: `PASSWORD-${n}`,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + HOUR * 1_000),
  });
  const uses = async (store: Store, n: number): Promise<string> =>
    (await store.findChallenge(ENDPOINT, `PASSWORD-${n}`))?.id ?? assert.fail('no such challenge');

  check('a password is found at its endpoint alone, and exactly as it is written', async ({ store }) => {
    assert.equal(await store.addChallenge(challenge(1), 5), true);
    const binding = { subject: 'CN=a', san: ['dns:a.example'] };
    assert.equal(await store.addChallenge({ ...challenge(9), binding }, 5), true);
    assert.deepEqual((await store.findChallenge(ENDPOINT, 'PASSWORD-9'))?.binding, binding);
    const found = await store.findChallenge(ENDPOINT, 'PASSWORD-1');
    assert.deepEqual([found?.expiresAt, found?.used], [later(HOUR), false]);
    assert.equal(await store.findChallenge('/scep/other', 'PASSWORD-1'), undefined);
    for (const other of ['password-1', 'PASSWORD-1 ', 'PASSWORD-', ''])
      assert.equal(await store.findChallenge(ENDPOINT, other), undefined, other);
  });

  check('the id of a password reveals nothing of it, and differs between endpoints', async ({ store }) => {
    await store.addChallenge(challenge(1), 5);
    await store.addChallenge({ ...challenge(1), endpoint: '/scep/other' }, 5);
    const here = await uses(store, 1);
    const there = await store.findChallenge('/scep/other', 'PASSWORD-1');
    assert.ok(there && there.id !== here && !here.includes('PASSWORD'));
  });

  check('M03 no more passwords than are allowed are outstanding; use and time make room', async ({ store }) => {
    for (const n of [1, 2]) assert.equal(await store.addChallenge(challenge(n), 2), true);
    assert.equal(await store.addChallenge(challenge(3), 2), false);
    assert.equal(await store.findChallenge(ENDPOINT, 'PASSWORD-3'), undefined);
    assert.equal(await store.addChallenge({ ...challenge(3), endpoint: '/scep/other' }, 2), true);
    await recorded(store, issuanceFor(1, { consumes: await uses(store, 1) }));
    assert.equal(await store.addChallenge(challenge(4), 2), true);
    assert.equal(await store.addChallenge(challenge(5), 2), false);
    assert.equal(await store.addChallenge(challenge(5, later(HOUR - 1)), 2), false);
    assert.equal(await store.addChallenge(challenge(5, later(HOUR)), 2), true);
  });

  check('of 20 passwords added in parallel as many get in as are allowed', async ({ store }) => {
    const twenty = Array.from({ length: 20 }, (_, n) => n);
    const added = await Promise.all(twenty.map((n) => store.addChallenge(challenge(n), 5)));
    assert.equal(added.filter(Boolean).length, 5);
  });

  check('a password that is used up is found as used, and no other request can use it', async ({ store }) => {
    await store.addChallenge(challenge(1), 5);
    const id = await uses(store, 1);
    await recorded(store, issuanceFor(1, { consumes: id }));
    assert.equal((await store.findChallenge(ENDPOINT, 'PASSWORD-1'))?.used, true);
    assert.deepEqual(await store.recordIssued(issuanceFor(2, { consumes: id })), { kind: 'consumed' });
  });

  check('an old password is known for a day, and forgotten when a later one is added', async ({ store }) => {
    const DAY = 24 * HOUR;
    await store.addChallenge(challenge(1), 5);
    await recorded(store, issuanceFor(1, { consumes: await uses(store, 1) }));
    await store.addChallenge(challenge(2, later(DAY)), 5);
    assert.equal((await store.findChallenge(ENDPOINT, 'PASSWORD-1'))?.used, true);
    await store.addChallenge(challenge(3, later(DAY + HOUR + 1)), 5);
    assert.equal(await store.findChallenge(ENDPOINT, 'PASSWORD-1'), undefined);
    assert.ok(await store.findChallenge(ENDPOINT, 'PASSWORD-2'));
  });
}

function lasting(check: Check): void {
  check('check() succeeds again and again while the store can write', async ({ store }) => {
    await store.check();
    await store.check();
  });

  check('everything is there after a restart', async (opened, context) => {
    if (!opened.reopen) return context.skip('this store keeps nothing');
    const issuance = issuanceFor(1, { notification: 'strict', consumes: 'one-time' });
    const claim = await recorded(opened.store, issuance);
    await opened.store.recordPending(pendingFor(2));
    opened.store = await opened.reopen();
    const { store } = opened;
    assert.deepEqual(await store.findTransaction(issuance.transaction.key), transactionOf(issuance));
    assert.deepEqual(await store.listPending(), [listed(waitingFor(2))]);
    assert.equal((await store.claimNotifications({ ...CLAIM, mode: 'strict' }))[0]?.id, claim.id);
    assert.equal((await store.recordIssued(issuanceFor(3, { consumes: 'one-time' }))).kind, 'consumed');
    assert.equal((await store.listAudit({})).length, 2);
  });

  check('writes handed over before the end are kept, and later ones are refused', async (opened) => {
    const { store, reopen } = opened;
    const writes = [1, 2, 3].map((n) => store.recordIssued(issuanceFor(n)));
    const closed = reopen ? reopen() : store.close();
    assert.deepEqual(kindsOf(await Promise.all(writes)), ['recorded', 'recorded', 'recorded']);
    const reopened = await closed;
    await assert.rejects(store.recordIssued(issuanceFor(4)), /closed/);
    if (reopened) opened.store = reopened;
    if (reopened) assert.equal((await reopened.listCertificates({})).length, 3);
  });
}
