/** The limits for reading bytes from the network. Each is checked before memory is allocated. */
export type Limits = {
  /** Nested elements, counted from the outermost. */
  depth: number;
  /** Elements visited by one reader and by the readers entered from it. `DerReader.over` starts a new count. */
  nodes: number;
  /** Octets of the input. */
  size: number;
};

/**
 * Enough for every real SCEP message: an Intune challenge of several kilobytes, RSA-4096, hundreds of SANs.
 * `size` equals the largest HTTP body that is accepted.
 */
export const LIMITS: Limits = { depth: 32, nodes: 16_384, size: 2 * 1024 * 1024 };

/** The bytes are not DER, or not the expected structure. The message is for the log and never goes into a reply. */
export class DerError extends Error {
  override readonly name = 'DerError';

  /**
   * Without a stack trace: hostile input causes many of these errors, the trace names only the reader, and capturing it
   * takes measurable time.
   */
  constructor(message: string, options?: { cause?: unknown }) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = limit;
  }
}

/** The result of `read`. Its DerErrors say where: `part` is named before the fault. Other errors pass through. */
export const readingPart = <T>(part: string, read: () => T): T =>
  catchDerError(read, (cause) => {
    // Of the same class, because the class decides the answer (badAlg for an algorithm that is not supported).
    cause.message = `${part}: ${cause.message}`;
    throw cause;
  });

/** The result of `read`. When it throws DerError, what `otherwise` returns or throws. Other errors pass through. */
export function catchDerError<T, U>(read: () => T, otherwise: (error: DerError) => U): T | U {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return otherwise(error);
    throw error;
  }
}
