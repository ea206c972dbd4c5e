/**
 * Node 24 finds out what kind of key it was given by trying, and every miss throws an Error inside node:crypto that is
 * caught there. Its stack trace, which nobody sees, costs more than the parsing of a whole request: a sixth of the
 * time around an RSA operation. Version-specific; docs/performance.md has the figures.
 */

/** Runs a synchronous call of node:crypto during which errors carry no stack trace. */
export function withoutStackTraces<T>(call: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return call();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
