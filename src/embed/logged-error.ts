/** Errors as the log shows them: what is expected to happen in operation is one sentence, and a fault of a program keeps its stack. */

/** Errors of ours and of Node.js that say what happened in words for an administrator, when nothing else caused them. */
const EXPECTED: ReadonlySet<string> = new Set([
  'Refusal',
  'HttpError',
  'DerError',
  'UnsupportedAlgorithm',
  'ConfigError',
  'ConfigProblems',
  'IssuerError',
  'BindingError',
  'AbortError',
  'TimeoutError',
]);
/** The same, whatever caused them: the network has many errors. */
const UNREACHABLE: ReadonlySet<string> = new Set(['IntuneUnreachable', 'WebhookUnreachable', 'NoReply']);

/** SQLITE_CONSTRAINT: a statement of ours is wrong. */
const CONSTRAINT = 19;

/** Whether the system (`ENOSPC`), SQLite (a full disk) or Fastify (a bad request) reports something that is no fault of a program. */
function isReported(error: Error): boolean {
  const { code, errcode, statusCode } = error as { code?: unknown; errcode?: unknown; statusCode?: unknown };
  if (typeof errcode === 'number') return (errcode & 0xff) !== CONSTRAINT;
  return typeof code === 'string' && (/^E[A-Z]+$/.test(code) || (code.startsWith('FST_') && Number(statusCode) < 500));
}

/** What caused the error, the nearest first. */
function causesOf(error: Error): Error[] {
  const causes: Error[] = [];
  for (let each = error.cause; each instanceof Error && !causes.includes(each); each = each.cause) causes.push(each);
  return causes;
}

const isOperational = (error: Error, causes: readonly Error[]): boolean =>
  [error, ...causes].some(({ name }) => UNREACHABLE.has(name)) || isExpected(causes.at(-1) ?? error);

const isExpected = (error: Error): boolean => EXPECTED.has(error.name) || isReported(error);

/** The messages of both, without one that another one repeats. */
const sentenceOf = (error: Error, causes: readonly Error[]): string =>
  causes.reduce((text, { message }) => (text.includes(message) ? text : text && `${text}: ${message}`), error.message);

/**
 * The error for a log: of its class, with its fields, and without stack and causes where it is an operational condition.
 * Everything else is returned as it is. Undefined when `detail`, which the same line has, says all of it.
 */
export function loggedError(error: unknown, detail: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const causes = causesOf(error);
  if (!isOperational(error, causes)) return error;
  const message = sentenceOf(error, causes);
  if (typeof detail === 'string' && detail.includes(message)) return undefined;
  const { cause: _cause, ...fields } = error;
  // The properties of a DOMException can be read of a DOMException alone.
  const prototype = error instanceof DOMException ? Error.prototype : (Object.getPrototypeOf(error) as object);
  const shown = Object.assign(Object.create(prototype) as Error, { ...fields, name: error.name });
  for (const [name, value] of Object.entries({ message, stack: undefined }))
    Object.defineProperty(shown, name, { value, configurable: true });
  return shown;
}
