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

/** The error and what caused it, up to the first that says enough. */
function chainOf(error: Error): Error[] {
  const chain: Error[] = [];
  for (let each: unknown = error; each instanceof Error && !chain.includes(each); each = each.cause) chain.push(each);
  return chain;
}

const isOperational = (chain: readonly Error[]): boolean =>
  chain.some(({ name }) => UNREACHABLE.has(name)) || chain.slice(-1).some(isExpected);

const isExpected = (error: Error): boolean => EXPECTED.has(error.name) || isReported(error);

/** The messages of a chain, without one that another one repeats. */
const sentenceOf = (chain: readonly Error[]): string =>
  chain.reduce((text, { message }) => (text.includes(message) ? text : text ? `${text}: ${message}` : message), '');

/**
 * The error for a log: of its class, with its fields, and without stack and causes where it is an operational condition.
 * Everything else is returned as it is. Undefined when `detail`, which the same line has, says all of it.
 */
export function loggedError(error: unknown, detail: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const chain = chainOf(error);
  if (!isOperational(chain)) return error;
  const message = sentenceOf(chain);
  if (typeof detail === 'string' && detail.includes(message)) return undefined;
  const { cause: _cause, ...fields } = error;
  // A DOMException, which the abort of a signal is, has its name in the object itself.
  const kind = error instanceof DOMException ? Error.prototype : (Object.getPrototypeOf(error) as object);
  const shown = Object.assign(Object.create(kind) as Error, fields);
  for (const [name, value] of Object.entries({ name: error.name, message, stack: undefined }))
    Object.defineProperty(shown, name, { value, configurable: true });
  return shown;
}
