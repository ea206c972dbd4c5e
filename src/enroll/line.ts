/** One enrolment, in order. This file is the only place that knows the order of the steps. */
import type { Allow, Decision, Deny, Pend } from '../core/policy.ts';
import { ask } from '../core/ask.ts';
import { REFUSALS, type RefusalCode } from '../core/errors.ts';
import { openOrder } from '../core/lifecycle.ts';
import type { PendingIssuance, StoredTransaction } from '../core/records.ts';
import { askAgain, type IssuerAnswer, type MadeCertificate, order } from './ask-issuer.ts';
import { blockedBy } from './blocked.ts';
import { earlierOutcome } from './earlier-outcome.ts';
import { allowsSelfRenewal, type Enrollment, keyHash } from './identify.ts';
import { checkFresh } from './freshness.ts';
import { failureNotification, sendStrict } from './notifications.ts';
import type { Outcome, RefusedOutcome } from './outcome.ts';
import { CHALLENGE_USED, recordIssuance, RENEWED_ALREADY } from './record.ts';
import type { KnownCertificate } from './renewal.ts';
import { lostPermission, REVOKED_MEANWHILE } from './renewed.ts';
import { hasCome } from './retry-delay.ts';
import { revokeAtIssuer } from './tell-issuer.ts';
import { namingUnrecorded } from './unrecorded-signer.ts';
import { allowedIn, isOutOfPatience, wait, waitForKey, waitOn, waitOnUnreachable } from './waiting.ts';
import { makesHere } from './made-here.ts';
import {
  claim,
  endEmpty,
  endOrder,
  endUnrecorded,
  findOrdered,
  orderAgain,
  place,
  type PlacedOrder,
} from './placed-order.ts';
import { waitingFor } from './waits.ts';

/**
 * blocked? → earlier outcome → fresh? → decide → issue → record → notify. Every exit is an Outcome. An exception (the store, a key)
 * means that no answer may be given.
 */
export async function enroll(identified: Enrollment): Promise<Outcome> {
  const { store } = identified.services;
  const { request, key } = identified.transaction;
  const publicKey = keyHash(identified.request.csr.spki);
  const [standing, earlier] = await Promise.all([store.keyStanding(publicKey), store.findRequest(request, key)]);
  const blocked = standing.hasBlocks && (await blockedRefusal(identified));
  if (blocked) return blocked;
  const repeat = earlier && earlierOutcome(earlier, identified);
  if (repeat) return repeat;

  const enrollment: Enrollment = earlier ? continueWith(earlier, identified) : identified;
  const issuance = earlier && openOrder(earlier);
  if (issuance) return resume(enrollment, issuance);
  checkFresh(enrollment, standing);
  const decision = await decide(enrollment);
  if (decision.kind === 'deny') return (await answeredMeanwhile(enrollment)) ?? refuse(enrollment, decision);
  if (decision.kind === 'pend') return postpone(enrollment, decision);
  return makesHere(enrollment.endpoint.issuer) ? orderHere(enrollment, decision) : orderElsewhere(enrollment, decision);
}

async function blockedRefusal(identified: Enrollment): Promise<RefusedOutcome | undefined> {
  const entry = await blockedBy(identified);
  return entry && { kind: 'refused', code: 'blocked', detail: `the block list has ${entry.name}` };
}

/** A request that waits stays the transaction of the message that came first, which may be polled; see identify.ts. */
function continueWith(earlier: StoredTransaction, identified: Enrollment): Enrollment {
  const { transaction } = identified;
  const nonces = [...new Set([...earlier.nonces, ...transaction.nonces])];
  if (earlier.state !== 'pending' && earlier.state !== 'approved')
    return { ...identified, earlier, transaction: { ...transaction, nonces } };
  const { key, transactionId, signer } = earlier;
  return { ...identified, earlier, transaction: { ...transaction, nonces, key, transactionId, signer } };
}

/** The decision of an administrator, of the certificate that is renewed, or of the policy. */
async function decide(enrollment: Enrollment): Promise<Decision> {
  const { earlier, endpoint, request, signedBy, signal, waits } = enrollment;
  // Only a request that waited for approval: an administrator cannot approve in the place of Intune.
  if (earlier?.state === 'approved' && earlier.reason === 'approval')
    return { kind: 'allow', notify: 'none', facts: { approved: 'manually' } };
  // Intune sends a new challenge with every request, and must be asked about each one, whichever certificate signed it.
  if (request.renews && allowsSelfRenewal(endpoint))
    return {
      kind: 'allow',
      notify: 'none',
      vouchesForNames: true,
      withinRenewed: true,
      facts: { renews: request.renews.serial, ...originOf(signedBy) },
    };
  const decision = explained(await waitingFor(() => ask(endpoint.policy, request, signal), waits), enrollment);
  return decision.kind === 'allow' && endpoint.approval === 'manual' ? afterApproval(decision) : decision;
}

/** The CA of before that made the certificate, for the log. */
const originOf = (signedBy: KnownCertificate | undefined): { earlierCa?: string } =>
  signedBy?.kind === 'earlier' ? { earlierCa: signedBy.ca } : {};

