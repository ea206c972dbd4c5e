/** How a request ended: the words for the wire and the facts for the log. */
import type { Facts } from '../core/policy.ts';
import type { RefusalCode } from '../core/errors.ts';
import type { StoredCertificate } from '../core/records.ts';

export type Outcome =
  | { kind: 'issued'; certificate: StoredCertificate; repeat: boolean; facts?: Facts }
  | { kind: 'refused'; code: RefusalCode; detail: string; facts?: Facts; cause?: unknown }
  | { kind: 'pending'; reason: string; facts?: Facts }
  /** An answer to GetCert or GetCRL: what there is, with nothing issued. */
  | { kind: 'found'; certificates: readonly Uint8Array[]; crls: readonly Uint8Array[]; facts?: Facts };
