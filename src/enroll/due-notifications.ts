/** Sends notifications in the background: those of the outbox, and the strict ones that a crash left unresolved. */
import { DAY } from '../core/durations.ts';
import { Refusal } from '../core/errors.ts';
import type { PendingNotification } from '../core/records.ts';
import type { Endpoint, EndpointContext, EnrollmentServices } from './endpoint.ts';
import { acknowledged, auditFields, send, sendStrict } from './notifications.ts';
import { ORPHANED_AFTER } from './record.ts';
import { retryDelay } from './retry-delay.ts';

const BATCH = 50;
/** Milliseconds after which a notification of the outbox is given up. */
const LONGEST_WAIT = 14 * DAY;
/** Never after fewer attempts, which take most of a day: the server may have been down, or its clock wrong, for two weeks. */
const FEWEST_ATTEMPTS = 24;
/** Characters of an error that the store keeps. */
const LONGEST_ERROR = 500;

/**
 * Sends a batch of what is due: notifications of the outbox whose time has come, and strict notifications whose lease has
 * expired, which a crash left unresolved. Returns how many it tried. What is not acknowledged is postponed, so a loop
 * that ends at 0 does end, and what is given up is done. After a slow one, or a process that was stopped, those whose lease is over are left: another
 * owner may have sent them.
 */
export async function sendDueNotifications(
  endpoints: ReadonlyMap<string, Endpoint>,
  services: EnrollmentServices,
): Promise<number> {
  const { store, owner, clock } = services;
  const leasedUntil = clock().getTime() + ORPHANED_AFTER;
  const claim = { owner, leaseMs: ORPHANED_AFTER, limit: BATCH };
  const outbox = await store.claimNotifications({ ...claim, mode: 'outbox' });
  const orphans = await store.claimNotifications({ ...claim, mode: 'strict' });
  const work = [
    ...outbox.map((due) => [due, sendFromOutbox] as const),
    ...orphans.map((due) => [due, finishOrphan] as const),
  ];
  let tried = 0;
  for (const [due, handle] of work) {
    if (clock().getTime() >= leasedUntil) break;
    await processNotification(due, handle, { endpoints, services });
    tried++;
  }
  return tried;
}

type NotificationHandler = (due: PendingNotification, context: EndpointContext) => Promise<void>;

/** Without its endpoint a notification is postponed too, and given up when it is too old: a batch of such would otherwise hold up all later ones. */
async function processNotification(
  due: PendingNotification,
  handle: NotificationHandler,
  { endpoints, services }: { endpoints: ReadonlyMap<string, Endpoint>; services: EnrollmentServices },
): Promise<void> {
  const endpoint = endpoints.get(due.notification.endpoint);
  await (endpoint ? handle(due, { endpoint, services }) : tryLater(due, 'notification-without-endpoint', services));
}

async function sendFromOutbox(due: PendingNotification, context: EndpointContext): Promise<void> {
  const { notification, certificate } = due;
  const { services } = context;
  const sent = await send(notification, context);
  if (!sent.acknowledged && sent.cause instanceof Refusal && sent.cause.final)
    return giveUp(due, 'answered finally', services, sent.cause);
  if (!sent.acknowledged) return tryLater(due, 'notification-postponed', services, sent.cause);
  const audit = { ...auditFields(notification, services, certificate), event: 'notified', source: 'job' } as const;
  if (await services.store.acknowledgeNotification(due, audit)) services.emit(acknowledged(notification));
}

type PostponeEvent = 'notification-postponed' | 'notification-without-endpoint' | 'notification-without-certificate';

/** Of the outbox, unless its time is over. A strict one decides about its certificate, so it has no end. */
async function tryLater(
  due: PendingNotification,
  event: PostponeEvent,
  services: EnrollmentServices,
  err?: unknown,
): Promise<void> {
  const age = services.clock().getTime() - due.createdAt.getTime();
  const isOver = due.mode === 'outbox' && age >= LONGEST_WAIT && due.attempts + 1 >= FEWEST_ATTEMPTS;
  await (isOver ? giveUp(due, '14 days old', services, err) : postpone(due, event, services, err));
}

/** Nothing is sent any more; the certificate stays as it is. */
async function giveUp(
  due: PendingNotification,
  why: 'answered finally' | '14 days old',
  services: EnrollmentServices,
  err?: unknown,
): Promise<void> {
  const { notification, certificate, attempts } = due;
  const detail = [why, ...(err instanceof Error ? [err.message] : [])].join(': ').slice(0, LONGEST_ERROR);
  const audit = { ...auditFields(notification, services, certificate), source: 'job' } as const;
  if (!(await services.store.abandonNotification(due, { ...audit, event: 'notification-abandoned', detail }))) return;
  const { endpoint, transactionId, kind } = notification;
  services.emit({
    event: 'notification-given-up',
    endpoint,
    transactionId,
    notification: kind,
    ...(kind === 'success' && { serial: notification.serial }),
    why,
    attempts: attempts + 1,
    ...(err !== undefined && { err }),
  });
}

async function postpone(
  { id, fence, notification, attempts }: PendingNotification,
  event: PostponeEvent,
  { store, clock, emit }: EnrollmentServices,
  err?: unknown,
): Promise<void> {
  const { endpoint, transactionId } = notification;
  emit({ event, endpoint, transactionId, attempts: attempts + 1, ...(err !== undefined && { err }) });
  const error = err instanceof Error ? err.message.slice(0, LONGEST_ERROR) : event;
  await store.postponeNotification({ id, fence }, new Date(clock().getTime() + retryDelay(attempts)), error);
}

/** The process ended after the certificate was recorded and before the device got it: it is delivered or revoked now. */
async function finishOrphan(due: PendingNotification, context: EndpointContext): Promise<void> {
  const { notification } = due;
  const { services } = context;
  const certificate = due.certificate && (await services.store.findCertificate(due.certificate));
  if (!certificate) return postpone(due, 'notification-without-certificate', services);
  const { kind: outcome } = await sendStrict(due, { kind: 'issued', certificate, repeat: false }, context);
  const { endpoint, transactionId } = notification;
  services.emit({ event: 'enrollment-recovered', endpoint, transactionId, serial: certificate.serial, outcome });
}
