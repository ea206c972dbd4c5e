/** Reads one extension of a request, or refuses the request. */
import { DerError } from '../asn1/limits.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';

/** The extension and what `read` makes of its value; undefined when not requested. Throws Refusal when malformed. */
export function requested<T>(
  csr: CertificationRequest,
  oid: string,
  read: (value: Uint8Array) => T,
): { extension: Extension; value: T } | undefined {
  const extension = csr.extensions.find((one) => one.oid === oid);
  if (!extension) return undefined;
  try {
    return { extension, value: read(extension.value) };
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new Refusal('request_refused', `the requested extension ${oid} is malformed: ${cause.message}`, { cause });
  }
}
