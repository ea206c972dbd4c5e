/**
 * An order at a CA elsewhere is recorded before it is sent, together with what the policy allowed: whatever ends this process, the next one
 * knows that the CA was asked, and the policy is not asked again.
 */
import { catchDerError } from '../asn1/limits.ts';
import { isWithin } from '../core/durations.ts';
import { defined } from '../core/defined.ts';
import { IssuerError, REFUSALS } from '../core/errors.ts';
import type { Issued } from '../core/issuer.ts';
import { within } from '../core/ask.ts';
import type { NewOrder } from '../core/order-store.ts';
import type { Allow } from '../core/policy.ts';
import type { CertificateId, PendingIssuance, StoredTransaction } from '../core/records.ts';
import { readCertificate, serialText } from '../pkix/certificate.ts';
import { canBeMadeSince } from '../pkix/made-since.ts';
import { accept, type IssuerAnswer, order } from './ask-issuer.ts';
import { identityOf, issuerIn } from './certificate-record.ts';
import { earlierOutcome } from './earlier-outcome.ts';
import type { EndpointContext, EnrollmentServices } from './endpoint.ts';
import { type Enrollment, keyHash } from './identify.ts';
import { makesHere } from './made-here.ts';
import type { Outcome } from './outcome.ts';
import { CHALLENGE_USED } from './record.ts';
import { issuanceOf, pendingOf } from './waiting.ts';

/** Milliseconds for which no other process asks the CA for the same request; longer than one may wait for it. */
const IN_FLIGHT = 60_000;

/** A request that waits for the CA, which is about to be asked. */
export type PlacedOrder = { kind: 'placed'; enrollment: Enrollment; issuance: PendingIssuance };

/**
 * Records the order. The challenge is used up now: one challenge, one order. Returns what the request got meanwhile, where another
 * process was first.
 */
export async function place(enrollment: Enrollment, decision: Allow): Promise<PlacedOrder | Outcome> {
  const { request, transaction, services } = enrollment;
  const { consumes } = decision;
  const allowed = await issuanceOf(enrollment, decision, { retryAt: inFlight(enrollment) });
  const issuance = { ...allowed, ...defined({ ca: presentCa(enrollment) }) };
  const pending = pendingOf(enrollment, { reason: 'issuer', detail: '', issuance, ...defined({ consumes }) });
  const at = pending.audit.at;
  const result = await services.store.recordPending({ ...pending, order: newOrder(enrollment) });
  if (result.kind === 'consumed') return CHALLENGE_USED;
  if (result.kind !== 'recorded')
    return (
      (result.kind === 'duplicate' ? earlierOutcome(result.existing, enrollment) : undefined) ?? {
        kind: 'pending',
        reason: 'duplicate',
      }
    );
  const earlier: StoredTransaction = {
    ...pending.transaction,
    csr: request.csr.der,
    state: 'pending',
    createdAt: enrollment.earlier?.createdAt ?? at,
    updatedAt: at,
  };
  return { kind: 'placed', enrollment: { ...enrollment, transaction, earlier }, issuance };
}

const presentCa = ({ endpoint: { chain } }: EndpointContext): string | undefined =>
  chain[0] && identityOf(chain[0]).issuerId;

/** Whether the order is at a CA that the endpoint has no more: the present one does not know what became of it. */
export const isMoved = (context: EndpointContext, { ca }: PendingIssuance): boolean =>
  ca !== undefined && ca !== presentCa(context);

/** Takes an order whose outcome is not known, or that did not reach the CA; undefined when another process asks the CA now. */
export async function claim(enrollment: Enrollment, issuance: PendingIssuance): Promise<PlacedOrder | undefined> {
  const { earlier, request, transaction, services } = enrollment;
  if (isMoved(enrollment, issuance)) await services.store.endOrders(request.requestKey, 'orphan');
  const taken = { ...issuance, ...defined({ ca: presentCa(enrollment) }), retryAt: inFlight(enrollment) };
  const seen = earlier?.updatedAt;
  if (!(await services.store.postponeIssuance(transaction.key, taken, defined({ seen })))) return undefined;
  const { renews } = issuance;
  // A poll can come under another certificate of the key.
  const renewed = renews && earlier?.signedBy && { renews: { serial: renews.serial, certificate: earlier.signedBy } };
  return { kind: 'placed', issuance: taken, enrollment: { ...enrollment, request: { ...renewed, ...request } } };
}

/**
 * The same order once more. A CA that can be asked what became of the first one is asked that before; one that gives the same certificate for
 * the same order is given the order; of any other CA the first order may have left a certificate, and is an orphan.
 */
