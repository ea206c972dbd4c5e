/** Makes notifications for the authorizer, and sends the strict ones that a device waits for. */
import { within } from '../core/ask.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import type { Facts } from '../core/policy.ts';
import type { AuditEntry, AuditEvent, PendingNotification, StoredCertificate } from '../core/records.ts';
import type { FailureNotification, Notification, SuccessNotification } from '../core/notification.ts';
import type { EndpointContext, EnrollmentServices } from './endpoint.ts';
import type { IssuedOutcome, Outcome } from './outcome.ts';

/** The notification of an issued certificate. */
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

/** The notification of an allowed request that got no certificate; with the HRESULT and the text of a refusal. */
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
 * Microsoft's documented contract: a certificate is delivered only after its success notification was acknowledged.
 * Otherwise it is revoked as never delivered, and the device gets FAILURE.
 */
export async function sendStrict(
  pending: Pick<PendingNotification, 'id' | 'notification'>,
  issued: IssuedOutcome,
  context: EndpointContext,
): Promise<Outcome> {
  const { serial } = issued.certificate;
  const sent = await send(pending.notification, context);
  await resolve(pending, serial, sent, context);
  const facts = { ...issued.facts, ...sent.facts };
  // A notification is resolved once and later results are ignored: the recovery or an administrator may have been first.
  const certificate = await context.services.store.findCertificate(serial);
  if (certificate?.state === 'delivered') return { ...issued, certificate, facts };
  await revokeAtIssuer(issued.certificate, context);
  const { detail, cause } = sent.acknowledged ? { detail: 'the certificate was revoked meanwhile' } : sent;
  return { kind: 'refused', code: 'notification_failed', detail, facts, ...(cause !== undefined && { cause }) };
}

/** Delivers the certificate or revokes it in the store, and says which. */
async function resolve(
  { id, notification }: Pick<PendingNotification, 'id' | 'notification'>,
  serial: string,
  sent: Sent,
  { services }: EndpointContext,
): Promise<void> {
  const { store, emit } = services;
  if (sent.acknowledged) {
    await store.acknowledgeNotification(id, serial, auditEntry('delivered', notification, services, serial));
    return emit(acknowledged(notification));
  }
  await store.abandonNotification(id, serial, auditEntry('never-delivered', notification, services, serial));
  const { endpoint, transactionId } = notification;
  emit({ event: 'notification-abandoned', endpoint, transactionId, serial, err: sent.cause });
}

/** What became of one attempt. `facts` are those of the policy. */
export type Sent =
  | { acknowledged: true; facts: Facts }
  | { acknowledged: false; facts: Facts; detail: string; cause: unknown };

/** One attempt, within the time of one request. A policy without `notify` acknowledges. Does not throw. */
export async function send(notification: Notification, { endpoint, services }: EndpointContext): Promise<Sent> {
  const { policy } = endpoint;
  try {
    const signal = services.deadline();
    return {
      acknowledged: true,
      facts: policy.notify ? await within(policy.notify(notification, signal), signal) : {},
    };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'notification failed';
    return { acknowledged: false, facts: {}, detail, cause };
  }
}

/** The event of an acknowledged notification. */
export const acknowledged = (notification: Notification) =>
  ({
    event: 'notification-acknowledged',
    endpoint: notification.endpoint,
    transactionId: notification.transactionId,
    notification: notification.kind,
    ...(notification.kind === 'success' && { serial: notification.serial }),
  }) as const;

/**
 * Asks a CA with its own revocation list to revoke a certificate that was not delivered. When the CA cannot, the device
 * still gets its answer, and an event says what an administrator must do.
 */
export async function revokeAtIssuer(
  { serial, der }: StoredCertificate,
  { endpoint, services }: EndpointContext,
): Promise<void> {
  try {
    await endpoint.revoker?.revoke(der, 'cessationOfOperation', services.deadline());
  } catch (err) {
    services.emit({ event: 'revocation-not-taken', endpoint: endpoint.name, serial, err });
  }
}

/** An audit entry of now about the request that the notification belongs to. */
export const auditEntry = (
  event: AuditEvent,
  { endpoint, transactionId }: Notification,
  { clock }: EnrollmentServices,
  serial?: string,
): AuditEntry => ({ at: clock(), event, endpoint, transactionId, ...(serial !== undefined && { serial }) });
