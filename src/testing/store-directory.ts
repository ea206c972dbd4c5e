/** The contract of a Store for the directories of tenants. */
import assert from 'node:assert/strict';
import type { DirectoryObject } from '../core/tenant-directory.ts';
import { type Check, recorded } from './opened-store.ts';
import { auditFor, certificateId, ENDPOINT, issuanceFor, later, NOON } from './store-samples.ts';

const device = (id: string, name: string, goneSince?: number): DirectoryObject => ({
  kind: 'managed',
  id,
  name,
  ...(goneSince !== undefined && { goneSince }),
});

/** Declares them. */
export function directories(check: Check): void {
  check('the standing of a directory is changed field by field, for each tenant by itself', async ({ store }) => {
    const never = { listing: 0, links: {}, error: '', waiting: 0, countedAt: 0, approved: 0, acceptsLoss: false };
    assert.deepEqual(await store.directoryStanding('corp'), never);
    const change = { listing: 3, listedAt: NOON, nextAt: later(60), links: { user: 'https://graph.example/x' } };
    await store.changeDirectoryStanding('corp', change);
    const approval = { ...auditFor(1, 'directory-approved'), issuerId: undefined, serial: undefined };
    const { issuerId: _issuer, serial: _serial, ...entry } = approval;
    await store.changeDirectoryStanding('corp', { countedAt: 3, approved: 2, acceptsLoss: true, error: 'no' }, entry);
    assert.deepEqual(await store.directoryStanding('corp'), {
      ...never,
      ...change,
      countedAt: 3,
      approved: 2,
      acceptsLoss: true,
      error: 'no',
    });
    assert.deepEqual(await store.directoryStanding('other'), never);
    assert.deepEqual(await store.listAudit({}), [entry]);
  });

  check('objects of a directory are listed in pages, replaced, and found when they are gone', async ({ store }) => {
    await store.recordDirectory('corp', [device('b', 'one'), device('a', 'two', 1), device('c', 'three', 1)]);
    await store.recordDirectory('other', [device('x', 'one', 1)]);
    await store.recordDirectory('corp', [device('d', 'two'), device('c', 'three', 2)]);
    const page = { kind: 'managed', limit: 2 } as const;
    assert.deepEqual(await store.listDirectory('corp', page), [device('a', 'two', 1), device('b', 'one')]);
    assert.deepEqual(await store.listDirectory('corp', { ...page, after: 'b' }), [
      device('c', 'three', 2),
      device('d', 'two'),
    ]);
    assert.deepEqual(await store.listDirectory('corp', { kind: 'user', limit: 2 }), []);
    assert.deepEqual(await store.listGone('corp', { before: 2, limit: 9 }), [
      { ...device('a', 'two', 1), nameReturned: true },
    ]);
    assert.deepEqual(await store.listGone('corp', { before: 3, limit: 9, after: { kind: 'managed', id: 'a' } }), [
      { ...device('c', 'three', 2), nameReturned: false },
    ]);
    assert.deepEqual(await store.countDirectory('corp'), [{ kind: 'managed', there: 2, gone: 2 }]);
  });

  check('within a bound each certificate counts once, until its time is over', async ({ store }) => {
    const [one, two, three] = [1, 2, 3].map(certificateId);
    const bound = { since: later(-60), at: NOON, most: 2 };
    assert.deepEqual(await store.takeRevocations('corp', [one!, two!, three!], bound), [one, two]);
    assert.deepEqual(await store.takeRevocations('corp', [three!, two!], { ...bound, most: 0 }), [two]);
    assert.deepEqual(await store.takeRevocations('other', [three!], bound), [three]);
    assert.equal(await store.countTaken('corp', later(-60)), 2);
    const after = { since: later(1), at: later(61), most: 2 };
    assert.deepEqual(await store.takeRevocations('corp', [three!], after), [three]);
    assert.equal(await store.countTaken('corp', later(1)), 1);
  });

  check('valid certificates of the endpoints are counted, and those that the directory knows', async ({ store }) => {
    for (const n of [1, 2, 3, 4]) await recorded(store, issuanceFor(n));
    await store.revoke(issuanceFor(4).certificate, 'superseded', auditFor(4, 'revoked'));
    await store.recordDirectory('corp', [
      device('0000-1', 'x'),
      { kind: 'user', id: 'u', name: 'user1@example.com' },
      { kind: 'device', id: 'o', name: 'device-2' },
      device('0000-4', 'y'),
    ]);
    const live = { endpoints: [ENDPOINT], at: NOON };
    assert.deepEqual(await store.countLive({ ...live, from: 0 }), { live: 3 });
    assert.deepEqual(await store.countLive({ ...live, at: later(366 * 86_400), from: 0 }), { live: 0 });
    assert.deepEqual(await store.countLive({ ...live, endpoints: ['/other'], from: 0 }), { live: 0 });
    assert.equal(await store.countMatched('corp', live), 2);
    assert.equal(await store.countMatched('other', live), 0);
  });
}