/**
 * A certificate of this server or of an earlier CA that may not renew neither allows nor denies: the policy decides, and
 * the log says which certificate signed and why it renews nothing. Where only the challenge was missing, that is the
 * reason.
 */
function explained(decision: Decision, enrollment: Enrollment): Decision {
  const { signedBy, obstacle, endpoint } = enrollment;
  if (!signedBy) return namingUnrecorded(decision, enrollment);
  if (obstacle === undefined || !allowsSelfRenewal(endpoint)) return decision;
  const { serial } = signedBy.record;
  const facts = { ...decision.facts, signedBy: serial, ...originOf(signedBy), notRenewed: obstacle };
  if (decision.kind !== 'deny' || decision.code !== 'challenge_missing') return { ...decision, facts };
  const detail = `certificate ${serial} ${obstacle}, and there is no challenge`;
  return { kind: 'deny', code: 'renewal_refused', detail, facts };
}

const afterApproval = ({ consumes, facts }: Allow): Pend => ({
  kind: 'pend',
  reason: 'approval',
  detail: 'an administrator decides: openndes certs approve',
  ...(consumes !== undefined && { consumes }),
  ...(facts && { facts }),
});

/**
 * The same request can have used the challenge or the renewal up while this one was decided or recorded: in another thread or
 * server, or before its answer was lost on the way from the database. Then what it got is the answer. An authorizer elsewhere, such as
 * Intune, has codes of its own for a challenge that it knows already, so every denial is looked at.
 */
async function answeredMeanwhile({ transaction, ...enrollment }: Enrollment): Promise<Outcome | undefined> {
  const { request, key } = transaction;
  const found = await enrollment.services.store.findRequest(request, key);
  return found && earlierOutcome(found, enrollment);
}

/** A request that waited is removed: a denial is final for this message only, and the device may send it again. */
async function refuse({ earlier, services }: Enrollment, { code, detail, facts }: Deny): Promise<RefusedOutcome> {
  if (earlier?.state === 'pending') await services.store.withdrawPending(earlier.key);
  return { kind: 'refused', code, detail, ...(facts && { facts }) };
}

async function postpone(enrollment: Enrollment, decision: Pend): Promise<Outcome> {
  const { reason, detail, facts } = decision;
  if (reason === 'unreachable' && isOutOfPatience(enrollment))
    return { kind: 'refused', code: 'policy_unreachable', detail, ...(facts && { facts }) };
  return wait(enrollment, decision);
}

/** Without an answer of the CA there is no certificate, so nothing is recorded before. */
async function orderHere(enrollment: Enrollment, decision: Allow): Promise<Outcome> {
  const answer = await atIssuer(enrollment, () => order(enrollment, decision));
  if (answer.kind === 'pending') throw new TypeError('an issuer without poll() answered pending');
  return conclude(enrollment, decision, answer);
}

/** The order is recorded before the CA is asked. A challenge that it uses up is used up then. */
async function orderElsewhere(enrollment: Enrollment, decision: Allow): Promise<Outcome> {
  const placed = await place(enrollment, decision);
  if (placed.kind === 'refused') return fail(enrollment, decision, placed);
  if (placed.kind !== 'placed') return placed;
  const { consumes: _, ...rest } = decision;
  return settle(placed, rest, await atIssuer(placed.enrollment, () => order(placed.enrollment, rest)));
}

/** The policy has allowed the request: only the CA is asked, and not before it wants to be. */
async function resume(enrollment: Enrollment, issuance: PendingIssuance): Promise<Outcome> {
  if (!hasCome(issuance.retryAt, enrollment.services.clock())) return waitOn(enrollment, issuance);
  const decision = allowedIn(issuance);
  const { reference } = issuance;
  if (reference === undefined) return resumeUnknown(enrollment, issuance, decision);
  const answer = await atIssuer(enrollment, () => askAgain(enrollment, reference, decision));
  return settle({ enrollment, issuance }, decision, await withPermission(enrollment, answer));
}

/** Whether the CA has the order is not known. A permission that was lost meanwhile is no reason to order again. */
async function resumeUnknown(enrollment: Enrollment, issuance: PendingIssuance, decision: Allow): Promise<Outcome> {
  const placed = await claim(enrollment, issuance);
  if (!placed) return waitOn(enrollment, issuance);
  const lost = await lostPermission(enrollment);
  if (lost) return settle(placed, decision, { ...lost, perhapsMade: true });
  const answer = await atIssuer(placed.enrollment, () => orderAgain(placed.enrollment, decision));
  return settle(placed, decision, await withPermission(placed.enrollment, answer));
}

/**
 * For a request whose device has not come again: the CA is asked what became of the order, and nothing is ordered. Undefined when the CA made
 * nothing, and when another process asks it now.
 */
