/** Why a CA of others made no certificate. */
import { IssuerError, type IssuerErrorCode, REFUSALS } from '../core/errors.ts';

/** `retryAfter`: seconds. `retryable`: where the code alone does not say it. */
export type BackendFaultOptions = { retryAfter?: number | undefined; retryable?: boolean; cause?: unknown };

/** Whether the same order can succeed later without a change of the order: what an administrator of the CA can mend, too. */
const RETRYABLE: Readonly<Record<IssuerErrorCode, boolean>> = {
  rejected: false,
  invalid: false,
  unauthorised: true,
  misconfigured: false,
  unavailable: true,
  throttled: true,
  conflict: false,
  'unknown-outcome': true,
};

/** The error. `adminText` names the CA and has no secret; the device is told that the certificate could not be issued. */
export function backendFault(code: IssuerErrorCode, adminText: string, options: BackendFaultOptions = {}): IssuerError {
  const { retryAfter, retryable = RETRYABLE[code], cause } = options;
  const fields = { code, retryable, adminText, clientText: REFUSALS.issuer_failed.text };
  return new IssuerError(
    retryAfter === undefined ? fields : { ...fields, retryAfter },
    cause === undefined ? {} : { cause },
  );
}

/** What `check` says in the place of a fault. Throws what is none. */
export function unhealthy(error: unknown): { ok: false; detail: string } {
  if (error instanceof IssuerError) return { ok: false, detail: error.adminText };
  throw error;
}
