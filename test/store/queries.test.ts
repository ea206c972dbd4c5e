/** Every lookup finds its rows through an index: no query of an enrolment grows with the number of rows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatabaseSync } from 'node:sqlite';
import { migrate } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/sqlite.ts';
import { sqliteEngine } from '../../src/store/sqlite-engine.ts';
import { createStore } from '../../src/store/create-store.ts';
import { NO_CLAIM } from '../../src/testing/opened-store.ts';
import { attemptFor } from '../../src/testing/store-attempts.ts';
import {
  auditFor,
  certificateId,
  ENDPOINT,
  failureNotificationFor,
  issuanceFor,
  later,
  NOON,
  pendingFor,
  pollOf,
} from '../../src/testing/store-samples.ts';

/** Opens a store that notes the text of each statement it prepares. */
async function watched() {
  const database = openDatabase(':memory:');
  const texts = new Set<string>();
  const prepare = database.prepare.bind(database);
  const engine = sqliteEngine(database, ':memory:');
  await migrate(engine, ':memory:');
  database.prepare = (text) => {
    texts.add(text);
    return prepare(text);
  };
  // A fresh engine, because the one of the migrations has prepared some statements already.
  return { database, texts, store: createStore(sqliteEngine(database, ':memory:'), () => NOON) };
}

const plan = (database: DatabaseSync, text: string): string[] =>
  database
    .prepare(`explain query plan ${text}`)
    .all()
    .map(({ detail }) => String(detail));

test('no query scans a table or sorts, except the lists that are asked for without a filter or by thumbprint', async () => {
  const { database, texts, store } = await watched();
  const id = certificateId(1);
  const renewal = issuanceFor(2, { consumes: 'one-time' });
  renewal.certificate.renews = id;
  const work = { owner: 'first', leaseMs: 1, limit: 10 };

  const issued = await store.recordIssued(issuanceFor(1, { notification: 'strict', consumes: 'one-time' }));
  await store.recordIssued(renewal);
  const claim = (issued.kind === 'recorded' && issued.notification) || NO_CLAIM;
  await store.acknowledgeNotification(claim, auditFor(1, 'delivered'));
  await store.recordNotification(failureNotificationFor(3));
  const [failed] = await store.claimNotifications({ ...work, mode: 'outbox' });
  await store.postponeNotification(failed!, later(1));
  await store.abandonNotification(failed!, auditFor(3, 'notification-abandoned'));
  await store.recordPending({ ...pendingFor(4), consumes: 'another' });
  await store.recordPending({ ...pendingFor(5, { reason: 'unreachable' }), most: 9 });
  await store.recordPending(pendingFor(5));
  await store.forgetRequests({ unreachable: later(1), erased: NOON, any: NOON }, 10);
  await store.listPending();
  await store.decidePending(pendingFor(4).transaction.key, 'approved', auditFor(4, 'approved'));
  await store.recordIssued(issuanceFor(4));
  await store.findPolled(pollOf(1));
  await store.withdrawPending('unknown');
  await store.findCertificate(id);
  await store.findCertificatesBySerial(id.serial);
  await store.findRenewals(id);
  await store.revoke(id, 'superseded', auditFor(1, 'revoked'), { tellIssuer: true });
  const [owed] = await store.claimRevocations(work);
  await store.postponeRevocation(owed!.id, owed!.fence, later(1), 'down');
  await store.revocationDone(owed!.id, owed!.fence);
  await store.listCertificates({ state: 'revoked' });
  await store.listCertificates({ state: 'revoked', after: id, limit: 10 });
  await store.revocationStanding(id.issuerId);
  await store.agreeOnList(id.issuerId, { revision: 1, keep: 1 });
  await store.publishList(id.issuerId, 1);
  await store.revocationStanding(id.issuerId, 3);
  await store.listRevoked(id.issuerId, { after: 1, limit: 10, shard: 3 });
  await store.addShards(id.issuerId, { number: 1, urls: [] });
  await store.release(id, auditFor(1, 'released'));
  await store.revokeAll(id.issuerId, { after: 1, limit: 2, reason: 'superseded', audit: auditFor(1, 'revoked') });
  await store.listRevoked(id.issuerId, { after: 1, limit: 10 });
  await store.listCertificates({ after: id, limit: 10 });
  await store.listCertificates({ names: [{ kind: 'upn', value: 'ada@example.com' }], limit: 10 });
  for (const filter of [
    { names: [{ kind: 'dns', value: 'a' } as const, { kind: 'upn', value: 'a' } as const] },
    { serialPrefix: 'ab' },
    { cn: 'pc-' },
    { ends: { before: NOON } },
    { ends: { from: NOON, before: later(1) }, state: 'delivered' as const },
  ]) {
    await store.listCertificates({ ...filter, limit: 10 });
    await store.countCertificates(filter);
  }
  await store.listAudit({ certificate: id });
  await store.registerIssuer({ ...id, name: 'CN=Issuing CA', nameDer: Buffer.of(0x30, 0) });
  const run = await store.claimJob({ ...work, name: 'crl' });
  await store.renewJob({ ...work, name: 'crl', fence: run!.fence });
  await store.finishJob({ ...work, name: 'crl', fence: run!.fence, dueAt: later(1) });
  const challenge = { endpoint: ENDPOINT, password: 'P', createdAt: NOON, expiresAt: later(1) };
  await store.addChallenge(challenge, 5);
  await store.findChallenge(ENDPOINT, 'P');
  await store.check();
  for (const kind of ['transactions', 'der', 'audit'] as const)
    await store.removeOld({ kind, before: later(400 * 86_400), limit: 1 });

  await store.recordAttempts([attemptFor(1), attemptFor(2)]);
  for (const filter of [{ name: 'device-1' }, { name: 'device-1', before: 9, since: NOON }, { before: 9 }])
    await store.findAttempts({ ...filter, limit: 10 });
  await store.findAttempts({ endpoint: ENDPOINT, limit: 10 });
  await store.listAttemptNames('device', 10);
  await store.trimAttempts('device-1', 1);
  await store.trimEndpoints(1);
  await store.removeAttempts(later(2), 10);
  await store.findHourCounts(NOON);
  await store.removeHourCounts(NOON);

  const queries = [...texts].filter((text) => /^(select|insert|update|delete)/.test(text));
  assert.ok(queries.length >= 40, `${queries.length} queries were watched`);
  // A partial index is the list itself: what it holds is what was asked for.
  for (const query of queries)
    for (const step of plan(database, query))
      if (
        !step.includes('USING INDEX transactions_pending') &&
        !/USING (COVERING )?INDEX certificates_revoked/.test(step)
      )
        assert.doesNotMatch(step, /\bSCAN (?!\d+-ROW VALUES|CONSTANT ROW)|TEMP B-TREE/, query);
  await store.close();
});

