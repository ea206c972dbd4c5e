/** Requests that wait: who asks, what would be issued, and the decision of an operator. */
import { z } from 'zod';
import type { PendingReason } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import {
  type DecisionResult,
  decideRequest,
  listRequests,
  type PendingRequest,
  type PlanOf,
} from '../manage/pending-requests.ts';
import { action, type Running } from './action.ts';
import { ActionError } from './action-error.ts';
import { isAt } from './placed-endpoints.ts';

const ID = z.string().min(1).max(200);
const REASON = z.string().max(500);
const MOST = 200;
const REASONS = ['approval', 'unreachable', 'undecided', 'issuer'] as const satisfies readonly PendingReason[];
const time = z.iso.datetime();
const words = z.array(z.string());

/** `reason`: `approval` waits for a person. What is absent is not known; `refused`: why the CA would make no certificate. */
const waitingRequest = z.object({
  id: z.string(),
  reason: z.string(),
  since: time,
  endpoint: z.string(),
  transactionId: z.string(),
  subject: z.string(),
  names: words,
  key: z.string().optional(),
  profile: z.string().optional(),
  refused: z.string().optional(),
  keyUsage: words.optional(),
  extendedKeyUsage: words.optional(),
  notBefore: time.optional(),
  notAfter: time.optional(),
  signerKey: z.enum(['requested', 'another']).optional(),
  signerCertificate: z
    .object({ serial: z.string(), subject: z.string(), issuer: z.string(), notAfter: time })
    .optional(),
});

/** A request that waits, as it is shown. */
export type ShownRequest = z.output<typeof waitingRequest>;

const decided = z.object({ endpoint: z.string(), transactionId: z.string(), subject: z.string() });

/** Actions on requests that wait. The device learns a decision when it polls. */
export const REQUEST_ACTIONS = [
  action({
    name: 'requests.list',
    about: 'The requests that wait, oldest first, with what would be issued.',
    permission: 'view',
    route: 'GET /requests',
    input: z.object({
      reason: z.enum(REASONS).optional(),
      limit: z.number().int().min(1).max(MOST).optional(),
      after: ID.optional(),
    }),
    output: z.object({ requests: z.array(waitingRequest), next: z.string().optional() }),
    run: list,
  }),
  action({
    name: 'requests.approve',
    about: 'Approves one request that waits for a person. The certificate is issued when the device polls.',
    permission: 'operate',
    route: 'POST /requests/{id}/approve',
    input: z.object({ id: ID, reason: REASON.optional() }),
    output: decided,
    run: (running) => decide(running, 'approved'),
  }),
  action({
    name: 'requests.reject',
    about: 'Rejects one request that waits. The device gets a refusal when it polls.',
    permission: 'operate',
    route: 'POST /requests/{id}/reject',
    input: z.object({ id: ID, reason: REASON.min(1) }),
    output: decided,
    run: (running) => decide(running, 'rejected'),
  }),
] as const;

type ListInput = { reason?: PendingReason | undefined; limit?: number | undefined; after?: string | undefined };

async function list(running: Running<ListInput>): Promise<{ requests: ShownRequest[]; next?: string }> {
  const { desk, input } = running;
  const { reason, limit = MOST, after } = input;
  const filter = { limit, ...(reason && { reason }), ...(after !== undefined && { after }) };
  const result = await listRequests({ store: within(running) }, desk.plans ?? unplanned, filter);
  if (result.kind !== 'listed') throw new ActionError('not_found', 'no request waits under the id in `after`');
  const requests = result.requests.map(shown);
  const last = requests.at(-1);
  return { requests, ...(result.more && last && { next: last.id }) };
}

/** On the command line the configuration of the server is not at hand. */
const unplanned: PlanOf = async () => ({ refused: 'what would be issued is known to a running server only' });

const shown = ({
  since,
  notBefore,
  notAfter,
  signerCertificate,
  keyUsage,
  extendedKeyUsage,
  ...rest
}: PendingRequest): ShownRequest => ({
  ...rest,
  since: since.toISOString(),
  ...(keyUsage && { keyUsage: [...keyUsage] }),
  ...(extendedKeyUsage && { extendedKeyUsage: [...extendedKeyUsage] }),
  ...(notBefore && { notBefore: notBefore.toISOString() }),
  ...(notAfter && { notAfter: notAfter.toISOString() }),
  ...(signerCertificate && {
    signerCertificate: { ...signerCertificate, notAfter: signerCertificate.notAfter.toISOString() },
  }),
});

type Decision = { id: string; reason?: string | undefined };

async function decide(
  running: Running<Decision>,
  decision: 'approved' | 'rejected',
): Promise<z.output<typeof decided>> {
  const { desk, caller, input } = running;
  const management = { ...caller, clock: desk.clock, store: within(running) };
  const comment = input.reason ? { comment: input.reason } : {};
  const result = await decideRequest(management, { id: input.id, decision, ...comment });
  if (result.kind !== 'decided') throw notDecided(result);
  const { endpoint, transactionId, subject } = result.request;
  return { endpoint, transactionId, subject };
}

function notDecided(result: Exclude<DecisionResult, { kind: 'decided' }>): ActionError {
  if (result.kind === 'changed')
    return new ActionError('conflict', 'somebody else decided about this request, or it is gone');
  if (result.kind === 'policyDecides')
    return new ActionError(
      'conflict',
      'this request does not wait for a person: only its policy or the CA can allow it',
      'Mend what it waits for, or reject it.',
    );
  if (result.kind === 'ambiguous')
    return new ActionError('invalid', `the id begins the ids of ${result.matches} requests`, 'Give the whole id.');
  return new ActionError('not_found', 'no request waits under this id');
}

/** The store, with the requests of the endpoints within reach alone. */
function within(running: Running<unknown>): Pick<Store, 'listPending' | 'findTransaction' | 'decidePending'> {
  const { store } = running.desk;
  return {
    listPending: async () => (await store.listPending()).filter(({ endpoint }) => isAt(running, endpoint)),
    findTransaction: (key) => store.findTransaction(key),
    decidePending: (...decision) => store.decidePending(...decision),
  };
}
