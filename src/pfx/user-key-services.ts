/** What the work on keys of people needs, and what a fault of it says. */
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { PfxImports } from '../core/imported-pfx.ts';
import type { RevocationReason } from '../core/issuer.ts';
import type { CertificateId } from '../core/records.ts';
import type { CertificationRequest } from '../core/request.ts';
import type { UserKey, UserKeyStore } from '../core/user-key-store.ts';
import type { UserPfxPlan } from './user-pfx.ts';

/** A certificate that was issued and recorded; DER. */
export type CertifiedUserKey = { certificate: Uint8Array; chain: readonly Uint8Array[]; id: CertificateId };

/** `certify` and `revoke` are those of one authority. */
export type UserKeyServices = {
  store: UserKeyStore;
  imports: PfxImports;
  /** The name of the tenant in the configuration. */
  tenant: string;
  plan: UserPfxPlan;
  /** Names of CNG on the machine of the connector. */
  connectorNames: { keyName: string; provider: string };
  /** Has a certificate issued and recorded, with this transactionID. Throws when there is none. */
  certify: (csr: CertificationRequest, transactionId: string, signal: AbortSignal) => Promise<CertifiedUserKey>;
  /** The certificates with this transactionID that are not revoked. */
  certified: (transactionId: string) => Promise<readonly CertificateId[]>;
  /** Revokes, here and at the CA; nothing for a certificate that is revoked. */
  revoke: (id: CertificateId, reason: RevocationReason, why: string) => Promise<void>;
  clock: Clock;
  random: RandomBytes;
};

/** All certificates that were made for one key, also those of attempts that were killed. */
export const transactionOfKey = ({ id }: Pick<UserKey, 'id'>): string => `pfx-${id}`;

/** What happened and what to do. */
export function faultText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const remedy = 'remedy' in error && typeof error.remedy === 'string' ? ` ${error.remedy}` : '';
  return `${error.message}.${remedy}`.slice(0, 1000);
}

/** Whether the same can succeed later. What says nothing about it can: a CA that is down is no reason to give up. */
export const canSucceedLater = (error: unknown): boolean =>
  !(error instanceof Error && 'retryable' in error && error.retryable === false);

/** Page by page, so that no list of all keys is read at once. */
export async function* eachUserKey(
  store: Pick<UserKeyStore, 'listUserKeys'>,
  filter: Omit<Parameters<UserKeyStore['listUserKeys']>[0], 'after' | 'limit'>,
): AsyncGenerator<UserKey, void, undefined> {
  let last: UserKey | undefined;
  do {
    const page = await store.listUserKeys({ ...filter, limit: PAGE, ...(last && { after: last }) });
    yield* page;
    last = page.length === PAGE ? page.at(-1) : undefined;
  } while (last);
}

const PAGE = 500;
