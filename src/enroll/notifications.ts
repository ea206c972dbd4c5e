/** What the authoriser is owed: written with the certificate, sent at once (strict) or from the outbox, found again after a crash. */
import { within } from '../core/ask.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import type { Facts } from '../core/policy.ts';
import type { AuditEvent, StoredCertificate, PendingNotification } from '../core/records.ts';
import type { FailureNotification, Notification, SuccessNotification } from '../core/notification.ts';
import type { Endpoint, EnrollmentServices } from './endpoint.ts';
import type { Outcome } from './outcome.ts';

export const successNotification = (
  request: EnrollmentRequest,
  certificate: StoredCertificate,
): SuccessNotification => ({
  kind: 'success',
  endpoint: request.endpoint,
  transactionId: request.transactionId,
  csr: request.csr.der,
  thumbprint: certificate.thumbprint,
  serial: certificate.serial,
  notAfter: certificate.notAfter,
  issuer: certificate.issuer,
});

export const failureNotification = (
  request: EnrollmentRequest,
  { hresult, text }: { hresult: number; text: string },
): FailureNotification => ({
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
  { id, notification }: { id: number; notification: Notification },
  issued: Outcome & { kind: 'issued' },
  endpoint: Endpoint,
  around: EnrollmentServices,
): Promise<Outcome> {
  const { store } = around;
  const { serial } = issued.certificate;
  const sent = await send(notification, endpoint, around);
  const facts = { ...issued.facts, ...sent.facts };
  if (sent.accepted) await store.acknowledgeNotification(id, serial, entry('delivered', notification, around, serial));
  else await store.abandonNotification(id, serial, entry('never-delivered', notification, around, serial));
  // Of two words on one notification the first counts: a recovery or an administrator may have been quicker.
  const certificate = await store.findCertificate(serial);
  if (certificate?.state === 'delivered') return { ...issued, certificate, facts };
  await tellRevoker(issued.certificate, endpoint, around);
  const { detail, cause } = sent.accepted ? { detail: 'the certificate was revoked meanwhile' } : sent;
  return { kind: 'refused', code: 'notification_failed', detail, facts, ...(cause !== undefined && { cause }) };
}

type Sent = { accepted: true; facts: Facts } | { accepted: false; facts: Facts; detail: string; cause: unknown };

async function send(notification: Notification, { policy }: Endpoint, { deadline }: EnrollmentServices): Promise<Sent> {
  try {
    const signal = deadline();
    return { accepted: true, facts: policy.notify ? await within(policy.notify(notification, signal), signal) : {} };
  } catch (cause) {
    return {
      accepted: false,
      facts: {},
      detail: cause instanceof Error ? cause.message : 'notification failed',
      cause,
    };
  }
}

/** The device gets its answer even when the CA does not: nobody has the certificate, and the log says what to do. */
export async function tellRevoker(
  { serial, der }: StoredCertificate,
  { name, revoker }: Endpoint,
  { logger, deadline }: EnrollmentServices,
): Promise<void> {
  try {
    await revoker?.revoke(der, 'cessationOfOperation', deadline());
  } catch (err) {
    logger.error({ endpoint: name, serial, err }, 'the CA did not take the revocation: revoke this certificate there');
  }
}

const entry = (
  event: AuditEvent,
  { endpoint, transactionId }: Notification,
  { clock }: EnrollmentServices,
  serial?: string,
) => ({
  at: clock(),
  event,
  endpoint,
  transactionId,
  ...(serial !== undefined && { serial }),
});

/** A strict notification this old belongs to no running request: the process that wrote it is gone. */
export const ORPHANED_AFTER = 90_000;
const BATCH = 50;
const FIRST_DELAY = 30_000;
const LONGEST_DELAY = 60 * 60_000;

/**
 * Sends a batch of what is due: outbox notifications whose time has come, and the strict notifications from before
 * `orphanedBefore`, which a crash left behind. Returns how many it tried; what is not accepted is postponed, so that
 * calling again until there is nothing comes to an end.
 */
export async function sendDueNotifications(
  endpoints: ReadonlyMap<string, Endpoint>,
  around: EnrollmentServices,
  orphanedBefore: Date,
): Promise<number> {
  const outbox = await around.store.dueNotifications('outbox', around.clock(), BATCH);
  const orphans = await around.store.dueNotifications('strict', orphanedBefore, BATCH);
  for (const due of outbox) await attend(due, endpoints, around, sendFromOutbox);
  for (const due of orphans) await attend(due, endpoints, around, finishOrphan);
  return outbox.length + orphans.length;
}

type Attend = (due: PendingNotification, endpoint: Endpoint, around: EnrollmentServices) => Promise<void>;

/** One whose endpoint is gone is postponed too, or a batch of them would keep later ones from ever being looked at. */
async function attend(
  due: PendingNotification,
  endpoints: ReadonlyMap<string, Endpoint>,
  around: EnrollmentServices,
  work: Attend,
): Promise<void> {
  const endpoint = endpoints.get(due.notification.endpoint);
  await (endpoint ? work(due, endpoint, around) : postpone(due, NOT_CONFIGURED, around));
}

async function sendFromOutbox(due: PendingNotification, endpoint: Endpoint, around: EnrollmentServices): Promise<void> {
  const { id, notification } = due;
  const sent = await send(notification, endpoint, around);
  if (!sent.accepted) return postpone(due, 'notification not accepted, will be tried again', around, sent.cause);
  const serial = notification.kind === 'success' ? notification.serial : undefined;
  await around.store.acknowledgeNotification(id, serial, entry('notified', notification, around, serial));
}

const NOT_CONFIGURED = 'notification for an endpoint that is not configured';

async function postpone(
  { id, notification, attempts }: PendingNotification,
  why: string,
  { store, clock, logger }: EnrollmentServices,
  err?: unknown,
): Promise<void> {
  const { endpoint, transactionId } = notification;
  const delay = Math.min(FIRST_DELAY * 2 ** attempts, LONGEST_DELAY);
  logger.warn({ endpoint, transactionId, attempts: attempts + 1, ...(err !== undefined && { err }) }, why);
  await store.postponeNotification(id, new Date(clock().getTime() + delay));
}

/** Signed and recorded, but the process died before anybody was answered: finished now, or revoked. */
async function finishOrphan(due: PendingNotification, endpoint: Endpoint, around: EnrollmentServices): Promise<void> {
  const { id, notification } = due;
  const certificate = notification.kind === 'success' && (await around.store.findCertificate(notification.serial));
  if (!certificate) return postpone(due, 'strict notification without its certificate: the store is damaged', around);
  const outcome = await sendStrict(
    { id, notification },
    { kind: 'issued', certificate, repeat: false },
    endpoint,
    around,
  );
  const { endpoint: name, transactionId } = notification;
  around.logger.warn(
    { endpoint: name, transactionId, serial: certificate.serial, outcome: outcome.kind },
    'finished what an earlier run left behind',
  );
}
