/** Why a key that lives elsewhere did not do its work. */
import { IssuerError, type IssuerErrorCode, REFUSALS } from '../core/errors.ts';

/** `retryAfter`: seconds, where the service said so. */
export type KeyFaultOptions = { cause?: unknown; retryAfter?: number };

/** `unavailable`: no answer, or a wrong one; `throttled`; `unauthorised`: we may not use it; `misconfigured`: it is disabled or gone. */
export type KeyFaultCode = Extract<IssuerErrorCode, 'unavailable' | 'throttled' | 'unauthorised' | 'misconfigured'>;

/** The same request can succeed later, so that a device gets PENDING. `adminText` has no PIN and no credential. */
export const keyFault = (code: KeyFaultCode, adminText: string, options: KeyFaultOptions = {}): IssuerError => {
  const { retryAfter, ...rest } = options;
  const clientText = REFUSALS.issuer_failed.text;
  return new IssuerError(
    { code, retryable: true, adminText, clientText, ...(retryAfter !== undefined && { retryAfter }) },
    rest,
  );
};
