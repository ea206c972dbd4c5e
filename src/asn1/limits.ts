/** The bounds within which bytes from the network are read. Every one is enforced before memory is spent. */
export type Limits = {
  /** Nested elements, counted from the outermost. */
  depth: number;
  /** Elements visited by one reader and those entered from it. A structure read by itself has a budget of its own. */
  nodes: number;
  /** Octets of the input. */
  size: number;
};

/**
 * Enough for every real SCEP message: an Intune challenge of several kilobytes, RSA-4096, hundreds of SANs.
 * The size equals the largest body that HTTP lets in.
 */
export const LIMITS: Limits = { depth: 32, nodes: 16_384, size: 2 * 1024 * 1024 };

/** Bytes that are not the DER, or not the structure, that was asked for. The message is for a log, never for the wire. */
export class DerError extends Error {
  override readonly name = 'DerError';

  /** Without a stack trace: hostile bytes make many, it would say where the reader is, and it takes time that shows. */
  constructor(message: string, options?: { cause?: unknown }) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = limit;
  }
}
