/** The contract of a Store for freshness: which requests are the same one, and which keys are compromised. */
import assert from 'node:assert/strict';
import type { Issuance } from '../core/store.ts';
import { type Check, recorded } from './opened-store.ts';
import { auditFor, certificateId, issuanceFor } from './store-samples.ts';

/** Declares them. */
export function freshness(check: Check): void {
  requests(check);
  compromised(check);
}

function requests(check: Check): void {
  const renewedBy = (n: number, request: string): Issuance => {
    const issuance = issuanceFor(n);
    return { ...issuance, transaction: { ...issuance.transaction, request } };
  };

  check('a request is found by itself, before a renewal by the same certification request', async ({ store }) => {
    const { request, key } = issuanceFor(1).transaction;
    assert.equal(await store.findRequest(request, key), undefined);
    await recorded(store, renewedBy(2, `${request}${'a'.repeat(64)}`));
    await recorded(store, renewedBy(3, `${request}${'b'.repeat(64)}`));
    assert.equal((await store.findRequest(request, key))?.transactionId, 'transaction-3');
    assert.equal((await store.findRequest(`${request}${'a'.repeat(64)}`, key))?.transactionId, 'transaction-2');
    await recorded(store, issuanceFor(1));
    assert.equal((await store.findRequest(request, key))?.transactionId, 'transaction-1');
    assert.equal(await store.findRequest('c'.repeat(64), key), undefined);
  });

  check('the same request under another key is a duplicate', async ({ store }) => {
    await recorded(store, issuanceFor(1));
    const { request } = issuanceFor(1).transaction;
    const result = await store.recordIssued(renewedBy(2, request));
    assert.equal(result.kind === 'duplicate' && result.existing.transactionId, 'transaction-1');
  });
}

function compromised(check: Check): void {
  check('a key is compromised when a certificate with it was revoked for keyCompromise', async ({ store }) => {
    for (const n of [1, 2]) await recorded(store, issuanceFor(n));
    const keyOf = (n: number) => issuanceFor(n).certificate.publicKeyHash;
    await store.revoke(certificateId(1), 'superseded', auditFor(1, 'revoked'));
    assert.equal(await store.isCompromised(keyOf(1)), false);
    await store.revoke(certificateId(2), 'keyCompromise', auditFor(2, 'revoked'));
    assert.deepEqual([await store.isCompromised(keyOf(1)), await store.isCompromised(keyOf(2))], [false, true]);
  });
}
