/** What a recorded request means, state by state: for a repeat, a poll, another issuance, and another wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import type { Decision, Pend } from '../../src/core/policy.ts';
import type { PendingReason, StoredTransaction } from '../../src/core/records.ts';
import type { Store } from '../../src/core/store.ts';
import { keyHash, pollKey } from '../../src/enroll/identify.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { client, HOUR, issuing } from '../kit/pki.ts';
import { REQUEST_PLAN, requestMessage, TRANSACTION_ID } from '../kit/requests.ts';
import { endpointUnderTest, PATH, type Under } from '../kit/endpoint-under-test.ts';
import { type CountingPolicy, policyThat } from '../kit/policy.ts';

const REQUEST = await requestMessage();
const content = issuerAndSubject(readCertificate(issuing.certificate).subject, REQUEST_PLAN.subject);
const POLL = await requestMessage({ messageType: 'CertPoll', content });
const AUDIT = {
  at: new Date(0),
  event: 'issued',
  endpoint: PATH,
  transactionId: TRANSACTION_ID,
  actor: { kind: 'device' },
  source: 'scep',
} as const;

type Case = { under: Under; policy: CountingPolicy };
/** How the policy answers the first request; every later one is allowed. */
type First = { decision: Decision; acknowledged?: boolean; storeFails?: boolean };

const ALLOW = { kind: 'allow', notify: 'none' } as const;
const STRICT = { kind: 'allow', notify: 'strict' } as const;
const pend = (reason: Pend['reason']): Decision => ({ kind: 'pend', reason, detail: 'a test' });

/** The process ends between the acknowledgement and its record. */
const forgetful = (store: Store): Store => ({
  ...store,
  acknowledgeNotification: () => Promise.reject(new Error('disk full')),
});

async function begun({ decision, acknowledged = true, storeFails = false }: First): Promise<Case> {
  const policy: CountingPolicy = policyThat(
    () => (policy.asked.length === 1 ? decision : ALLOW),
    () => (acknowledged ? {} : Promise.reject(new Error('not acknowledged'))),
  );
  const under = await endpointUnderTest(policy, storeFails ? { wrap: forgetful } : {});
  if (storeFails) await assert.rejects(under.service.pkiOperation(REQUEST));
  else await under.service.pkiOperation(REQUEST);
  return { under, policy };
}

async function recorded({ under }: Case): Promise<StoredTransaction> {
  const found = await under.store.findPolled(pollKey(PATH, TRANSACTION_ID, keyHash(client.key.spki)));
  assert.ok(found);
  return found;
}

async function decided(first: First, event: 'approved' | 'rejected'): Promise<Case> {
  const begin = await begun(first);
  assert.equal(await begin.under.store.decidePending((await recorded(begin)).key, event, { ...AUDIT, event }), true);
  return begin;
}

/** The same state in a store that has no CSR for it, as an import from elsewhere could leave it. */
async function withoutRequest(reason: Pend['reason'], approved = false): Promise<Case> {
  const existing = await recorded(await begun({ decision: pend(reason) }));
  const policy = policyThat(() => ALLOW);
  const under = await endpointUnderTest(policy);
  await under.store.recordPending({ transaction: { ...transactionOf(existing), reason }, audit: AUDIT });
  if (approved) await under.store.decidePending(existing.key, 'approved', AUDIT);
  return { under, policy };
}

