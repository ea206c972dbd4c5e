/** Reads one extension of a request. */
import { catchDerError } from '../asn1/limits.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { findExtension } from '../pkix/extensions.ts';

/**
 * The extension and its value as `read` returns it; undefined when not requested. Throws Refusal `request_refused` when
 * malformed.
 */
export function requested<T>(
  csr: CertificationRequest,
  oid: string,
  read: (value: Uint8Array) => T,
): { extension: Extension; value: T } | undefined {
  const extension = findExtension(csr.extensions, oid);
  return (
    extension &&
    catchDerError(
      () => ({ extension, value: read(extension.value) }),
      (cause) => {
        throw new Refusal('request_refused', `the requested extension ${oid} is malformed: ${cause.message}`, {
          cause,
        });
      },
    )
  );
}
