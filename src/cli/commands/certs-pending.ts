/** `openndes certs pending`, `approve` and `reject`: requests that wait, and what an administrator says to them. */
import type { Command } from 'commander';
import { catchDerError } from '../../asn1/limits.ts';
import type { AuditEntry, StoredTransaction } from '../../core/records.ts';
import type { Store } from '../../core/store.ts';
import { POLL_DIGITS } from '../../enroll/identify.ts';
import { readCertificationRequest } from '../../pkix/csr.ts';
import { findExtension, readGeneralNames } from '../../pkix/extensions.ts';
import { OID } from '../../pkix/oids.ts';
import { CONFIG } from '../options.ts';
import { type Output, printable, table } from '../output.ts';
import { systemClock } from '../../embed/system.ts';
import { failed, withStore } from './certs-store.ts';

type ApprovalDecision = 'approved' | 'rejected';

export function registerPending(certs: Command, { out, err }: Output): void {
  certs
    .command('pending')
    .description('requests that wait, oldest first: for `certs approve` (approval), or until the policy can be asked')
    .option(...CONFIG)
    .option('--json', 'one JSON array')
    .addHelpText('after', '\nExample:\n  openndes certs pending')
    .action(async ({ config, json }: { config: string; json?: true }) => {
      const waiting = await withStore(config, async (store) => pendingFacts(await store.listPending()));
      out(json ? JSON.stringify(waiting) : listing(waiting));
    });

  const decision = (name: string, decided: ApprovalDecision, description: string): void =>
    void certs
      .command(name)
      .description(description)
      .argument('<id>', 'id of `certs pending`, or enough of its beginning')
      .option(...CONFIG)
      .addHelpText('after', `\nExample:\n  openndes certs ${name} 5f2c01`)
      .action(async (id: string, { config }: { config: string }) => {
        const { subject } = await withStore(config, (store) => decide(store, id, decided, err));
        out(`${decided}: ${printable(subject)}`);
      });
  decision('approve', 'approved', 'approve a request: the device gets its certificate when it asks again');
  decision('reject', 'rejected', 'reject a request: the device gets FAILURE when it asks again');
}

/** Exit 1 when no request, or more than one, is meant, or when it does not wait for this. */
async function decide(
  store: Store,
  id: string,
  decided: ApprovalDecision,
  err: Output['err'],
): Promise<StoredTransaction> {
  const found = (await store.listPending()).filter((one) => idOf(one).startsWith(id.toLowerCase()));
  const [request, ...others] = found;
  if (!request || id === '') return failed(`no request waits under ${id}: see openndes certs pending`, err);
  if (others.length > 0) return failed(`${id} is the beginning of ${found.length} ids: give more of it`, err);
  if (decided === 'approved' && request.reason !== 'approval')
    return failed(
      `${id} waits for the policy of its endpoint (${request.reason}), in whose place nobody can approve`,
      err,
    );
  const { key, endpoint, transactionId } = request;
  const audit: AuditEntry = { at: systemClock(), event: decided, endpoint, transactionId };
  if (!(await store.decidePending(key, decided, audit)))
    return failed(`${id} was decided by somebody else just now`, err);
  return request;
}

type PendingFacts = {
  id: string;
  reason: string;
  since: string;
  endpoint: string;
  transactionId: string;
  subject: string;
  names: string[];
};

/**
 * Behind what a poll knows, which is the same for every request of one sender under one transactionID: an approval is
 * for the request that was looked at.
 */
const idOf = ({ key }: StoredTransaction): string => key.slice(POLL_DIGITS);

/** Digits. Nobody can prepare two requests that begin alike for so long. */
const SHORTEST_ID = 40;

/** What is shown of requests that wait: all that their certificates would say, and never the challenge. */
export function pendingFacts(waiting: readonly StoredTransaction[]): PendingFacts[] {
  const ids = shortened(waiting.map(idOf));
  return waiting.map(({ reason = '', createdAt, endpoint, transactionId, subject, csr }, index) => ({
    id: ids[index]!,
    reason,
    since: createdAt.toISOString(),
    endpoint,
    transactionId,
    subject,
    names: csr ? altNames(csr) : [],
  }));
}

/** No two are the same. */
function shortened(whole: readonly string[]): string[] {
  for (let length = SHORTEST_ID; ; length++) {
    const ids = whole.map((id) => id.slice(0, length));
    if (new Set(ids).size === whole.length) return ids;
  }
}

/** An approval is for these as much as for the subject. One that cannot be read hides no other request. */
function altNames(csr: Uint8Array): string[] {
  const extension = findExtension(readCertificationRequest(csr).extensions, OID.subjectAltName);
  return catchDerError(
    () => (extension ? readGeneralNames(extension.value).map(({ type, text }) => `${type}:${text}`) : []),
    () => ['(malformed, will be refused)'],
  );
}

const listing = (waiting: readonly PendingFacts[]): string =>
  table([
    ['ID', 'WAITS FOR', 'SINCE', 'ENDPOINT', 'SUBJECT', 'NAMES'],
    ...waiting.map(({ id, reason, since, endpoint, subject, names }) => [
      id,
      reason,
      since.slice(0, 19),
      endpoint,
      subject,
      names.join(' '),
    ]),
  ]);