test('the lists of what waits and of what is revoked read the index of just that', async () => {
  const { database, texts, store } = await watched();
  await store.listPending();
  await store.listCertificates({ state: 'revoked' });
  await store.registerIssuer({ ...certificateId(1), name: 'CN=Issuing CA', nameDer: Buffer.of(0x30, 0) });
  await store.listRevoked(certificateId(1).issuerId, { limit: 9 });
  const plans = [...texts].filter((text) => text.startsWith('select')).map((text) => plan(database, text).join());
  assert.match(plans[0] ?? '', /USING INDEX transactions_pending$/);
  assert.match(
    plans[1] ?? '',
    /^SCAN certificates USING INDEX certificates_revoked,SEARCH issuers USING INTEGER PRIMARY/,
  );
  assert.match(
    plans.at(-1) ?? '',
    /^SEARCH revocations USING INDEX revocations_by_issuer \(issuer=\? AND certificate_id>\?\)$/,
  );
  await store.close();
});

test('a statement is prepared once, however often it runs', async () => {
  const { database, store } = await watched();
  await store.recordIssued(issuanceFor(1, { notification: 'strict', consumes: 'a' }));
  await store.recordIssued(issuanceFor(2, { notification: 'strict', consumes: 'b' }));
  database.prepare = (text) => assert.fail(`prepared again: ${text}`);
  await store.recordIssued(issuanceFor(3, { notification: 'strict', consumes: 'c' }));
  assert.equal((await store.recordIssued(issuanceFor(4, { consumes: 'c' }))).kind, 'consumed');
  await store.close();
});

test('the standing of the outbox is read by its index', async () => {
  const { database, texts, store } = await watched();
  await store.recordNotification(failureNotificationFor(1));
  await store.outboxStanding();
  const plans = [...texts].filter((text) => text.startsWith('select')).map((text) => plan(database, text).join());
  const [count, oldest] = plans.filter((text) => text.includes('notifications'));
  assert.match(count ?? '', /^SEARCH notifications USING COVERING INDEX notifications_by_due \(mode=\?\)$/);
  assert.match(oldest ?? '', /^SEARCH notifications USING INTEGER PRIMARY KEY \(rowid=\?\)$/);
  await store.close();
});

test('the standing of a key and the block list are read by their indexes', async () => {
  const { database, texts, store } = await watched();
  await store.keyStanding('00');
  await store.findBlock(['user:ada@example.com']);
  const plans = [...texts].filter((text) => text.startsWith('select')).map((text) => plan(database, text).join());
  const [standing, block] = plans.filter((text) => text.includes('blocks'));
  assert.match(
    standing ?? '',
    /SEARCH compromised_keys USING COVERING INDEX \w+ \(public_key_hash=\?\),.*SCAN blocks USING COVERING INDEX/,
  );
  assert.match(block ?? '', /^SEARCH blocks USING INDEX sqlite_autoindex_blocks_1 \(name=\?\)$/);
  await store.close();
});

test('the newest attempts are read in the order of their table, and the failed ones by the index of just those', async () => {
  const { database, texts, store } = await watched();
  await store.findAttempts({ limit: 9 });
  await store.findAttempts({ failed: true, limit: 9 });
  const plans = [...texts].filter((text) => text.startsWith('select')).map((text) => plan(database, text));
  assert.deepEqual(plans, [['SCAN attempts'], ['SCAN attempts USING INDEX attempts_failed']]);
  await store.close();
});
