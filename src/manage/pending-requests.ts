/** What an administrator does with requests that wait: list them, approve one, reject one. */
import { hash } from 'node:crypto';
import { catchDerError } from '../asn1/limits.ts';
import { POLL_DIGITS } from '../core/poll-key.ts';
import type { PendingReason, StoredTransaction } from '../core/records.ts';
import type { CertificationRequest } from '../core/request.ts';
import type { Store } from '../core/store.ts';
import { readCertificate, readValidity, serialText } from '../pkix/certificate.ts';
import { readCertificationRequest } from '../pkix/csr.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { nameText } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { auditEntry, type Management } from './administrator.ts';

/** What a certificate for a request would contain beside its names and its key, if it was issued now. */
export type Planned = {
  keyUsage: readonly string[];
  /** Purposes by name, or as OID. */
  extendedKeyUsage: readonly string[];
  notBefore: Date;
  notAfter: Date;
};

/** The plan for a request at an endpoint; `refused`: why the CA would make no certificate. `profile` when it is known. */
export type PlanOf = (
  endpoint: string,
  csr: CertificationRequest,
) => Promise<{ profile?: string } & (Planned | { refused: string })>;

/**
 * A request that waits, without its challenge: everything that would be signed. `reason`: as in `Pend`. `names`:
 * `type:text`, as they were requested. `key`: `RSA 2048`. What is absent is not known.
 */
export type PendingRequest = Partial<Planned> & {
  /** Names the request in `decideRequest`; no two requests of one list share it. */
  id: string;
  reason: string;
  since: Date;
  endpoint: string;
  transactionId: string;
  subject: string;
  names: string[];
  key?: string;
  profile?: string;
  refused?: string;
  /** Which key signed the message: the requested one, or another, as Windows does. */
  signerKey?: 'requested' | 'another';
  /** The certificate that signed the message, if this server or an earlier CA made it. */
  signerCertificate?: SignerCertificate;
};

/** Of a certificate that signed a request. Names are RFC 4514. */
export type SignerCertificate = { serial: string; subject: string; issuer: string; notAfter: Date };

/** Which requests to list. `after`: id of the last request of the page before, or its beginning. */
export type RequestFilter = { reason?: PendingReason; limit?: number; after?: string };

/** One page. `more`, when it is not the last one: how many requests there are, and how many come after this page. */
export type ListedRequests = { kind: 'listed'; requests: PendingRequest[]; more?: { total: number; left: number } };

/** The requests that wait, oldest first; or why `after` names none of them. */
export async function listRequests(
  { store }: { store: Pick<Store, 'listPending' | 'findTransaction'> },
  planOf: PlanOf,
  { reason, limit = Infinity, after }: RequestFilter = {},
): Promise<ListedRequests | Exclude<OneOf, { kind: 'found' }>> {
  const all = await store.listPending();
  const last = after === undefined ? undefined : theOne(all, after);
  if (last && last.kind !== 'found') return last;
  const asked = (transaction: StoredTransaction): boolean => reason === undefined || transaction.reason === reason;
  const rest = all.slice(last ? all.indexOf(last.request) + 1 : 0).filter(asked);
  const length = idLength(all.map(idOf));
  const requests: PendingRequest[] = [];
  // One at a time: all CSRs together may not fit into memory.
  for (const each of rest.slice(0, limit)) requests.push(await shown(each, { length, store, planOf }));
  const left = rest.length - requests.length;
  return { kind: 'listed', requests, ...(left > 0 && { more: { total: all.filter(asked).length, left } }) };
}

/** `length`: digits of the id. */
async function shown(
  transaction: StoredTransaction,
  { length, store, planOf }: { length: number; store: Pick<Store, 'findTransaction'>; planOf: PlanOf },
): Promise<PendingRequest> {
  const { csr, signedBy } = (await store.findTransaction(transaction.key)) ?? transaction;
  const { endpoint, transactionId, subject } = transaction;
  return {
    id: idOf(transaction).slice(0, length),
    reason: transaction.reason ?? '',
    since: transaction.createdAt,
    endpoint,
    transactionId,
    subject,
    names: [],
    ...(csr && (await requestedIn(readCertificationRequest(csr), transaction, planOf))),
    ...(signedBy && { signerCertificate: signerIn(signedBy) }),
  };
}

type Requested = Pick<PendingRequest, 'names' | 'key' | 'signerKey' | 'profile' | 'refused'> & Partial<Planned>;

async function requestedIn(
  csr: CertificationRequest,
  { endpoint, signer }: StoredTransaction,
  planOf: PlanOf,
): Promise<Requested> {
  const { type, bits } = csr.key;
  return {
    names: subjectAltNames(csr),
    key: `${type.toUpperCase()} ${bits}`,
    signerKey: hash('sha256', csr.spki, 'hex') === signer ? 'requested' : 'another',
    ...(await planOf(endpoint, csr)),
  };
}

function signerIn(certificate: Uint8Array): SignerCertificate {
  const view = readCertificate(certificate);
  return {
    serial: serialText(view.serialNumber),
    subject: nameText(view.subject),
    issuer: nameText(view.issuer),
    notAfter: readValidity(view).notAfter,
  };
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

/** Approves or rejects the one request whose id begins with `id`, in any letter case. `comment`: why, for the history. */
export async function decideRequest(
  management: Management<Pick<Store, 'listPending' | 'decidePending'>>,
  { id, decision, comment }: { id: string; decision: RequestDecision; comment?: string },
): Promise<DecisionResult> {
  const found = theOne(await management.store.listPending(), id);
  if (found.kind !== 'found') return found;
  const { request } = found;
  if (decision === 'approved' && request.reason !== 'approval') return { kind: 'policyDecides', request };
  const { key, endpoint, transactionId } = request;
  const audit = auditEntry(management, {
    event: decision,
    endpoint,
    transactionId,
    ...(comment !== undefined && { detail: comment }),
  });
  return (await management.store.decidePending(key, decision, audit))
    ? { kind: 'decided', request }
    : { kind: 'changed' };
}

type OneOf = { kind: 'found'; request: StoredTransaction } | Extract<DecisionResult, { kind: 'unknown' | 'ambiguous' }>;

/** The one request whose id begins with `id`, in any letter case. */
function theOne(all: readonly StoredTransaction[], id: string): OneOf {
  const found = all.filter((transaction) => id !== '' && idOf(transaction).startsWith(id.toLowerCase()));
  const [request] = found;
  if (!request) return { kind: 'unknown' };
  return found.length === 1 ? { kind: 'found', request } : { kind: 'ambiguous', matches: found.length };
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
function subjectAltNames(csr: CertificationRequest): string[] {
  const extension = findExtension(csr.extensions, OID.subjectAltName);
  return catchDerError(
    () => (extension ? readGeneralNames(extension.value).map(({ type, text }) => `${type}:${text}`) : []),
    () => ['(malformed, will be refused)'],
  );
}
