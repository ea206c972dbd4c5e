/**
 * `openndes/store`: the contract of a store and the records in it, for an implementation on another database. The records
 * follow the schema, so they may change in a minor version; the changelog says so.
 */
export type { RoleGrant, Role } from './core/access.ts';
export type * from './core/answer-store.ts';
export type * from './core/attempt-store.ts';
export type * from './core/audit-chain.ts';
export type * from './core/condition.ts';
export type * from './core/condition-store.ts';
export type * from './core/hour-counts.ts';
export type * from './core/operator-message.ts';
export type * from './core/order-store.ts';
export type * from './core/message-store.ts';
export type * from './core/user-key-standing.ts';
export type * from './core/user-key-store.ts';
export type * from './core/key-link-store.ts';
export type * from './core/person.ts';
export type * from './core/proposal-store.ts';
export type * from './core/records.ts';
export type * from './core/search-store.ts';
export type * from './core/session-store.ts';
export type * from './core/store-standing.ts';
export type * from './core/store.ts';
