/** The contract of a Store for revocation: what is revoked, what a list contains, and what the CA must still be told. */
import assert from 'node:assert/strict';
import type { NewRevocation, PendingRevocation } from '../core/records.ts';
import type { Issuance, Store } from '../core/store.ts';
import { type Check, CLAIM, recorded } from './opened-store.ts';
import { auditFor, certificateId, ENDPOINT, issuanceFor, ISSUER_ID, later, NOON } from './store-samples.ts';

const OTHER_ISSUER = 'ff'.repeat(32);
const SECOND = { ...CLAIM, owner: 'second' };

/** The nth issuance under another issuer. */
const elsewhere = (n: number): Issuance => {
  const { certificate, ...rest } = issuanceFor(n);
  return { ...rest, certificate: { ...certificate, issuerId: OTHER_ISSUER, issuer: 'CN=Other CA' } };
};

const revision = async (store: Store, issuerId = ISSUER_ID): Promise<number> =>
  (await store.revocationStanding(issuerId)).revision;

/** Declares them. */
export function revocations(check: Check): void {
  revoking(check);
  holding(check);
  revokingAll(check);
  listing(check);
  telling(check);
  leases(check);
}

function revoking(check: Check): void {
  for (const notification of ['strict', 'outbox'] as const)
    check(`a certificate (${notification}) is revoked once`, async ({ store }) => {
      const issuance = issuanceFor(1, { notification });
      await recorded(store, issuance);
      assert.equal(await store.revoke(certificateId(1), 'keyCompromise', auditFor(1, 'revoked', later(7))), true);
      assert.equal(await store.revoke(certificateId(1), 'superseded', auditFor(1, 'revoked', later(8))), false);
      assert.deepEqual(await store.findCertificate(certificateId(1)), {
        ...issuance.certificate,
        state: 'revoked',
        revokedAt: later(7),
        revocationReason: 'keyCompromise',
      });
      assert.equal((await store.listAudit({ certificate: certificateId(1) })).length, 2);
    });

  check('a renewal of a certificate that was revoked meanwhile is not recorded', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    await store.revoke(certificateId(1), 'superseded', auditFor(1, 'revoked'));
    const { certificate, ...rest } = issuanceFor(2);
    const renewal = { ...rest, certificate: { ...certificate, renews: certificateId(1) } };
    const refused = { kind: 'revoked', what: 'renewed' };
    assert.deepEqual(await store.recordIssued({ ...renewal, mostRenewals: 2 }), refused);
    assert.equal(await store.findCertificate(certificate), undefined);
    // Where the policy decides about renewals, the renewed certificate is no permission.
    assert.equal((await store.recordIssued(renewal)).kind, 'recorded');
  });

  check('a certificate for a key that was revoked as compromised meanwhile is not recorded', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    await store.revoke(certificateId(1), 'keyCompromise', auditFor(1, 'revoked'));
    const { publicKeyHash } = issuanceFor(1).certificate;
    const { certificate, ...rest } = issuanceFor(2);
    const refused = { kind: 'revoked', what: 'key' };
    assert.deepEqual(await store.recordIssued({ ...rest, certificate: { ...certificate, publicKeyHash } }), refused);
    assert.equal(await store.findCertificate(certificate), undefined);
  });

  check('the last moment of a signature is the latest one, until another clock is accepted', async ({ store }) => {
    assert.equal(await store.lastSigned(), undefined);
    await store.noteSigning(later(5));
    await store.noteSigning(later(3));
    assert.deepEqual(await store.lastSigned(), later(5));
    await store.noteSigning(later(7));
    assert.deepEqual(await store.lastSigned(), later(7));
    const { issuerId: _, serial: __, ...audit } = auditFor(1, 'clock-accepted');
    await store.acceptClock(later(2), audit);
    assert.deepEqual(await store.lastSigned(), later(2));
    assert.deepEqual(await store.listAudit({}), [audit]);
  });

  check('what verifiers are told of a certificate', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    await recorded(store, issuanceFor(2));
    await store.revoke(certificateId(1), 'keyCompromise', auditFor(1, 'revoked', later(7)));
    assert.deepEqual(await store.revocationStatus(certificateId(1)), { at: later(7), reason: 'keyCompromise' });
    assert.equal(await store.revocationStatus(certificateId(2)), 'good');
    assert.equal(await store.revocationStatus({ issuerId: ISSUER_ID, serial: 'unknown' }), undefined);
    assert.equal(await store.revocationStatus({ ...certificateId(1), issuerId: OTHER_ISSUER }), undefined);
  });

  check('what does not exist is not revoked', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    const { serial } = certificateId(1);
    for (const id of [
      { issuerId: ISSUER_ID, serial: 'unknown' },
      { issuerId: OTHER_ISSUER, serial },
    ])
      assert.equal(await store.revoke(id, 'unspecified', auditFor(1, 'revoked'), { tellIssuer: true }), false);
    assert.equal((await store.findCertificate(certificateId(1)))?.state, 'delivered');
    assert.equal((await store.listAudit({})).length, 1);
    assert.deepEqual(await store.claimRevocations(CLAIM), []);
  });

  check('one serial number of two issuers is two certificates, and each is revoked alone', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    const twin = elsewhere(2);
    twin.certificate.serial = certificateId(1).serial;
    await recorded(store, twin);
    assert.equal(await store.revoke(twin.certificate, 'superseded', auditFor(2, 'revoked')), true);
    assert.equal((await store.findCertificate(certificateId(1)))?.state, 'delivered');
    const found = await store.findCertificatesBySerial(certificateId(1).serial);
    assert.deepEqual(
      found.map(({ issuerId, issuer, state }) => [issuerId, issuer, state]),
      [
        [OTHER_ISSUER, 'CN=Other CA', 'revoked'],
        [ISSUER_ID, 'CN=Issuing CA', 'delivered'],
      ],
    );
    assert.deepEqual([await revision(store), await revision(store, OTHER_ISSUER)], [0, 1]);
  });
}

