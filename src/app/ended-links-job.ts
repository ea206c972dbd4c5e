/** The job that takes away files whose time is over, and revokes certificates whose keys nobody has fetched. */
import { MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { KeyLinkStore } from '../core/key-link-store.ts';
import type { Store } from '../core/store.ts';
import type { Job } from '../jobs/leased-job.ts';
import type { Management } from '../manage/administrator.ts';
import { revokeCertificate } from '../manage/certificates.ts';

/** What the job works on. */
export type EndedLinksParts = { store: Store; clock: Clock };

const NAME = 'links';
const EVERY = 5 * MINUTE;
const PAGE = 100;
const WHY = 'the link to the key of this certificate ended, and nobody has fetched it';

/** Of a file that somebody brought the certificate stays. What is revoked before a crash is not revoked again. */
export function endedLinksJob({ store, clock }: EndedLinksParts): Job {
  const management: Management<Store> = { store, clock, actor: { kind: 'system', name: NAME }, source: 'job' };
  const run = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      const ended = await store.listEndedKeyLinks(PAGE);
      for (const link of ended) {
        signal.throwIfAborted();
        await revoked(link, management);
        await store.removeEndedKeyLink(link.mark);
      }
      if (ended.length < PAGE) return;
    }
  };
  return { name: NAME, every: EVERY, run };
}

type EndedLink = Awaited<ReturnType<KeyLinkStore['listEndedKeyLinks']>>[number];

async function revoked({ facts: { issuerId, serial } }: EndedLink, management: Management<Store>): Promise<void> {
  if (issuerId === undefined || serial === undefined) return;
  const certificate = await management.store.findCertificate({ issuerId, serial });
  if (certificate) await revokeCertificate(management, certificate, 'cessationOfOperation', WHY);
}
