/** Makes notifications for the authorizer, and sends the strict ones that a device waits for. */
import { within } from '../core/ask.ts';
import { Refusal } from '../core/errors.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import type { Facts } from '../core/policy.ts';
import type { AuditEntry, CertificateId, StoredCertificate, WorkClaim } from '../core/records.ts';
import type { FailureNotification, Notification, SuccessNotification } from '../core/notification.ts';
import { isTold } from './tell-issuer.ts';
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
  pending: WorkClaim & { notification: Notification },
  issued: IssuedOutcome,
  context: EndpointContext,
): Promise<Outcome> {
  const sent = await send(pending.notification, context);
  await resolve(pending, issued.certificate, sent, context);
  const facts = { ...issued.facts, ...sent.facts };
  // A notification is resolved once and later results are ignored: the recovery or an administrator may have been first.
  const certificate = await context.services.store.findCertificate(issued.certificate);
  if (certificate?.state === 'delivered') return { ...issued, certificate, facts };
  const { detail, cause } = sent.acknowledged ? { detail: 'the certificate was revoked meanwhile' } : sent;
  return { kind: 'refused', code: 'notification_failed', detail, facts, ...(cause !== undefined && { cause }) };
}

/** Delivers the certificate or revokes it in the store, and says which. */
async function resolve(
  { id, fence, notification }: WorkClaim & { notification: Notification },
  certificate: CertificateId,
  sent: Sent,
  { endpoint, services }: EndpointContext,
): Promise<void> {
  const { store, emit } = services;
  const audit = { ...auditFields(notification, services, certificate), source: 'scep' } as const;
  if (sent.acknowledged) {
    await store.acknowledgeNotification({ id, fence }, { ...audit, event: 'delivered' });
    return emit(acknowledged(notification));
  }
  const abandoned = { ...audit, event: 'never-delivered' } as const;
  await store.abandonNotification({ id, fence }, abandoned, { tellIssuer: isTold(endpoint, services) });
  const { transactionId } = notification;
  emit({
    event: 'notification-abandoned',
    endpoint: notification.endpoint,
    transactionId,
    serial: certificate.serial,
    err: sent.cause,
  });
}

/** What became of one attempt. `facts` are those of the policy. */
export type Sent =
  | { acknowledged: true; facts: Facts }
  | { acknowledged: false; facts: Facts; detail: string; cause: unknown };

/**
 * One attempt, within the time of one request. A policy without `notify` took the place of the one that allowed the request:
 * it acknowledges nothing. Does not throw.
 */
export async function send(notification: Notification, { endpoint, services }: EndpointContext): Promise<Sent> {
  const { policy } = endpoint;
  try {
    const signal = services.deadline();
    const notify = (): Promise<Facts> => (policy.notify ? policy.notify(notification, signal) : Promise.reject(gone()));
    return { acknowledged: true, facts: await within(notify, signal) };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'notification failed';
    return { acknowledged: false, facts: {}, detail, cause };
  }
}

const gone = (): Refusal =>
  new Refusal('notification_failed', 'the policy of the endpoint was changed, and the present one notifies no service');

/** The event of an acknowledged notification. */
export const acknowledged = (notification: Notification) =>
  ({
    event: 'notification-acknowledged',
    endpoint: notification.endpoint,
    transactionId: notification.transactionId,
    notification: notification.kind,
    ...(notification.kind === 'success' && { serial: notification.serial }),
  }) as const;

/** The fields of an audit entry of now about the request that the notification belongs to. */
export const auditFields = (
  { endpoint, transactionId }: Notification,
  { clock }: EnrollmentServices,
  certificate?: CertificateId,
): Omit<AuditEntry, 'event' | 'source'> => ({
  at: clock(),
  endpoint,
  transactionId,
  actor: { kind: 'system' },
  ...(certificate && { issuerId: certificate.issuerId, serial: certificate.serial }),
});