function holding(check: Check): void {
  const hold = (store: Store, n: number) =>
    store.revoke(certificateId(n), 'certificateHold', auditFor(n, 'revoked', later(7)));
  const release = (store: Store, n: number) => store.release(certificateId(n), auditFor(n, 'released', later(9)));

  check(
    'a certificate on hold is released: it is as before, listed no more, and the revision has risen',
    async (at) => {
      const { store } = at;
      await recorded(store, issuanceFor(1));
      const before = await store.findCertificate(certificateId(1));
      assert.equal(await hold(store, 1), true);
      assert.equal(await hold(store, 1), false);
      const held = await store.findCertificate(certificateId(1));
      assert.deepEqual(
        [held?.state, held?.revocationReason, held?.revokedAt],
        ['revoked', 'certificateHold', later(7)],
      );
      assert.equal((await store.listRevoked(ISSUER_ID, { limit: 9 }))[0]?.reason, 'certificateHold');
      assert.equal(await release(store, 1), true);
      assert.deepEqual(await store.findCertificate(certificateId(1)), before);
      assert.deepEqual(await store.listRevoked(ISSUER_ID, { limit: 9 }), []);
      assert.equal(await revision(store), 2);
      assert.deepEqual(
        (await store.listAudit({ certificate: certificateId(1) })).map(({ event }) => event),
        ['released', 'revoked', 'issued'],
      );
    },
  );

  check('nothing but a hold is released', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    assert.equal(await release(store, 1), false);
    await store.revoke(certificateId(1), 'superseded', auditFor(1, 'revoked'));
    assert.equal(await release(store, 1), false);
    assert.equal(await release(store, 2), false);
    assert.deepEqual([await revision(store), (await store.listAudit({})).length], [1, 2]);
  });

  check('a hold becomes a revocation of the day on which it began, and then stays', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    await hold(store, 1);
    assert.equal(await store.revoke(certificateId(1), 'keyCompromise', auditFor(1, 'revoked', later(8))), true);
    assert.deepEqual([await hold(store, 1), await release(store, 1)], [false, false]);
    const [listed] = await store.listRevoked(ISSUER_ID, { limit: 9 });
    assert.deepEqual([listed?.reason, listed?.revokedAt], ['keyCompromise', later(7)]);
    const { revokedAt, revocationReason } = (await store.findCertificate(certificateId(1)))!;
    assert.deepEqual([revokedAt, revocationReason], [later(7), 'keyCompromise']);
    assert.equal(await store.isCompromised(issuanceFor(1).certificate.publicKeyHash), true);
    assert.equal(await revision(store), 2);
  });

  check('a certificate that waits for its delivery cannot be on hold', async ({ store }) => {
    await recorded(store, issuanceFor(1, { notification: 'strict' }));
    assert.equal(await hold(store, 1), false);
    assert.equal(await store.revoke(certificateId(1), 'superseded', auditFor(1, 'revoked')), true);
  });

  check('the CA is told of the end of a hold only when it knows of the hold', async ({ store }) => {
    for (const n of [1, 2]) await recorded(store, issuanceFor(n));
    const tellIssuer = true;
    await store.revoke(certificateId(1), 'certificateHold', auditFor(1, 'revoked'), { tellIssuer });
    await store.release(certificateId(1), auditFor(1, 'released'), { tellIssuer });
    await store.revoke(certificateId(1), 'certificateHold', auditFor(1, 'revoked'), { tellIssuer });
    await store.revoke(certificateId(2), 'superseded', auditFor(2, 'revoked'), { tellIssuer });
    const [hold, other, ...more] = await store.claimRevocations(CLAIM);
    assert.deepEqual([hold?.reason, other?.reason, more], ['certificateHold', 'superseded', []]);
    await store.postponeRevocation(hold!.id, hold!.fence, later(3_600), 'no answer');
    await store.revocationDone(other!.id, other!.fence);
    assert.deepEqual(await store.claimRevocations(CLAIM), []);
    await store.postponeRevocation(hold!.id, hold!.fence, NOON, 'no answer');
    for (const reason of ['certificateHold', 'removeFromCRL', 'certificateHold']) {
      const [next, ...others] = await store.claimRevocations(CLAIM);
      assert.deepEqual([next?.reason, others], [reason, []]);
      await store.revocationDone(next!.id, next!.fence);
    }
  });

  check('a revocation for good is told at once, whatever became of the hold before it', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    await store.revoke(certificateId(1), 'certificateHold', auditFor(1, 'revoked'), { tellIssuer: true });
    const [hold] = await store.claimRevocations(CLAIM);
    await store.postponeRevocation(hold!.id, hold!.fence, later(3_600), 'a CA without holds');
    await store.revoke(certificateId(1), 'keyCompromise', auditFor(1, 'revoked'), { tellIssuer: true });
    assert.deepEqual(
      (await store.claimRevocations(CLAIM)).map(({ reason }) => reason),
      ['keyCompromise'],
    );
    assert.equal(await store.revocationDone(hold!.id, hold!.fence), false);
  });
}

