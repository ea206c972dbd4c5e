/** Tells a CA that keeps its own revocation list what was revoked here. What it does not take, it is told again later. */
import { catchDerError } from '../asn1/limits.ts';
import { within } from '../core/ask.ts';
import { defined } from '../core/defined.ts';
import { IssuerError } from '../core/errors.ts';
import type { OrderReason, RevocationOrder } from '../core/issuer.ts';
import type { PendingRevocation, StoredCertificate } from '../core/records.ts';
import { readCertificate, serialText } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import { isMadeBy } from './certificate-record.ts';
import type { Endpoint, EndpointContext, EnrollmentServices, ToldCa } from './endpoint.ts';
import { pauseOf, retryDelay } from './retry-delay.ts';

const BATCH = 10;
/** Milliseconds for which no other process tells the same; longer than one request to a CA. */
const LEASE = 90_000;

/** A certificate that the CA made and that is delivered to no device. */
export type Discarded = Pick<
  StoredCertificate,
  'issuerId' | 'serial' | 'issuer' | 'der' | 'reference' | 'transactionId'
>;

/**
 * For a certificate that was signed and is delivered to no device; `why` is for the audit. Only when the store cannot
 * record the revocation, the CA is told at once, and an event says what an administrator must do when that fails too. Does
 * not throw.
 */
export async function revokeAtIssuer(
  { serial, issuerId, issuer, der: certificate, reference, transactionId }: Discarded,
  why: string,
  { endpoint, services }: EndpointContext,
): Promise<void> {
  if (!endpoint.revoker) return;
  const at = services.clock();
  const what = { certificate, ...defined({ reference }), reason: 'cessationOfOperation', at } as const;
  const entry = { at, event: 'discarded', transactionId, issuerId, serial, detail: why } as const;
  const audit = { ...entry, endpoint: endpoint.name, actor: { kind: 'system' }, source: 'scep' } as const;
  try {
    await services.store.queueRevocation({ endpoint: endpoint.name, ...what }, audit);
  } catch {
    try {
      await tell({ serial, issuer, ...what }, endpoint, services);
    } catch (err) {
      services.emit({ event: 'revocation-not-taken', endpoint: endpoint.name, serial, err });
    }
  }
}

/**
 * Tells the CAs a batch of the revocations that are due, all at the same time. Returns how many are done; the others are
 * postponed, so a loop that ends at 0 does end, and a CA that does not answer holds it up once.
 */
export async function tellIssuers(
  endpoints: ReadonlyMap<string, Endpoint>,
  services: EnrollmentServices,
): Promise<number> {
  const claim = { owner: services.owner, leaseMs: LEASE, limit: BATCH };
  const pending = await services.store.claimRevocations(claim);
  const done = await Promise.all(pending.map((one) => settle(one, endpoints.get(one.endpoint), services)));
  return done.filter(Boolean).length;
}

/** Returns whether the revocation is done. One of an endpoint whose CA needs not to be told is. */
async function settle(
  pending: PendingRevocation,
  endpoint: Endpoint | undefined,
  services: EnrollmentServices,
): Promise<boolean> {
  const order = orderOf(pending);
  const serial = order?.serial ?? '';
  const { store, emit } = services;
  const told = (order && caOf(order, endpoint, services)) ?? endpoint;
  if (!told) return postpone(pending, { event: 'revocation-without-endpoint', serial }, services);
  let isTaken: boolean;
  try {
    if (!order) throw new Error('the certificate cannot be read, so its CA must be told by an administrator');
    isTaken = await tell(order, told, services);
  } catch (err) {
    return postpone(pending, { event: 'revocation-postponed', serial, err }, services);
  }
  await store.revocationDone(pending.id, pending.fence);
  const event = isTaken ? 'revocation-taken' : 'release-not-taken';
  if (told.revoker) emit({ event, endpoint: pending.endpoint, serial });
  return true;
}

/**
 * The endpoint may have another CA now than the one that made the certificate. While it has that one, its own revoker is told: other
 * authorities may have the same CA with another way to it. Undefined for a CA that is not known.
 */
function caOf(
  { certificate }: Order,
  endpoint: Endpoint | undefined,
  { toldCas = [] }: EnrollmentServices,
): Pick<ToldCa, 'revoker'> | undefined {
  const view = readCertificate(certificate);
  const [present] = endpoint?.chain ?? [];
  if (endpoint?.revoker && present && isMadeBy(view, present)) return endpoint;
  return toldCas.find((ca) => isMadeBy(view, ca.certificate));
}

/** Whether a CA may have to be told of what this endpoint revokes. */
export const isTold = ({ revoker }: Endpoint, { toldCas = [] }: EnrollmentServices): boolean =>
  revoker !== undefined || toldCas.some((ca) => ca.revoker);

/** Undefined for a certificate of an earlier version that cannot be read. */
const orderOf = ({ certificate, reference, reason, at }: PendingRevocation): Order | undefined =>
  catchDerError(
    () => {
      const { serialNumber, issuer } = readCertificate(certificate);
      const identity = { serial: serialText(serialNumber), issuer: nameText(issuer) };
      return { ...identity, certificate, ...defined({ reference }), reason, at };
    },
    () => undefined,
  );

type Order = Omit<RevocationOrder, 'reason'> & { reason: OrderReason };

/** Returns false for the end of a hold at a CA that takes none. */
async function tell(
  { reason, ...order }: Order,
  { revoker }: Pick<Endpoint, 'revoker'>,
  { deadline }: EnrollmentServices,
): Promise<boolean> {
  const signal = deadline();
  if (!revoker) return true;
  if (reason !== 'removeFromCRL') await within(() => revoker.revoke({ ...order, reason }, signal), signal);
  else if (revoker.release) await within(async () => revoker.release?.(order, signal), signal);
  else return false;
  return true;
}

type Postponed = {
  event: 'revocation-postponed' | 'revocation-without-endpoint';
  serial: string;
  err?: unknown;
};

/**
 * A CA that names a longer time than ours gets it, up to a day. An endpoint that is gone is reported once: it can stay away for good,
 * and a CA whose revocation list is made from this store needs not to be told.
 */
async function postpone(
  { id, fence, endpoint, attempts }: PendingRevocation,
  { event, serial, err }: Postponed,
  { store, clock, emit }: EnrollmentServices,
): Promise<false> {
  const asked = err instanceof IssuerError ? pauseOf(err.retryAfter) : 0;
  const dueAt = new Date(clock().getTime() + Math.max(retryDelay(attempts), asked));
  if (event === 'revocation-postponed' || attempts === 0)
    emit({ event, endpoint, serial, attempts: attempts + 1, ...(err !== undefined && { err }) });
  await store.postponeRevocation(id, fence, dueAt, err instanceof Error ? err.message : event);
  return false;
}
