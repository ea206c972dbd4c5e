/** Orders at CAs elsewhere whose devices do not come again: the CA is asked what became of them, so that it has no certificate that is not recorded. */
import { isWithin, MINUTE } from '../core/durations.ts';
import { openOrder } from '../core/lifecycle.ts';
import type { PendingIssuance, StoredTransaction, TransactionKey } from '../core/records.ts';
import type { StoredOrder } from '../core/order-store.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { readCertificationRequest, withoutProof } from '../pkix/csr.ts';
import type { Endpoint, EndpointContext, EnrollmentServices } from './endpoint.ts';
import { type Enrollment, orderKey } from './identify.ts';
import { resumeAlone } from './line.ts';
import { canComeAgain, makesHere } from './made-here.ts';
import { isMoved } from './placed-order.ts';

/** Milliseconds after the last question: the request that asked it has ended, and a device that comes again has come. */
export const ALONE_AFTER = 5 * MINUTE;
/** Requests about which CAs are asked in one run. */
const MOST = 100;
const PAGE = 500;

/** A request that waits for a CA. */
type Waiting = StoredTransaction & { issuance: PendingIssuance };

/**
 * Asks the CAs, the longest forgotten orders first, until the signal aborts. An order about which nobody can ask becomes an orphan. A CA
 * that cannot be reached is not asked again in this run. Throws what the store throws, and in the end what a CA has thrown that is no
 * IssuerError.
 */
export async function lookForOrders(
  endpoints: ReadonlyMap<string, Endpoint>,
  services: EnrollmentServices,
  signal: AbortSignal,
): Promise<void> {
  const open = (await services.store.listPending()).filter(isWaiting);
  await leaveOrphans(open, endpoints, services);
  const down = new Set<string>();
  const failures: unknown[] = [];
  for (const { key, endpoint: name } of forgotten(open, services).slice(0, MOST)) {
    const endpoint = endpoints.get(name);
    if (signal.aborted) return;
    if (!endpoint || down.has(name) || makesHere(endpoint.issuer)) continue;
    const isReached = await lookFor(key, { endpoint, services }).catch((error: unknown) => void failures.push(error));
    if (!isReached) down.add(name);
  }
  if (failures.length > 0) throw failures[0];
}

const isWaiting = (transaction: StoredTransaction): transaction is Waiting => openOrder(transaction) !== undefined;

const forgotten = (open: readonly Waiting[], { clock }: EnrollmentServices): Waiting[] =>
  open
    .filter((each) => asked(each) <= clock().getTime() - ALONE_AFTER)
    .toSorted((one, other) => asked(one) - asked(other));

const asked = ({ updatedAt, issuance }: Waiting): number => Math.max(updatedAt.getTime(), issuance.retryAt.getTime());

/** Whether the CA could be asked, or had not to be. */
async function lookFor(key: TransactionKey, context: EndpointContext): Promise<boolean> {
  const { endpoint, services } = context;
  const waiting = await services.store.findTransaction(key);
  const issuance = waiting && openOrder(waiting);
  if (!waiting?.csr || !issuance) return true;
  const enrollment = enrollmentOf({ ...waiting, csr: waiting.csr }, context);
  const isFindable =
    endpoint.issuer.find !== undefined && (await services.store.countSent(enrollment.request.requestKey)) > 0;
  if (isMoved(context, issuance) || (issuance.reference === undefined && !isFindable)) return true;
  const outcome = await resumeAlone(enrollment, issuance);
  if (outcome === 'unreachable') return false;
  const { transactionId } = waiting;
  const serial = outcome?.kind === 'issued' ? outcome.certificate.serial : '';
  if (outcome?.kind === 'issued' || outcome?.kind === 'refused')
    services.emit({
      event: 'enrollment-recovered',
      endpoint: endpoint.name,
      transactionId,
      serial,
      outcome: outcome.kind,
    });
  return true;
}

/** As if the device had sent the request again. Which key signed it is recorded as a hash alone. */
function enrollmentOf(
  waiting: StoredTransaction & { csr: Uint8Array },
  { endpoint, services }: EndpointContext,
): Enrollment {
  const { key, request, nonces, endpoint: name, transactionId, signer, subject } = waiting;
  const csr = withoutProof(readCertificationRequest(waiting.csr));
  return {
    endpoint,
    services,
    request: { endpoint: name, transactionId, csr, signerSpki: csr.spki, requestKey: orderKey(request) },
    transaction: { key, request, nonces, endpoint: name, transactionId, signer, subject },
    signerCertificate: readCertificate(endpoint.chain[0] ?? new Uint8Array()),
    earlier: waiting,
    isAlone: true,
    signal: services.deadline(),
  };
}

/** Orders whose request does not wait any more, and those at a CA that can neither be asked nor given the same order. */
async function leaveOrphans(
  open: readonly Waiting[],
  endpoints: ReadonlyMap<string, Endpoint>,
  { store, clock }: EnrollmentServices,
): Promise<void> {
  const waiting = new Set(open.map(({ request }) => orderKey(request)));
  const before = new Date(clock().getTime() - ALONE_AFTER);
  const isLost = ({ state, at, requestKey, endpoint }: StoredOrder): boolean => {
    const issuer = endpoints.get(endpoint)?.issuer;
    if (state !== 'sent' || at >= before) return false;
    if (!waiting.has(requestKey)) return true;
    const { idempotentFor = 0 } = issuer?.capabilities ?? {};
    return issuer !== undefined && !canComeAgain(issuer) && !isWithin(idempotentFor, at.getTime(), clock().getTime());
  };
  for (let page = await store.listOrders({ limit: PAGE }); page.length > 0; ) {
    for (const { requestKey } of page.filter(isLost)) await store.endOrders(requestKey, 'orphan', before);
    page = page.length < PAGE ? [] : await store.listOrders({ limit: PAGE, after: page.at(-1)?.id ?? 0 });
  }
}
