/** Answers of the API that are kept, so that a program which did not read one can ask again without doing the work twice. */

/**
 * What is kept of one change. `fingerprint`: the change that was asked for. Without `answer` the change runs, or its server
 * ended before it was answered.
 */
export type EarlierAnswer = { fingerprint: string; answer?: { status: number; body: string } };

/** Keyed by a hash over the caller and the key that the program chose (the field Idempotency-Key). */
export interface AnswerStore {
  /**
   * Begins a change. Returns undefined when the key is new, or was begun before `forget`; otherwise what is kept, and
   * nothing changes. Of several at one moment one begins.
   */
  beginAnswer(key: string, begun: { fingerprint: string; forget: Date }): Promise<EarlierAnswer | undefined>;
  /** Keeps the answer of a change that was begun. */
  keepAnswer(key: string, answer: { status: number; body: string }): Promise<void>;
  /** Takes a key back: nothing was changed, and the same key may be used again. */
  withdrawAnswer(key: string): Promise<void>;
}