export async function orderAgain(enrollment: Enrollment, decision: Allow): Promise<IssuerAnswer> {
  const { request, endpoint, services } = enrollment;
  const { issuer } = endpoint;
  const { store } = services;
  const isSent = (await store.countSent(request.requestKey)) > 0;
  if (isSent && issuer.find) {
    const found = await findOrdered(enrollment, decision);
    if (found) return found;
  }
  const goesOn = isSent && !issuer.find && isSameAgain(enrollment);
  if (isSent && !goesOn) await store.endOrders(request.requestKey, issuer.find ? 'known' : 'orphan');
  if (!goesOn && !makesHere(issuer)) await store.addOrder(newOrder(enrollment));
  return order(enrollment, decision);
}

/** Whether the CA gives the certificate of the first order for the same order now. */
function isSameAgain({ endpoint, earlier, services }: Enrollment): boolean {
  const { idempotent, idempotentFor = 0 } = endpoint.issuer.capabilities ?? {};
  return (
    idempotent === true ||
    (earlier !== undefined && isWithin(idempotentFor, earlier.createdAt.getTime(), services.clock().getTime()))
  );
}

/**
 * Undefined when the CA made no certificate for the order, or only one that is older than the order or recorded for an earlier order of the
 * same request.
 */
export async function findOrdered(enrollment: Enrollment, decision: Allow): Promise<IssuerAnswer | undefined> {
  const { request, endpoint, signal, services, earlier } = enrollment;
  const since = earlier?.createdAt;
  let found: Issued | undefined;
  try {
    found = await within(async () => endpoint.issuer.find?.(request, signal, since), signal);
  } catch (cause) {
    return { kind: 'unreachable', error: notFoundOut(cause) };
  }
  if (found && since && isOlder(found.certificate, since)) return undefined;
  // Before the check: that of another request does not fit this one.
  if (!found || (await isRecorded(found, services))) return undefined;
  return accept(found, enrollment, decision);
}

/** One that cannot be read is recorded nowhere. */
async function isRecorded({ certificate, chain }: Issued, { store }: EnrollmentServices): Promise<boolean> {
  const id = idOf(certificate, chain);
  return id !== undefined && (await store.findCertificate(id)) !== undefined;
}

/** Undefined when it throws: the answer of a foreign issuer can be anything. */
function idOf(certificate: Uint8Array, chain: readonly Uint8Array[]): CertificateId | undefined {
  try {
    const view = readCertificate(certificate);
    return { issuerId: issuerIn(chain, view).issuerId, serial: serialText(view.serialNumber) };
  } catch {
    return undefined;
  }
}

/** One that cannot be read is looked at as any answer of a CA is. */
const isOlder = (certificate: Uint8Array, since: Date): boolean =>
  catchDerError(
    () => !canBeMadeSince(certificate, since),
    () => false,
  );

/** The order stays open: what became of it is as unknown as before. */
const notFoundOut = (cause: unknown): IssuerError =>
  new IssuerError(
    {
      code: 'unknown-outcome',
      retryable: true,
      ...defined({ retryAfter: cause instanceof IssuerError ? cause.retryAfter : undefined }),
      adminText: `the issuer could not be asked what became of the order: ${cause instanceof Error ? cause.message : ''}`,
      clientText: REFUSALS.issuer_failed.text,
    },
    { cause },
  );

/** What the answer says about orders that are recorded as sent. One that brought a certificate ends when that is recorded. */
export async function endOrder({ request, endpoint, services }: Enrollment, answer: IssuerAnswer): Promise<void> {
  if (makesHere(endpoint.issuer) || answer.kind === 'issued') return;
  if (answer.kind === 'unreachable' && answer.error.code === 'unknown-outcome') return;
  const isLost = answer.kind === 'refused' && answer.perhapsMade === true;
  await services.store.endOrders(request.requestKey, isLost ? 'orphan' : 'known');
}

/** The CA made nothing: the order ends, and may be sent when the device comes again. */
export async function endEmpty({ enrollment, issuance }: PlacedOrder): Promise<undefined> {
  const { request, transaction, services } = enrollment;
  await services.store.endOrders(request.requestKey, 'known');
  await services.store.postponeIssuance(transaction.key, { ...issuance, retryAt: services.clock() });
}

/** The certificate was not recorded, for good: it was revoked, where the CA can be told. */
export async function endUnrecorded({ request, endpoint, services }: Enrollment): Promise<void> {
  if (!makesHere(endpoint.issuer))
    await services.store.endOrders(request.requestKey, endpoint.revoker ? 'known' : 'orphan');
}

function newOrder({ request, services }: Enrollment): NewOrder {
  const { requestKey, endpoint, transactionId, csr } = request;
  return { requestKey, endpoint, transactionId, publicKeyHash: keyHash(csr.spki), at: services.clock() };
}

const inFlight = ({ services }: Enrollment): Date => new Date(services.clock().getTime() + IN_FLIGHT);
