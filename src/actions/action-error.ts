/** Why an action was not done: a stable code, what is wrong, and what to do. */

/** Each code with the status of HTTP that the API and the pages answer, and its remedy when the action has none. */
export const ACTION_ERRORS = {
  forbidden: { status: 403, remedy: 'Ask an administrator for a role that has this permission (docs/access.md).' },
  invalid: { status: 400, remedy: 'Correct the input; docs/api.md describes it.' },
  not_found: { status: 404, remedy: 'Look for it in the list: it may have ended, or be outside of what you may see.' },
  conflict: { status: 409, remedy: 'Read it again: somebody else changed it in the meantime.' },
  unavailable: { status: 503, remedy: 'Come again in a moment; the log and the overview page say what is wrong.' },
} as const;

/** The code of a failed action. */
export type ActionErrorCode = keyof typeof ACTION_ERRORS;

/** An action that was not done. `message` says what is wrong, without a full stop. */
export class ActionError extends Error {
  override readonly name = 'ActionError';
  /** See ACTION_ERRORS. */
  readonly code: ActionErrorCode;
  /** What to do next. */
  readonly remedy: string;

  constructor(code: ActionErrorCode, message: string, remedy: string = ACTION_ERRORS[code].remedy) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }

  /** The status of HTTP. */
  get status(): number {
    return ACTION_ERRORS[this.code].status;
  }
}