const REACH: Readonly<Record<string, () => Promise<Case>>> = {
  'pending for approval': () => begun({ decision: pend('approval') }),
  'pending for an unreachable policy': () => begun({ decision: pend('unreachable') }),
  'pending for an unreachable policy, request erased': async () => {
    const begin = await begun({ decision: pend('unreachable') });
    const unreachable = new Date(begin.under.clock().getTime() + 1);
    await begin.under.store.forgetRequests({ unreachable, erased: new Date(0), any: new Date(0) }, 10);
    return begin;
  },
  'pending, undecided': () => begun({ decision: pend('undecided') }),
  'pending for the CA': async () => {
    const begin = await begun({ decision: pend('undecided') });
    const { csr, ...existing } = await recorded(begin);
    const issuance = {
      reference: 'order 1',
      retryAt: new Date(begin.under.clock().getTime() + 1),
      notify: 'none',
    } as const;
    const transaction = { ...transactionOf(existing), reason: 'issuer', csr: csr!, issuance } as const;
    await begin.under.store.recordPending({ transaction, audit: AUDIT });
    return begin;
  },
  'approved, after waiting for approval': () => decided({ decision: pend('approval') }, 'approved'),
  'approved, after waiting for a policy': () => decided({ decision: pend('undecided') }, 'approved'),
  'pending for approval, request missing': () => withoutRequest('approval'),
  'pending, undecided, request missing': () => withoutRequest('undecided'),
  'approved, request missing': () => withoutRequest('approval', true),
  rejected: () => decided({ decision: pend('approval') }, 'rejected'),
  'issued, notification not acknowledged yet': () => begun({ decision: STRICT, storeFails: true }),
  delivered: () => begun({ decision: ALLOW }),
  'delivered, retention over': async () => {
    const begin = await begun({ decision: ALLOW });
    begin.under.clock.forward(24 * HOUR);
    return begin;
  },
  revoked: async () => {
    const begin = await begun({ decision: ALLOW });
    const certificate = (await recorded(begin)).certificate!;
    assert.equal(await begin.under.store.revoke(certificate, 'superseded', { ...AUDIT, event: 'revoked' }), true);
    return begin;
  },
  'never delivered': () => begun({ decision: STRICT, acknowledged: false }),
};

/** What the same device gets, and `asked` when the policy was called for it. */
const got =
  (message: Uint8Array) =>
  async ({ under, policy }: Case): Promise<string> => {
    const { outcome, facts } = await under.service.pkiOperation(message);
    const code = facts.code === undefined ? '' : ` ${facts.code}`;
    return `${outcome}${code}${policy.asked.length > 1 ? ', asked' : ''}`;
  };

const transactionOf = ({ key, request, nonces, endpoint, transactionId, signer, subject }: StoredTransaction) => ({
  key,
  request,
  nonces,
  endpoint,
  transactionId,
  signer,
  subject,
});

/** What the store answers to another issuance, first one that names no certificate as superseded, then one that does. */
async function issuance(one: Case): Promise<string> {
  const existing = await recorded(one);
  const issue = {
    transaction: transactionOf(existing),
    certificate: issuanceFor(1).certificate,
    names: [],
    audit: AUDIT,
  };
  const plain = (await one.under.store.recordIssued(issue)).kind;
  if (plain === 'recorded' || !existing.certificate) return plain;
  const supersedes = existing.certificate.serial;
  return `${plain}, superseding ${(await one.under.store.recordIssued({ ...issue, supersedes })).kind}`;
}

/** The same for a request that begins to wait for this reason. */
const waiting =
  (reason: PendingReason) =>
  async (one: Case): Promise<string> => {
    const existing = await recorded(one);
    const wait = { transaction: { ...transactionOf(existing), reason }, audit: AUDIT };
    const plain = (await one.under.store.recordPending(wait)).kind;
    if (plain === 'recorded' || !existing.certificate) return plain;
    const supersedes = existing.certificate.serial;
    return `${plain}, superseding ${(await one.under.store.recordPending({ ...wait, supersedes })).kind}`;
  };

const OBSERVE = {
  repeat: got(REQUEST),
  poll: got(POLL),
  issuance,
  approval: waiting('approval'),
  undecided: waiting('undecided'),
  unreachable: waiting('unreachable'),
  issuer: waiting('issuer'),
  request: async (one: Case) => ((await recorded(one)).csr ? 'kept' : 'erased'),
} satisfies Record<string, (one: Case) => Promise<string>>;

type Row = Record<keyof typeof OBSERVE, string>;

const ASKED = 'issued, asked';
const SUPERSEDED = 'duplicate, superseding recorded';