function revokingAll(check: Check): void {
  const { actor, source } = auditFor(1, 'revoked');
  const step = { limit: 2, reason: 'cACompromise', audit: { at: later(9), actor, source, detail: 'lost' } } as const;

  check('every certificate of an issuer is revoked in steps, which go on where one has ended', async ({ store }) => {
    for (const n of [1, 2, 3, 4]) await recorded(store, issuanceFor(n));
    await recorded(store, elsewhere(5));
    await store.revoke(certificateId(2), 'superseded', auditFor(2, 'revoked', later(7)));
    await store.revoke(certificateId(3), 'certificateHold', auditFor(3, 'revoked', later(8)));
    const before = await revision(store);
    const first = await store.revokeAll(ISSUER_ID, step);
    assert.equal(first.revoked, 2);
    assert.equal(await revision(store), before + 1);
    const second = await store.revokeAll(ISSUER_ID, { ...step, after: first.last! });
    assert.equal(second.revoked, 1);
    assert.deepEqual(await store.revokeAll(ISSUER_ID, { ...step, after: second.last! }), { revoked: 0 });
    assert.deepEqual(await store.revokeAll(ISSUER_ID, step), { revoked: 0 });
    assert.deepEqual(
      (await store.listRevoked(ISSUER_ID, { limit: 9 })).map(({ revokedAt, reason }) => [revokedAt, reason]),
      [
        [later(9), 'cACompromise'],
        [later(7), 'superseded'],
        [later(8), 'cACompromise'],
        [later(9), 'cACompromise'],
      ],
    );
    const { state, revokedAt, revocationReason } = (await store.findCertificate(certificateId(4)))!;
    assert.deepEqual([state, revokedAt, revocationReason], ['revoked', later(9), 'cACompromise']);
    assert.equal((await store.findCertificate(elsewhere(5).certificate))?.state, 'delivered');
    const { certificate } = issuanceFor(1);
    const { issuerId, serial, endpoint, transactionId } = certificate;
    const about = { issuerId, serial, endpoint, transactionId };
    assert.deepEqual((await store.listAudit({ certificate }))[0], { ...step.audit, event: 'revoked', ...about });
  });

  check('what has ended is left out, and a lost key of each is remembered', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    const { publicKeyHash } = issuanceFor(1).certificate;
    const audit = { ...step.audit, at: later(366 * 86_400) };
    assert.deepEqual(await store.revokeAll(ISSUER_ID, { ...step, audit }), { revoked: 0 });
    assert.equal(await store.isCompromised(publicKeyHash), false);
    assert.equal((await store.revokeAll(ISSUER_ID, { ...step, reason: 'keyCompromise' })).revoked, 1);
    assert.equal(await store.isCompromised(publicKeyHash), true);
    assert.deepEqual(await store.claimRevocations(CLAIM), []);
  });
}