export async function resumeAlone(
  enrollment: Enrollment,
  issuance: PendingIssuance,
): Promise<Outcome | 'unreachable' | undefined> {
  const placed = await claim(enrollment, issuance);
  if (!placed) return undefined;
  const decision = allowedIn(issuance);
  const { reference } = issuance;
  const { enrollment: own } = placed;
  const answer = await (reference === undefined ? findOrdered(own, decision) : askAgain(own, reference, decision));
  if (!answer) return endEmpty(placed);
  const blocked = await blockedRefusal(own);
  const permitted = blocked ? await withdrawn(own, answer, blocked) : await withPermission(own, answer);
  const outcome = await settle(placed, decision, permitted);
  return answer.kind === 'unreachable' ? 'unreachable' : outcome;
}

/** What the answer of the CA means for a request that waits for it, and for the order that is recorded. */
async function settle(
  { enrollment, issuance }: Pick<PlacedOrder, 'enrollment' | 'issuance'>,
  decision: Allow,
  answer: IssuerAnswer,
): Promise<Outcome> {
  if (answer.kind === 'pending') {
    const outcome = await waitOn(enrollment, issuance, answer);
    if (issuance.reference === undefined) await endOrder(enrollment, answer);
    return outcome;
  }
  if (answer.kind === 'refused' || issuance.reference === undefined) await endOrder(enrollment, answer);
  if (answer.kind === 'unreachable') return waitOnUnreachable(enrollment, issuance, answer.error);
  const outcome = await conclude(enrollment, decision, answer);
  if (answer.kind === 'issued' && (outcome.kind !== 'issued' || outcome.repeat)) await endUnrecorded(enrollment);
  if (outcome.kind === 'refused')
    await enrollment.services.store.withdrawPending(enrollment.transaction.key, issuance.consumes);
  return outcome;
}

/** A CA in this process computes. For another one the request waits. */
const atIssuer = ({ endpoint, waits }: Enrollment, ask: () => Promise<IssuerAnswer>): Promise<IssuerAnswer> =>
  endpoint.issuer.capabilities?.signsHere ? ask() : waitingFor(ask, waits);

/** The answer of the CA, unless the permission was lost while the CA decided. */
async function withPermission(enrollment: Enrollment, answer: IssuerAnswer): Promise<IssuerAnswer> {
  const lost = answer.kind === 'issued' && (await lostPermission(enrollment));
  return lost ? withdrawn(enrollment, answer, lost) : answer;
}

/** The refusal in the place of the answer. A certificate is revoked, where the CA can be told. */
async function withdrawn(enrollment: Enrollment, answer: IssuerAnswer, refused: RefusedOutcome): Promise<IssuerAnswer> {
  if (answer.kind !== 'issued') return answer;
  await revokeAtIssuer(answer.certificate, refused.detail, enrollment);
  return { ...refused, ...(!enrollment.endpoint.revoker && { perhapsMade: true }) };
}

/** What the answer of the CA means for the device. The permission stays where a key does not answer: the policy is not asked again. */
async function conclude(
  enrollment: Enrollment,
  decision: Allow,
  answer: Exclude<IssuerAnswer, { kind: 'pending' }>,
): Promise<Outcome> {
  if (answer.kind === 'issued') return recordAndNotify(enrollment, decision, answer);
  if (answer.kind === 'refused') return fail(enrollment, decision, answer);
  const outcome = await waitForKey(enrollment, decision, answer.error);
  return outcome.kind === 'refused' ? fail(enrollment, decision, outcome) : outcome;
}

/** The authorizer allowed the request and must learn that no certificate came of it; the device does not wait for that. */
async function fail(
  enrollment: Enrollment,
  { notify, facts }: Allow,
  refused: RefusedOutcome,
): Promise<RefusedOutcome> {
  if (notify !== 'none') await queueFailureNotification(enrollment, refused.code);
  return { ...refused, ...((facts ?? refused.facts) && { facts: { ...facts, ...refused.facts } }) };
}

const queueFailureNotification = ({ request, services }: Enrollment, code: RefusalCode): Promise<number> =>
  services.store.recordNotification(failureNotification(request, REFUSALS[code]));

/** Everything is recorded, in one transaction, before the authorizer or the device learns of the certificate. */
async function recordAndNotify(enrollment: Enrollment, decision: Allow, issued: MadeCertificate): Promise<Outcome> {
  const { result, certificate, notification } = await recordIssuance(enrollment, decision, issued.certificate);
  if (result.kind === 'refused') return fail(enrollment, decision, result);
  if (result.kind === 'consumed' || result.kind === 'renewed') {
    const used = result.kind === 'consumed' ? CHALLENGE_USED : RENEWED_ALREADY;
    return (await answeredMeanwhile(enrollment)) ?? fail(enrollment, decision, used);
  }
  if (result.kind === 'revoked') return fail(enrollment, decision, REVOKED_MEANWHILE[result.what]);
  if (result.kind === 'duplicate')
    return earlierOutcome(result.existing, enrollment) ?? { kind: 'pending', reason: 'duplicate' };
  const { facts } = decision;
  const { made } = issued;
  const recorded = { kind: 'issued', certificate, repeat: false, made, ...(facts && { facts }) } as const;
  if (decision.notify !== 'strict' || !notification || !result.notification) return recorded;
  const pending = { ...result.notification, notification };
  return waitingFor(() => sendStrict(pending, recorded, enrollment), enrollment.waits);
}
