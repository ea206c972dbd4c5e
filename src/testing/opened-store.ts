/** How the contract suite of a store opens it, and how its parts declare a test. */
import type { TestContext } from 'node:test';
import type { Store } from '../core/store.ts';

/** A fresh, empty store. `reopen` closes it and opens what it has written again; absent where nothing is kept. */
export type OpenedStore = { store: Store; reopen?: () => Promise<Store> };

/** Declares one test over a fresh store, which is closed afterwards. */
export type Check = (title: string, body: (opened: OpenedStore, context: TestContext) => Promise<void>) => unknown;
