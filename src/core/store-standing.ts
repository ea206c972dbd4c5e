/** What a store is, and which servers work on it. */

/** One server, under an id that each start makes anew. `seen`: its last sign of life. */
export type ServerSign = { id: string; seen: Date };

/** `schema`: the version of its tables. `servers`: those that were seen in the three minutes before the last sign of any of them, by id. */
export type StoreStanding = { kind: string; schema: number; servers: ServerSign[] };

/** Reads it. */
export interface StandingStore {
  storeStanding(): Promise<StoreStanding>;
}
