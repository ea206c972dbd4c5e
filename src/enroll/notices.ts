/** What the authoriser is owed: written with the certificate, sent at once (strict) or from the outbox, found again after a crash. */
import type { EnrollmentRequest, Facts } from '../core/contracts.ts';
import type {
  AuditEvent,
  FailureNotice,
  Notice,
  StoredCertificate,
  StoredNotice,
  SuccessNotice,
} from '../core/store.ts';
import type { Endpoint, Surroundings } from './endpoint.ts';
import type { Outcome } from './outcome.ts';

export const successNotice = (request: EnrollmentRequest, certificate: StoredCertificate): SuccessNotice => ({
  kind: 'success',
  endpoint: request.endpoint,
  transactionId: request.transactionId,
  csr: request.csr.der,
  thumbprint: certificate.thumbprint,
  serial: certificate.serial,
  notAfter: certificate.notAfter,
  issuer: certificate.issuer,
});

export const failureNotice = (
  request: EnrollmentRequest,
  { hresult, text }: { hresult: number; text: string },
): FailureNotice => ({
  kind: 'failure',
  endpoint: request.endpoint,
  transactionId: request.transactionId,
  csr: request.csr.der,
  hresult,
  description: text,
});

/**
 * Microsoft's documented contract: without an accepted successNotification nothing is delivered. The certificate is
 * then revoked, never having been delivered.
 */
export async function sendStrict(
  owed: { id: number; notice: Notice },
  issued: Outcome & { kind: 'issued' },
  endpoint: Endpoint,
  around: Surroundings,
): Promise<Outcome> {
  const { serial } = issued.certificate;
  const sent = await send(owed.notice, endpoint, around);
  const facts = { ...issued.facts, ...sent.facts };
  if (sent.accepted) {
    await around.store.noticeAccepted(owed.id, serial, entry('delivered', owed.notice, around, serial));
    return { ...issued, facts };
  }
  await giveUp(owed, issued.certificate, endpoint, around);
  return { kind: 'refused', code: 'notification_failed', detail: sent.detail, facts, cause: sent.cause };
}

type Sent = { accepted: true; facts: Facts } | { accepted: false; facts: Facts; detail: string; cause: unknown };

async function send(notice: Notice, { policy }: Endpoint, { deadline }: Surroundings): Promise<Sent> {
  try {
    return { accepted: true, facts: (await policy.notify?.(notice, deadline())) ?? {} };
  } catch (cause) {
    return {
      accepted: false,
      facts: {},
      detail: cause instanceof Error ? cause.message : 'notification failed',
      cause,
    };
  }
}

async function giveUp(
  { id, notice }: { id: number; notice: Notice },
  { serial, der }: Pick<StoredCertificate, 'serial' | 'der'>,
  { revoker }: Endpoint,
  around: Surroundings,
): Promise<void> {
  await around.store.noticeAbandoned(id, serial, entry('never-delivered', notice, around, serial));
  await revoker?.revoke(der, 'cessationOfOperation', around.deadline());
}

const entry = (event: AuditEvent, { endpoint, transactionId }: Notice, { clock }: Surroundings, serial?: string) => ({
  at: clock(),
  event,
  endpoint,
  transactionId,
  ...(serial !== undefined && { serial }),
});

/** A strict notice this old belongs to no running request: the process that wrote it is gone. */
const ORPHANED_AFTER = 90_000;
const BATCH = 50;
const FIRST_DELAY = 30_000;
const LONGEST_DELAY = 60 * 60_000;

/**
 * Sends what is due: every outbox notice whose time has come, and strict notices that a crash left behind. Called when
 * the process starts (`orphanedAfter: 0`: then no request is running) and from time to time. Returns how many it tried.
 */
export async function sendDueNotices(
  endpoints: ReadonlyMap<string, Endpoint>,
  around: Surroundings,
  orphanedAfter: number = ORPHANED_AFTER,
): Promise<number> {
  const now = around.clock();
  const outbox = await around.store.dueNotices('outbox', now, BATCH);
  const orphans = await around.store.dueNotices('strict', new Date(now.getTime() - orphanedAfter), BATCH);
  for (const due of outbox) await sendFromOutbox(due, endpoints, around);
  for (const due of orphans) await finishOrphan(due, endpoints, around);
  return outbox.length + orphans.length;
}

async function sendFromOutbox(
  due: StoredNotice,
  endpoints: ReadonlyMap<string, Endpoint>,
  around: Surroundings,
): Promise<void> {
  const { id, notice, attempts } = due;
  const endpoint = endpoints.get(notice.endpoint);
  const sent = endpoint && (await send(notice, endpoint, around));
  const serial = notice.kind === 'success' ? notice.serial : undefined;
  if (sent?.accepted) return around.store.noticeAccepted(id, serial ?? '', entry('notified', notice, around, serial));
  const delay = Math.min(FIRST_DELAY * 2 ** attempts, LONGEST_DELAY);
  const { endpoint: path, transactionId } = notice;
  around.logger.warn(
    { endpoint: path, transactionId, attempts: attempts + 1, err: sent?.cause },
    endpoint ? 'notification not accepted, will be tried again' : 'notification for an endpoint that is not configured',
  );
  await around.store.noticePostponed(id, new Date(around.clock().getTime() + delay));
}

/** Signed and recorded, but the process died before anybody was answered: finished now, or revoked. */
async function finishOrphan(
  { id, notice }: StoredNotice,
  endpoints: ReadonlyMap<string, Endpoint>,
  around: Surroundings,
): Promise<void> {
  const endpoint = endpoints.get(notice.endpoint);
  if (notice.kind !== 'success' || !endpoint) return;
  const certificate = await around.store.findCertificate(notice.serial);
  if (!certificate) return;
  const outcome = await sendStrict({ id, notice }, { kind: 'issued', certificate, repeat: false }, endpoint, around);
  const { endpoint: path, transactionId, serial } = notice;
  around.logger.warn(
    { endpoint: path, transactionId, serial, outcome: outcome.kind },
    'finished what an earlier run left behind',
  );
}
