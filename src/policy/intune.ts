/** Lets Intune decide, for the SCEP profile that put the challenge into the request, and tells it what became of it. */
import type { Decision, Facts, Policy } from '../core/policy.ts';
import { Refusal } from '../core/errors.ts';
import type { Notification } from '../core/notification.ts';
import type { IntuneClient } from '../intune/client.ts';
import { INTUNE_CODES } from '../intune/answer-codes.ts';
import { IntuneUnreachable } from '../intune/unreachable.ts';
import { type IntuneAnswer, isSuccess } from '../intune/scep-actions.ts';
import { withhold, withoutChallenge } from './withhold.ts';

/** Whom to ask, when to tell, and what to answer while nobody can be asked. */
export type IntunePolicyOptions = {
  client: IntuneClient;
  /** Whether Intune hears of the certificate before the device gets it, or after. */
  notify: 'strict' | 'outbox';
  /** What a device is told while nobody knows: come back, or no. */
  onUnreachable: 'pending' | 'fail';
};

/** The policy. The challenge appears in no decision, fact or error of it. */
export function intunePolicy({ client, notify, onUnreachable }: IntunePolicyOptions): Required<Policy> {
  return {
    name: 'intune',
    decidesRenewals: true,

    async decide(request, signal) {
      const { challenge } = request.csr;
      if (!challenge)
        return { kind: 'deny', code: 'challenge_missing', detail: 'the request has no challengePassword' };
      try {
        const { transactionId, csr } = request;
        const answer = await client.validateRequest({ transactionId, csr: csr.der }, signal);
        const facts = withoutChallenge(answerFacts(answer), challenge);
        return isSuccess(answer) ? { kind: 'allow', notify, vouchesForNames: true, facts } : denied(answer, facts);
      } catch (error) {
        if (!(error instanceof IntuneUnreachable)) throw error;
        return unreachable(error, onUnreachable, challenge);
      }
    },

    async notify(notification, signal) {
      const answer = await tell(client, notification, signal);
      if (isSuccess(answer)) return answerFacts(answer);
      throw new Refusal(
        'notification_failed',
        `Intune answered the ${notification.kind} notification with ${words(answer)}`,
      );
    },
  };
}

async function tell(client: IntuneClient, notification: Notification, signal: AbortSignal): Promise<IntuneAnswer> {
  try {
    return notification.kind === 'success'
      ? await client.successNotification(notification, signal)
      : await client.failureNotification(notification, signal);
  } catch (cause) {
    if (!(cause instanceof IntuneUnreachable)) throw cause;
    throw new Refusal('notification_failed', `${cause.message}. ${cause.remedy}`, { cause });
  }
}

const answerFacts = ({ code, description, clientRequestId }: IntuneAnswer): Facts => ({
  intuneCode: code,
  ...(description && { intuneDescription: description }),
  clientRequestId,
});

const words = ({ code, description, clientRequestId }: IntuneAnswer): string =>
  `${code}${description && `: ${description}`} (client-request-id ${clientRequestId})`;

const denied = (answer: IntuneAnswer, facts: Facts): Decision => ({
  kind: 'deny',
  code: 'intune_denied',
  detail: `Intune answered ${facts['intuneCode']}. ${known(answer.code)}`,
  facts,
});

/** Codes are compared without regard to letter case, as Intune's own clients do. */
const known = (code: string): string => {
  const name = Object.keys(INTUNE_CODES).find((name) => name.toLowerCase() === code.toLowerCase());
  const row = name === undefined ? undefined : INTUNE_CODES[name];
  return row ? `${row.meaning} ${row.remedy}` : 'This code is not documented; give Microsoft the client-request-id.';
};

/** Nobody said no. The next poll or repetition of the request asks again. */
function unreachable(error: IntuneUnreachable, behaviour: 'pending' | 'fail', challenge: string): Decision {
  const { hop, status, activityId, clientRequestId } = error;
  const facts = withoutChallenge(
    {
      intuneHop: hop,
      ...(status !== undefined && { intuneStatus: String(status) }),
      ...(activityId !== undefined && { intuneActivityId: activityId }),
      ...(clientRequestId !== undefined && { clientRequestId }),
    },
    challenge,
  );
  const detail = withhold(`${error.message}. ${error.remedy}`, challenge);
  return behaviour === 'pending'
    ? { kind: 'pend', reason: 'unreachable', detail, facts }
    : { kind: 'deny', code: 'intune_unreachable', detail, facts };
}
