/** How the contract suite of a store opens it, and what the parts of the suite share. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { WorkClaim } from '../core/records.ts';
import type { Issuance, Store } from '../core/store.ts';

/**
 * A fresh, empty store. `reopen` closes it and opens what it has written again, `claimed` as its only owner; `beside`
 * opens it a second time, as another process would. Both are absent where nothing is kept.
 */
export type OpenedStore = {
  store: Store;
  reopen?: (how?: 'claimed') => Promise<Store>;
  beside?: () => Promise<Store>;
};

/** The store of one test, and its clock, which shows NOON until it is set. */
export type StoreUnderTest = OpenedStore & { setClock: (now: Date) => void };

/** Declares one test over a fresh store, which is closed afterwards. */
export type Check = (title: string, body: (opened: StoreUnderTest, context: TestContext) => Promise<void>) => unknown;

/** Ten minutes for a first owner. */
export const CLAIM = { owner: 'first', leaseMs: 600_000, limit: 10 };

/** A claim on nothing. */
export const NO_CLAIM: WorkClaim = { id: -1, fence: -1 };

/** Records it, and returns the claim on its notification; NO_CLAIM without one. */
export async function recorded(store: Store, issuance: Issuance): Promise<WorkClaim> {
  const result = await store.recordIssued(issuance);
  assert.equal(result.kind, 'recorded');
  return result.kind === 'recorded' && result.notification ? result.notification : NO_CLAIM;
}
