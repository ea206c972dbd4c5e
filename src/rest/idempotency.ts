/**
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a change with the key of an earlier one of the same caller is
 * not done again, and gets the answer of that one.
 */
import { hash } from 'node:crypto';
import type { Caller } from '../actions/action.ts';
import { ActionError } from '../actions/action-error.ts';
import type { EarlierAnswer } from '../core/answer-store.ts';
import { DAY } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Store } from '../core/store.ts';
import { type RestProblem, problemBody } from './problem.ts';

/** An answer as it goes out. */
export type RestAnswer = { status: number; body: string };

/** One change. `asked`: what tells it from another change. `secret`: its answer is not kept. */
export type Change = { key: string; caller: Caller; asked: unknown; secret: boolean };

/** The earlier answer with `replayed`, or why there is none, or the new answer. */
export type OnceAnswer = (RestAnswer & { replayed: boolean }) | RestProblem;

/** Does the work once for a key. A change that was refused may be sent again under its key. */
export async function once(
  { store, clock }: { store: Store; clock: Clock },
  { key, caller, asked, secret }: Change,
  work: () => Promise<RestAnswer>,
): Promise<OnceAnswer> {
  const id = hash('sha256', JSON.stringify([caller.actor.kind, caller.actor.name, key]), 'hex');
  const fingerprint = hash('sha256', JSON.stringify(asked), 'hex');
  const earlier = await store.beginAnswer(id, { fingerprint, forget: new Date(clock().getTime() - DAY) });
  if (earlier) return earlierAnswer(earlier, fingerprint);
  try {
    const answer = await work();
    await store.keepAnswer(id, secret ? NOT_KEPT : answer);
    return { ...answer, replayed: false };
  } catch (error) {
    if (error instanceof ActionError) await store.withdrawAnswer(id);
    throw error;
  }
}

const NOT_KEPT = {
  status: 409,
  body: problemBody({ code: 'not_kept', detail: 'The answer had a secret, and was not kept' }),
};

function earlierAnswer({ fingerprint, answer }: EarlierAnswer, asked: string): OnceAnswer {
  if (fingerprint !== asked)
    return { code: 'key_reused', detail: 'This Idempotency-Key belongs to another change of yours' };
  if (!answer) return { code: 'in_progress', detail: 'The change with this Idempotency-Key has not been answered yet' };
  return { ...answer, replayed: true };
}
