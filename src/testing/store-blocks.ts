/** The contract of a Store for the block list. */
import assert from 'node:assert/strict';
import type { BlockEntry, BlockName } from '../core/records.ts';
import { type Check, recorded } from './opened-store.ts';
import { auditFor, certificateId, issuanceFor, later, NOON } from './store-samples.ts';

const ADA: BlockEntry = { name: 'user:ada@example.com', at: NOON, by: 'ops', comment: 'left' };
const DEVICE: BlockEntry = { name: 'device:0000-1', at: later(5), by: 'ops' };

const entryFor = (event: 'blocked' | 'unblocked', detail: string) =>
  ({
    at: NOON,
    event,
    endpoint: '',
    transactionId: '',
    actor: { kind: 'person', name: 'ops' },
    source: 'cli',
    detail,
  }) as const;

/** Declares them. */
export function blocks(check: Check): void {
  check('a block is found among other names, listed, and removed; each once, with its history', async ({ store }) => {
    assert.equal(await store.findBlock([ADA.name]), undefined);
    assert.deepEqual(await store.listBlocks(), []);
    assert.equal(await store.addBlock(ADA, entryFor('blocked', ADA.name)), true);
    assert.equal(await store.addBlock(DEVICE, entryFor('blocked', DEVICE.name)), true);
    assert.equal(await store.addBlock({ ...ADA, by: 'other' }, entryFor('blocked', ADA.name)), false);
    assert.deepEqual(await store.listBlocks(), [DEVICE, ADA]);
    assert.deepEqual(await store.findBlock(['key:00', 'user:ada@example.com']), ADA);
    assert.equal(await store.findBlock(['user:ada@example.co', 'device:ada@example.com']), undefined);
    assert.equal(await store.findBlock([]), undefined);
    assert.equal(await store.removeBlock(ADA.name, entryFor('unblocked', ADA.name)), true);
    assert.equal(await store.removeBlock(ADA.name, entryFor('unblocked', ADA.name)), false);
    assert.equal(await store.findBlock([ADA.name]), undefined);
    assert.deepEqual(await store.listAudit({}), [
      entryFor('unblocked', ADA.name),
      entryFor('blocked', DEVICE.name),
      entryFor('blocked', ADA.name),
    ]);
  });

  check('the standing of a key: whether it is compromised, and whether the list has any entry', async ({ store }) => {
    const { publicKeyHash: key } = issuanceFor(1).certificate;
    await recorded(store, issuanceFor(1));
    assert.deepEqual(await store.keyStanding(key), { isCompromised: false, hasBlocks: false });
    await store.addBlock(ADA, entryFor('blocked', ADA.name));
    assert.deepEqual(await store.keyStanding(key), { isCompromised: false, hasBlocks: true });
    await store.revoke(certificateId(1), 'keyCompromise', auditFor(1, 'revoked'));
    assert.deepEqual(await store.keyStanding(key), { isCompromised: true, hasBlocks: true });
    await store.removeBlock(ADA.name, entryFor('unblocked', ADA.name));
    assert.deepEqual(await store.keyStanding(key), { isCompromised: true, hasBlocks: false });
    assert.deepEqual(await store.keyStanding('00'), { isCompromised: false, hasBlocks: false });
  });

  check('a block is found as the last of thousands of names', async ({ store }) => {
    await store.addBlock(ADA, entryFor('blocked', ADA.name));
    for (const count of [15, 16, 17, 4_000]) {
      const others = Array.from({ length: count }, (_, n): BlockName => `device:${n}`);
      assert.equal(await store.findBlock(others), undefined);
      assert.deepEqual(await store.findBlock([...others, ADA.name]), ADA);
    }
  });

  check('a block for a certificate is in the history of the certificate', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    const audit = { ...auditFor(1, 'blocked', later(2)), detail: DEVICE.name };
    await store.addBlock(DEVICE, audit);
    assert.deepEqual((await store.listAudit({ certificate: certificateId(1) }))[0], audit);
  });
}
