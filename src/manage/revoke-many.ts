/** Revokes what a filter finds, and every certificate of an issuer. */
import type { StoredCertificate } from '../core/records.ts';
import type { CertificateFilter, CertificateStore, RevocationStep } from '../core/store.ts';
import type { Management } from './administrator.ts';

const PAGE = 1_000;

/** Those that the filter finds and that are neither revoked nor ended at `now`, newest first. */
export async function revocable(
  { store }: { store: Pick<CertificateStore, 'listCertificates'> },
  filter: Omit<CertificateFilter, 'limit' | 'after' | 'state' | 'ends'>,
  now: Date,
): Promise<StoredCertificate[]> {
  const found: StoredCertificate[] = [];
  for (let last: StoredCertificate | undefined; ; ) {
    const page = await store.listCertificates({
      ...filter,
      ends: { from: now },
      limit: PAGE,
      ...(last && { after: last }),
    });
    found.push(...page.filter(({ state }) => state !== 'revoked'));
    last = page.at(-1);
    if (!last || page.length < PAGE) return found;
  }
}

/** Certificates of one transaction: a server waits for it as long as for a few enrolments. */
const STEP = 250;

/** `step` is called after each transaction with how many are revoked so far, and waited for. */
export type AllOf = {
  reason: RevocationStep['reason'];
  step: (revoked: number) => Promise<void>;
};

/**
 * Revokes every certificate of the issuer that has not ended. What is revoked stays so when it ends early; called again, it goes
 * on. The
 * CA is not told.
 */
export async function revokeAllOf(
  { store, clock, actor, source }: Management<Pick<CertificateStore, 'revokeAll'>>,
  issuerId: string,
  { reason, step }: AllOf,
): Promise<number> {
  let all = 0;
  for (let after: number | undefined; ; ) {
    const audit = { at: clock(), actor, source, detail: `${reason} (all of its issuer)` };
    const { revoked, last } = await store.revokeAll(issuerId, {
      ...(after !== undefined && { after }),
      limit: STEP,
      reason,
      audit,
    });
    if (last === undefined) return all;
    all += revoked;
    after = last;
    await step(all);
  }
}