function listing(check: Check): void {
  check('each revocation raises the revision once, also of one that was never delivered', async ({ store }) => {
    assert.equal(await revision(store), 0);
    await recorded(store, issuanceFor(1));
    await recorded(store, issuanceFor(2, { notification: 'strict' }));
    const claim = await recorded(store, issuanceFor(3, { notification: 'strict' }));
    assert.equal(await revision(store), 0);
    for (const [revoked, n] of [1, 2].entries()) {
      await store.revoke(certificateId(n), 'superseded', auditFor(n, 'revoked'));
      assert.equal(await revision(store), revoked + 1);
    }
    await store.abandonNotification(claim, auditFor(3, 'never-delivered'));
    assert.equal(await revision(store), 3);
    await store.revoke(certificateId(1), 'superseded', auditFor(1, 'revoked'));
    assert.equal(await revision(store), 3);
  });

  check(
    'servers agree on the list of an issuer until a certificate is revoked, and on its number',
    async ({ store, beside, setClock }) => {
      const other = (await beside?.()) ?? store;
      const keep = 60_000;
      const first = await store.agreeOnList(ISSUER_ID, { revision: 0, keep });
      assert.deepEqual(first, { number: NOON.getTime(), revision: 0, madeAt: NOON, keptFor: keep });
      setClock(later(10));
      assert.deepEqual(await other.agreeOnList(ISSUER_ID, { revision: 0, keep }), { ...first, keptFor: 50_000 });
      const next = await other.agreeOnList(ISSUER_ID, { revision: 2, keep });
      assert.deepEqual(next, { number: later(10).getTime(), revision: 2, madeAt: later(10), keptFor: keep });
      assert.deepEqual(
        await store.agreeOnList(ISSUER_ID, { revision: 1, keep }),
        next,
        'the revision was read too early',
      );
      assert.equal((await store.agreeOnList(OTHER_ISSUER, { revision: 9, keep })).revision, 9);
      setClock(later(70));
      const renewed = await store.agreeOnList(ISSUER_ID, { revision: 2, keep });
      assert.deepEqual(renewed, { number: later(70).getTime(), revision: 2, madeAt: later(70), keptFor: keep });
      setClock(later(5));
      const setBack = await other.agreeOnList(ISSUER_ID, { revision: 2, keep });
      assert.deepEqual([setBack.number, setBack.madeAt], [renewed.number + 1, later(5)]);
      if (other !== store) await other.close();
    },
  );

  check('the highest number that any server has published is known to all', async ({ store, beside }) => {
    const other = (await beside?.()) ?? store;
    assert.deepEqual(await store.revocationStanding(ISSUER_ID), { revision: 0, published: 0 });
    await store.agreeOnList(ISSUER_ID, { revision: 0, keep: 60_000 });
    assert.equal((await store.revocationStanding(ISSUER_ID)).published, 0);
    assert.equal(await other.publishList(ISSUER_ID, 1_800_000_000_001), 1_800_000_000_001);
    assert.equal(await store.publishList(ISSUER_ID, 1_800_000_000_000), 1_800_000_000_001);
    assert.equal((await store.revocationStanding(ISSUER_ID)).published, 1_800_000_000_001);
    assert.equal((await store.revocationStanding(OTHER_ISSUER)).published, 0);
    if (other !== store) await other.close();
  });

  check('each shard has its own revision, numbers and pages, and the issuer all of them', async ({ store }) => {
    for (const [n, crlShard] of [0, 1, 2, 2].entries()) {
      const { certificate, ...rest } = issuanceFor(n + 1);
      await recorded(store, { ...rest, certificate: { ...certificate, crlShard } });
      await store.revoke(certificate, 'superseded', auditFor(n + 1, 'revoked'));
    }
    const listed = async (shard?: number) =>
      (await store.listRevoked(ISSUER_ID, { limit: 9, ...(shard !== undefined && { shard }) })).map(
        ({ serial }) => serial,
      );
    const [first, second, third, fourth] = [1, 2, 3, 4].map((n) => certificateId(n).serial);
    assert.deepEqual(await listed(), [first, second, third, fourth]);
    assert.deepEqual([await listed(1), await listed(2), await listed(3)], [[second], [third, fourth], []]);
    const revisionOf = async (shard?: number) => (await store.revocationStanding(ISSUER_ID, shard)).revision;
    assert.deepEqual([await revisionOf(), await revisionOf(1), await revisionOf(2), await revisionOf(3)], [4, 1, 2, 0]);
    const wish = { revision: 0, keep: 60_000 };
    await store.agreeOnList(ISSUER_ID, wish);
    await store.agreeOnList(ISSUER_ID, wish, 2);
    await store.publishList(ISSUER_ID, 7, 2);
    const published = async (shard?: number) => (await store.revocationStanding(ISSUER_ID, shard)).published;
    assert.deepEqual([await published(), await published(1), await published(2)], [0, 0, 7]);
  });

  check('what was ever known of the shards of an issuer stays known', async ({ store }) => {
    const none = { number: 0, urls: [] };
    assert.deepEqual(await store.addShards(ISSUER_ID, none), none);
    assert.deepEqual(await store.addShards(ISSUER_ID, { number: 4, urls: ['a'] }), { number: 4, urls: ['a'] });
    assert.deepEqual(await store.addShards(ISSUER_ID, { number: 2, urls: ['b'] }), { number: 4, urls: ['a', 'b'] });
    assert.deepEqual(await store.addShards(ISSUER_ID, { number: 8, urls: [] }), { number: 8, urls: ['a', 'b'] });
    assert.deepEqual(await store.addShards(OTHER_ISSUER, none), none);
  });

  check(
    'the revoked certificates of an issuer are listed page by page, whatever order they were revoked in',
    async ({ store }) => {
      for (const n of [1, 2, 3, 4]) await recorded(store, issuanceFor(n));
      await recorded(store, elsewhere(5));
      for (const n of [4, 1, 3])
        await store.revoke(certificateId(n), 'keyCompromise', auditFor(n, 'revoked', later(n)));
      await store.revoke(elsewhere(5).certificate, 'superseded', auditFor(5, 'revoked'));
      const first = await store.listRevoked(ISSUER_ID, { limit: 2 });
      const next = await store.listRevoked(ISSUER_ID, { after: first.at(-1)!.id, limit: 2 });
      assert.deepEqual(
        [...first, ...next].map(({ id: _id, ...rest }) => rest),
        [1, 3, 4].map((n) => ({
          serial: certificateId(n).serial,
          revokedAt: later(n),
          reason: 'keyCompromise',
          notAfter: later(365 * 86_400),
          crlShard: 0,
        })),
      );
      assert.deepEqual(await store.listRevoked(ISSUER_ID, { after: next.at(-1)!.id, limit: 2 }), []);
      assert.deepEqual((await store.listRevoked(OTHER_ISSUER, { limit: 9 })).length, 1);
      assert.deepEqual(await store.listRevoked('unknown', { limit: 9 }), []);
    },
  );
}

