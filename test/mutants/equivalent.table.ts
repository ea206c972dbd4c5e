/** Mutants that no test can notice, or that are not worth a test, each with the reason. They do not count in the score. */

/** `before` and `after` are as `npm run mutants` prints them. */
export type Equivalent = { file: string; before: string; after: string; reason: string };

export const EQUIVALENT: readonly Equivalent[] = [];
