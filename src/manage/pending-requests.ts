/** What an administrator does with requests that wait: list them, approve one, reject one. */
import { catchDerError } from '../asn1/limits.ts';
import { POLL_DIGITS } from '../core/poll-key.ts';
import type { StoredTransaction } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import { readCertificationRequest } from '../pkix/csr.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { auditEntry, type Management } from './administrator.ts';

/** A request that waits, without its challenge. `reason`: as in `Pend`. `names`: `type:text`, as they were requested. */
export type PendingRequest = {
  /** Names the request in `decideRequest`; no two requests of one list share it. */
  id: string;
  reason: string;
  since: Date;
  endpoint: string;
  transactionId: string;
  subject: string;
  names: string[];
};

/** Every request that waits, oldest first. */
export async function listRequests({
  store,
}: {
  store: Pick<Store, 'listPending' | 'findTransaction'>;
}): Promise<PendingRequest[]> {
  const waiting = await store.listPending();
  const length = idLength(waiting.map(idOf));
  const requests: PendingRequest[] = [];
  for (const transaction of waiting) {
    // One at a time: all CSRs together may not fit into memory.
    const csr = (await store.findTransaction(transaction.key))?.csr;
    requests.push({
      id: idOf(transaction).slice(0, length),
      reason: transaction.reason ?? '',
      since: transaction.createdAt,
      endpoint: transaction.endpoint,
      transactionId: transaction.transactionId,
      subject: transaction.subject,
      names: csr ? subjectAltNames(csr) : [],
    });
  }
  return requests;
}

/** What an administrator decides about a request. */
export type RequestDecision = 'approved' | 'rejected';

/**
 * `decided`: the device learns it when it polls. Otherwise nothing was changed: `unknown`: no request waits under this
 * id; `ambiguous`: the id begins that many ids; `policyDecides`: it waits for its policy, which alone can allow it;
 * `changed`: another administrator decided, or the request is gone.
 */
export type DecisionResult =
  | { kind: 'decided'; request: StoredTransaction }
  | { kind: 'policyDecides'; request: StoredTransaction }
  | { kind: 'ambiguous'; matches: number }
  | { kind: 'unknown' }
  | { kind: 'changed' };

/** Approves or rejects the one request whose id begins with `id`, in any letter case. */
export async function decideRequest(
  management: Management<Pick<Store, 'listPending' | 'decidePending'>>,
  { id, decision }: { id: string; decision: RequestDecision },
): Promise<DecisionResult> {
  const found = await requestsWithId(management.store, id);
  const [request] = found;
  if (!request) return { kind: 'unknown' };
  if (found.length > 1) return { kind: 'ambiguous', matches: found.length };
  if (decision === 'approved' && request.reason !== 'approval') return { kind: 'policyDecides', request };
  const { key, endpoint, transactionId } = request;
  const audit = auditEntry(management, { event: decision, endpoint, transactionId });
  return (await management.store.decidePending(key, decision, audit))
    ? { kind: 'decided', request }
    : { kind: 'changed' };
}

async function requestsWithId(store: Pick<Store, 'listPending'>, id: string): Promise<StoredTransaction[]> {
  if (id === '') return [];
  return (await store.listPending()).filter((transaction) => idOf(transaction).startsWith(id.toLowerCase()));
}

/**
 * The key without its PollKey. All requests of one sender under one transactionID share the PollKey, and an approval is
 * for the one request that the administrator looked at.
 */
const idOf = ({ key }: StoredTransaction): string => key.slice(POLL_DIGITS);

/** Digits of an id: too many for an attacker to prepare two requests with the same beginning (160 bits). */
const SHORTEST_ID = 40;

/** The length at which all ids differ. */
function idLength(ids: readonly string[]): number {
  let length = SHORTEST_ID;
  while (new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length++;
  return length;
}

/** The administrator approves these names too. Names that cannot be read must not hide the other requests. */
function subjectAltNames(csr: Uint8Array): string[] {
  const extension = findExtension(readCertificationRequest(csr).extensions, OID.subjectAltName);
  return catchDerError(
    () => (extension ? readGeneralNames(extension.value).map(({ type, text }) => `${type}:${text}`) : []),
    () => ['(malformed, will be refused)'],
  );
}
