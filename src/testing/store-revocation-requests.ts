/** The contract of a Store for the revocation requests of Intune. */
import assert from 'node:assert/strict';
import type { Check } from './opened-store.ts';
import { later, NOON } from './store-samples.ts';

const FIRST = { requestContext: 'a', serialNumber: '0x01', issuerName: 'CN=CA', caConfiguration: 'CN=CA' };
const SECOND = { requestContext: 'b', serialNumber: '02' };
const BATCH = { tenant: 'corp', batch: 'guid-1', at: NOON, requests: [FIRST, SECOND] };
const OF_BATCH = { batch: 'guid-1', downloadedAt: NOON };
const DONE = { succeeded: true, errorCode: 0 };

/** Declares them. */
export function revocationRequests(check: Check): void {
  check('revocation requests are kept by tenant, in their order, with the time of the download', async ({ store }) => {
    assert.equal(await store.lastRevocationDownload('corp'), undefined);
    await store.saveRevocationRequests(BATCH);
    await store.saveRevocationRequests({ ...BATCH, tenant: 'other', at: later(5), requests: [SECOND] });
    assert.deepEqual(await store.listRevocationRequests('corp'), [
      { ...FIRST, ...OF_BATCH },
      { ...SECOND, ...OF_BATCH },
    ]);
    assert.deepEqual(await store.listRevocationRequests('third'), []);
    assert.deepEqual(await store.lastRevocationDownload('corp'), NOON);
    assert.deepEqual(await store.lastRevocationDownload('other'), later(5));
  });

  check('a revocation request that comes again keeps its first result, until it is removed', async ({ store }) => {
    const failed = { succeeded: false, errorCode: 4004, errorMessage: 'unknown' };
    await store.saveRevocationRequests(BATCH);
    await store.decideRevocationRequest('corp', 'a', DONE);
    await store.decideRevocationRequest('corp', 'a', failed);
    await store.decideRevocationRequest('corp', 'b', failed);
    await store.saveRevocationRequests({ ...BATCH, batch: 'guid-2', at: later(60) });
    assert.deepEqual(await store.listRevocationRequests('corp'), [
      { ...FIRST, ...OF_BATCH, result: DONE },
      { ...SECOND, ...OF_BATCH, result: failed },
    ]);
    await store.removeRevocationRequests('other', ['a', 'b']);
    await store.removeRevocationRequests('corp', ['a']);
    assert.deepEqual(await store.listRevocationRequests('corp'), [{ ...SECOND, ...OF_BATCH, result: failed }]);
    await store.saveRevocationRequests({ ...BATCH, batch: 'guid-3', at: later(120), requests: [] });
    assert.deepEqual(await store.lastRevocationDownload('corp'), later(120));
  });
}
