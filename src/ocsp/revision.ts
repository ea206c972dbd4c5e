/** Notices that a certificate was revoked, by this process or another: what was answered before is then forgotten. */
import { isWithin } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import { signingClock } from '../core/signing-clock.ts';
import type { CertificateStore, IssuerStore, SigningStore } from '../core/store.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';

/** How long what is known of the store is used without asking it again, in milliseconds. */
const LOOKED_EVERY = 1_000;

/**
 * `isFresh`: whether the store was asked lately. `look` asks it, and rejects when it does not answer, and when the clock went
 * back: then nothing is to be signed.
 */
export type Revision = { isFresh: () => boolean; look: () => Promise<void> };

type RevisionStore = Pick<CertificateStore, 'revocationStanding'> &
  Pick<IssuerStore, 'registerIssuer'> &
  Pick<SigningStore, 'lastSigned' | 'noteSigning'>;

/** What is another value when the revocations of an issuer are others. Nothing else here depends on how the store says it. */
const revisionOf = async (store: RevisionStore, issuerId: string): Promise<number> =>
  (await store.revocationStanding(issuerId)).revision;

/** Of these CAs. One look at a time, however many ask; `changed` is called when it finds that something was revoked or released. */
export function revision(
  { store, clock, changed }: { store: RevisionStore; clock: Clock; changed: () => void },
  cas: readonly { certificate: Uint8Array }[],
): Revision {
  const identities = cas.map(({ certificate }) => issuerIdentity(certificate));
  const assertClock = signingClock(store);
  let registered = false;
  let known: string | undefined;
  let lookedAt = -Infinity;
  let looking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    // Certificates from before issuers were recorded are found only when their issuer has been registered.
    if (!registered) for (const identity of identities) await store.registerIssuer(identity);
    registered = true;
    const started = clock();
    await assertClock(started);
    const begun = started.getTime();
    const now = (await Promise.all(identities.map(({ issuerId }) => revisionOf(store, issuerId)))).join();
    if (now !== known) changed();
    [known, lookedAt] = [now, begun];
  }

  return {
    isFresh: () => isWithin(LOOKED_EVERY, lookedAt, clock().getTime()),
    look: () => (looking ??= ask().finally(() => (looking = undefined))),
  };
}