const withoutClaim = ({ id: _id, fence: _fence, ...rest }: PendingRevocation) => rest;

function telling(check: Check): void {
  check('the CA is told of a revocation when that is asked for, and only then', async ({ store }) => {
    const { certificate } = issuanceFor(1);
    await recorded(store, issuanceFor(1));
    await recorded(store, issuanceFor(2));
    await store.revoke(certificateId(1), 'keyCompromise', auditFor(1, 'revoked'), { tellIssuer: true });
    await store.revoke(certificateId(2), 'keyCompromise', auditFor(2, 'revoked'));
    assert.deepEqual((await store.claimRevocations(CLAIM)).map(withoutClaim), [
      { endpoint: ENDPOINT, certificate: certificate.der, reason: 'keyCompromise', at: NOON, attempts: 0, dueAt: NOON },
    ]);
  });

  check('the reference of the order is read with the certificate, and the CA is told with it', async ({ store }) => {
    const issuance = issuanceFor(1);
    const certificate = { ...issuance.certificate, reference: 'order 7' };
    await recorded(store, { ...issuance, certificate });
    assert.deepEqual(await store.findCertificate(certificateId(1)), certificate);
    await store.revoke(certificateId(1), 'superseded', auditFor(1, 'revoked'), { tellIssuer: true });
    await store.queueRevocation({ ...REVOCATION, reference: 'order 8' });
    const claimed = await store.claimRevocations(CLAIM);
    assert.deepEqual(
      claimed.map(({ reference }) => reference),
      ['order 7', 'order 8'],
    );
  });

  check('the CA is told of a certificate that was never delivered, unless it was revoked before', async ({ store }) => {
    const first = await recorded(store, issuanceFor(1, { notification: 'strict' }));
    const second = await recorded(store, issuanceFor(2, { notification: 'strict' }));
    await store.abandonNotification(first, auditFor(1, 'never-delivered'), { tellIssuer: true });
    await store.revoke(certificateId(2), 'keyCompromise', auditFor(2, 'revoked'), { tellIssuer: true });
    await store.abandonNotification(second, auditFor(2, 'never-delivered'), { tellIssuer: true });
    assert.deepEqual(
      (await store.claimRevocations(CLAIM)).map(({ certificate, reason }) => [certificate, reason]),
      [
        [issuanceFor(1).certificate.der, 'cessationOfOperation'],
        [issuanceFor(2).certificate.der, 'keyCompromise'],
      ],
    );
  });

  check('the CA is told of a certificate that was signed and never recorded', async ({ store }) => {
    const { der: certificate } = issuanceFor(1).certificate;
    const revocation = { endpoint: ENDPOINT, certificate, reason: 'cessationOfOperation', at: later(-5) } as const;
    const { issuerId: _, ...audit } = auditFor(1, 'discarded');
    await store.queueRevocation(revocation, { ...audit, detail: 'the issuer added a name' });
    assert.deepEqual(await store.listAudit({}), [{ ...audit, detail: 'the issuer added a name' }]);
    const [claimed] = await store.claimRevocations(CLAIM);
    assert.deepEqual(withoutClaim(claimed!), { ...revocation, attempts: 0, dueAt: NOON });
    assert.equal(await store.revocationDone(claimed!.id, claimed!.fence), true);
    assert.equal(await store.revocationDone(claimed!.id, claimed!.fence), false);
  });

  check('a CA that is down is told later, and the error is kept', async ({ store, setClock }) => {
    await queue(store);
    const [first] = await store.claimRevocations(CLAIM);
    assert.equal(await store.postponeRevocation(first!.id, first!.fence, later(60), 'connection refused'), true);
    setClock(new Date(later(60).getTime() - 1));
    assert.deepEqual(await store.claimRevocations(CLAIM), []);
    setClock(later(60));
    const [again] = await store.claimRevocations(CLAIM);
    assert.deepEqual(
      [again?.id, again?.attempts, again?.dueAt, again?.lastError],
      [first!.id, 1, later(60), 'connection refused'],
    );
  });

  check('a revocation that the CA must be told of survives a restart', async (opened, context) => {
    if (!opened.reopen) return context.skip('this store keeps nothing');
    await queue(opened.store);
    const [taken] = await opened.store.claimRevocations(CLAIM);
    opened.store = await opened.reopen();
    assert.deepEqual(await opened.store.claimRevocations(SECOND), []);
    opened.store = await opened.reopen('claimed');
    assert.equal((await opened.store.claimRevocations(SECOND))[0]?.id, taken!.id);
  });
}

