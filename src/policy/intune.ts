/** Lets Intune decide, by the challenge that it made for the device, and notifies Intune of the result. */
import type { Decision, Facts, Policy } from '../core/policy.ts';
import { Refusal } from '../core/errors.ts';
import type { Notification } from '../core/notification.ts';
import type { IntuneClient } from '../intune/client.ts';
import { INTUNE_CODES } from '../intune/answer-codes.ts';
import { IntuneUnreachable } from '../intune/unreachable.ts';
import { type IntuneAnswer, isHttpStatus, isSuccess } from '../intune/scep-actions.ts';
import { withhold, withoutChallenge } from './withhold.ts';

/** The client of the tenant, when Intune is notified, and the decision while Intune cannot be reached. */
export type IntunePolicyOptions = {
  client: IntuneClient;
  /** Whether Intune is notified before the device gets its certificate (`strict`) or after it (`outbox`). */
  notify: 'strict' | 'outbox';
  /** Whether an unreachable Intune makes the request pending or refused. */
  onUnreachable: 'pending' | 'fail';
  /** Whether a challenge that cannot be one of Intune's is refused without asking Intune. Default `on`. */
  precheck?: 'on' | 'off';
};

/** Those of Intune are base64 of a signed and encrypted message: a thousand characters and more. */
const POSSIBLE = /^[\x20-\x7e]{64,}$/;

/** The policy. Decisions, facts and errors do not contain the challenge. `notify` throws Refusal when not accepted. */
export function intunePolicy({
  client,
  notify,
  onUnreachable,
  precheck = 'on',
}: IntunePolicyOptions): Required<Policy> {
  return {
    name: 'intune',
    decidesRenewals: true,
    strongChallenges: true,

    async decide(request, signal) {
      const { challenge } = request.csr;
      if (!challenge)
        return { kind: 'deny', code: 'challenge_missing', detail: 'the request has no challengePassword' };
      if (precheck === 'on' && !POSSIBLE.test(challenge)) return impossible();
      try {
        const { transactionId, csr } = request;
        const answer = await client.validateRequest({ transactionId, csr: csr.der }, signal);
        const facts = withoutChallenge(answerFacts(answer), challenge);
        return isSuccess(answer)
          ? { kind: 'allow', notify, vouchesForNames: true, vouchesForPurposes: true, facts }
          : denied(answer, facts);
      } catch (error) {
        if (!(error instanceof IntuneUnreachable)) throw error;
        return unreachable(error, onUnreachable, challenge);
      }
    },

    async notify(notification, signal) {
      const answer = await sendNotification(client, notification, signal);
      if (isSuccess(answer)) return answerFacts(answer);
      throw new Refusal(
        'notification_failed',
        `Intune answered the ${notification.kind} notification with ${describe(answer)}`,
        { final: !isHttpStatus(answer.code) },
      );
    },
  };
}

async function sendNotification(
  client: IntuneClient,
  notification: Notification,
  signal: AbortSignal,
): Promise<IntuneAnswer> {
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

const describe = ({ code, description, clientRequestId }: IntuneAnswer): string =>
  `${code}${description && `: ${description}`} (client-request-id ${clientRequestId})`;

const denied = (answer: IntuneAnswer, facts: Facts): Decision => ({
  kind: 'deny',
  code: 'intune_denied',
  detail: `Intune answered ${facts['intuneCode']}. ${explain(answer.code)}`,
  facts,
});

/** The same code as for a refusal by Intune, so that the device sees no difference. */
const impossible = (): Decision => ({
  kind: 'deny',
  code: 'intune_denied',
  detail:
    'the challengePassword is shorter than 64 characters or not printable ASCII, so Intune did not make it and was not asked. If Intune did, set `precheck: off`',
});

/** Meaning and remedy of a code. Letter case does not matter, as in Intune's own clients. */
const explain = (code: string): string => {
  const name = Object.keys(INTUNE_CODES).find((name) => name.toLowerCase() === code.toLowerCase());
  const row = name === undefined ? undefined : INTUNE_CODES[name];
  return row ? `${row.meaning} ${row.remedy}` : 'This code is not documented; give Microsoft the client-request-id.';
};

/** No refusal: with `pending`, the next poll or repetition of the request asks Intune again. */
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