const ROWS: Readonly<Record<string, Partial<Row>>> = {
  'pending for approval': {
    repeat: 'pending',
    poll: 'pending',
    issuance: 'recorded',
    approval: 'duplicate',
    undecided: 'recorded',
    unreachable: 'recorded',
    issuer: 'recorded',
    request: 'kept',
  },
  'pending for an unreachable policy': {
    repeat: ASKED,
    poll: ASKED,
    issuance: 'recorded',
    approval: 'recorded',
    undecided: 'recorded',
    unreachable: 'duplicate',
    issuer: 'recorded',
    request: 'kept',
  },
  'pending for an unreachable policy, request erased': {
    repeat: ASKED,
    poll: 'refused policy_unreachable',
    issuance: 'recorded',
    approval: 'recorded',
    undecided: 'recorded',
    unreachable: 'duplicate',
    issuer: 'recorded',
    request: 'erased',
  },
  'pending, undecided': {
    repeat: ASKED,
    poll: ASKED,
    issuance: 'recorded',
    approval: 'recorded',
    undecided: 'duplicate',
    unreachable: 'recorded',
    issuer: 'recorded',
    request: 'kept',
  },
  'pending for the CA': {
    repeat: 'pending',
    poll: 'pending',
    issuance: 'recorded',
    approval: 'recorded',
    undecided: 'recorded',
    unreachable: 'recorded',
    issuer: 'duplicate',
    request: 'kept',
  },
  'approved, after waiting for approval': {
    repeat: 'issued',
    poll: 'issued',
    issuance: 'recorded',
    approval: 'duplicate',
    undecided: 'duplicate',
    unreachable: 'duplicate',
    issuer: 'recorded',
    request: 'kept',
  },
  'approved, after waiting for a policy': {
    repeat: ASKED,
    poll: ASKED,
    issuance: 'recorded',
    approval: 'duplicate',
    undecided: 'duplicate',
    unreachable: 'duplicate',
    issuer: 'recorded',
    request: 'kept',
  },
  'pending for approval, request missing': { poll: 'refused policy_unreachable' },
  'pending, undecided, request missing': { poll: 'refused policy_unreachable' },
  'approved, request missing': { poll: 'refused policy_unreachable' },
  rejected: {
    repeat: 'refused rejected',
    poll: 'refused rejected',
    issuance: 'duplicate',
    approval: 'duplicate',
    undecided: 'duplicate',
    unreachable: 'duplicate',
    issuer: 'duplicate',
    request: 'erased',
  },
  'issued, notification not acknowledged yet': {
    repeat: 'pending',
    poll: 'pending',
    issuance: SUPERSEDED,
    approval: SUPERSEDED,
    undecided: SUPERSEDED,
    unreachable: SUPERSEDED,
    issuer: SUPERSEDED,
    request: 'erased',
  },
  delivered: {
    repeat: 'repeated',
    poll: 'repeated',
    issuance: SUPERSEDED,
    approval: SUPERSEDED,
    undecided: SUPERSEDED,
    unreachable: SUPERSEDED,
    issuer: SUPERSEDED,
    request: 'erased',
  },
  'delivered, retention over': {
    repeat: 'refused replayed',
    poll: 'repeated',
    issuance: SUPERSEDED,
    approval: SUPERSEDED,
    undecided: SUPERSEDED,
    unreachable: SUPERSEDED,
    issuer: SUPERSEDED,
    request: 'erased',
  },
  revoked: {
    repeat: 'refused rejected',
    poll: 'refused rejected',
    issuance: 'duplicate, superseding duplicate',
    approval: 'duplicate, superseding duplicate',
    undecided: 'duplicate, superseding duplicate',
    unreachable: 'duplicate, superseding duplicate',
    issuer: 'duplicate, superseding duplicate',
    request: 'erased',
  },
  'never delivered': {
    repeat: ASKED,
    poll: 'refused rejected',
    issuance: 'recorded',
    approval: 'recorded',
    undecided: 'recorded',
    unreachable: 'recorded',
    issuer: 'recorded',
    request: 'erased',
  },
};

for (const [state, row] of Object.entries(ROWS))
  for (const [what, expected] of Object.entries(row) as [keyof Row, string][])
    test(`${state}: ${what} is ${expected}`, async () =>
      assert.equal(await OBSERVE[what](await REACH[state]!()), expected));