const REVOCATION: NewRevocation = {
  endpoint: ENDPOINT,
  certificate: issuanceFor(1).certificate.der,
  reason: 'superseded',
  at: NOON,
};
const queue = (store: Store): Promise<void> => store.queueRevocation(REVOCATION);

function leases(check: Check): void {
  check('an owner that was too slow cannot end the work of its successor', async ({ store, setClock }) => {
    await queue(store);
    const [slow] = await store.claimRevocations({ ...CLAIM, leaseMs: 60_000 });
    assert.deepEqual(await store.claimRevocations(SECOND), []);
    setClock(later(60));
    const [taken] = await store.claimRevocations(SECOND);
    assert.deepEqual([taken?.id, taken?.fence], [slow!.id, slow!.fence + 1]);
    assert.equal(await store.revocationDone(slow!.id, slow!.fence), false);
    assert.equal(await store.postponeRevocation(slow!.id, slow!.fence, later(1e6), 'late'), false);
    assert.equal(await store.revocationDone(taken!.id, taken!.fence), true);
  });

  check('a claim from before the clock was set back by hours keeps no other owner out', async ({ store, setClock }) => {
    await queue(store);
    setClock(later(3 * 3_600));
    await store.claimRevocations({ ...CLAIM, leaseMs: 60_000 });
    setClock(later(60));
    assert.equal((await store.claimRevocations(SECOND)).length, 1);
  });

  check('what was postponed before the clock was set back by years is told again', async ({ store, setClock }) => {
    await queue(store);
    const years = 5 * 365 * 86_400;
    setClock(later(years));
    const [first] = await store.claimRevocations(CLAIM);
    await store.postponeRevocation(first!.id, first!.fence, later(years + 3_600), 'refused');
    setClock(later(60));
    assert.deepEqual(
      (await store.claimRevocations(SECOND)).map(({ id, fence }) => [id, fence]),
      [[first!.id, first!.fence + 1]],
    );
  });

  check('of 20 owners that claim revocations at the same time each revocation has one', async (opened) => {
    const stores = [opened.store, ...(opened.beside ? [await opened.beside()] : [])];
    for (let n = 0; n < 5; n++) await queue(opened.store);
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        stores[n % stores.length]!.claimRevocations({ ...CLAIM, owner: `owner ${n}`, limit: 2 }),
      ),
    );
    assert.equal(claims.flat().length, 5);
    assert.equal(new Set(claims.flat().map(({ id }) => id)).size, 5);
    for (const store of stores.slice(1)) await store.close();
  });
}
