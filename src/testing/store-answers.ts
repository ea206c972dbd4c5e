/** The contract of a Store for answers that are kept by key. */
import assert from 'node:assert/strict';
import type { Check } from './opened-store.ts';
import { later, NOON } from './store-samples.ts';

const BEGUN = { fingerprint: 'revoke 01', forget: later(-3600) };
const ANSWER = { status: 200, body: '{"revoked":true}' };

/** Declares them. */
export function answers(check: Check): void {
  check('an answer is kept under its key, also after a restart', async ({ store, reopen }) => {
    assert.equal(await store.beginAnswer('a', BEGUN), undefined);
    assert.deepEqual(await store.beginAnswer('a', { ...BEGUN, fingerprint: 'another' }), { fingerprint: 'revoke 01' });
    await store.keepAnswer('a', ANSWER);
    const kept = { fingerprint: 'revoke 01', answer: ANSWER };
    assert.deepEqual(await store.beginAnswer('a', BEGUN), kept);
    assert.equal(await store.beginAnswer('b', BEGUN), undefined, 'another key is new');
    if (reopen) assert.deepEqual(await (await reopen()).beginAnswer('a', BEGUN), kept);
  });

  check('a key that is taken back is new, and an answer that is kept stays', async ({ store }) => {
    await store.beginAnswer('a', BEGUN);
    await store.withdrawAnswer('a');
    assert.equal(await store.beginAnswer('a', BEGUN), undefined);
    await store.keepAnswer('a', ANSWER);
    await store.withdrawAnswer('a');
    assert.deepEqual(await store.beginAnswer('a', BEGUN), { fingerprint: 'revoke 01', answer: ANSWER });
  });

  check('an answer is forgotten when it is old', async ({ store, setClock }) => {
    await store.beginAnswer('a', BEGUN);
    await store.keepAnswer('a', ANSWER);
    setClock(later(3601));
    assert.notEqual(await store.beginAnswer('a', { ...BEGUN, forget: NOON }), undefined, 'not before');
    assert.equal(await store.beginAnswer('a', { ...BEGUN, forget: later(1) }), undefined);
  });

  check('of 20 who begin under one key at once one does', async ({ store, beside }) => {
    const other = (await beside?.()) ?? store;
    const all = Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).beginAnswer('a', BEGUN));
    assert.equal((await Promise.all(all)).filter((kept) => kept === undefined).length, 1);
    if (other !== store) await other.close();
  });
}
