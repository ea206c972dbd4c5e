/** Orders that a CA of others has not decided yet, as the reference that is recorded with the request. */
import { hash } from 'node:crypto';
import type { IssuerError } from '../core/errors.ts';
import { backendFault } from './backend-fault.ts';

/** `id`: of the order at the CA; `holder`: by what its certificate is searched for there; `keyHash`: see `keyHashOf`; `since`: when it was placed, where it is searched for. */
export type OpenOrder = { id: string; holder: string; keyHash: string; since?: Date };

/** SHA-256 of a SubjectPublicKeyInfo, lower-case hexadecimal. */
export const keyHashOf = (spki: Uint8Array): string => hash('sha256', spki, 'hex');

/** An order as a reference. Its id has letters, digits, `_`, `.` and `-` only. */
export const referenceOf = ({ id, holder, keyHash, since }: OpenOrder): string =>
  [id, keyHash, ...(since ? [`@${since.getTime()}`] : []), holder].join(':');

/** The order of a reference. Throws IssuerError, which leaves it open, for one that `referenceOf` did not make. */
export function orderOf(reference: string): OpenOrder {
  const [, id, keyHash, since, holder] = /^([\w.-]+):([0-9a-f]{64}):(?:@(\d{1,15}):)?(.+)$/s.exec(reference) ?? [];
  if (id === undefined || keyHash === undefined || holder === undefined) throw foreignReference(reference);
  return { id, keyHash, holder, ...(since !== undefined && { since: new Date(Number(since)) }) };
}

/** For an order of another CA. */
export const foreignReference = (reference: string): IssuerError =>
  backendFault('misconfigured', `the order ${JSON.stringify(reference.slice(0, 80))} was made at another CA`, {
    retryable: true,
  });
