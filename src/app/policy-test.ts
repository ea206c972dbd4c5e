/** What the policy of an endpoint would say to a request, without using anything up: Intune is asked on demand, others are not. */
import type { RequestCheck, RequestToTest } from '../actions/endpoint-view.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import { policiesIn } from '../config/policies.ts';
import type { PolicyConfig } from '../config/policy-kinds.ts';
import { REFUSALS } from '../core/errors.ts';
import type { Decision } from '../core/policy.ts';
import type { CertificationRequest } from '../core/request.ts';
import { requestKeyOf } from '../enroll/identify.ts';
import type { IntuneClient } from '../intune/client.ts';
import { intunePolicy } from '../policy/intune.ts';

const WITH_CHALLENGE: ReadonlySet<PolicyConfig['kind']> = new Set(['intune', 'static', 'oneTime']);

/** Whether the request has the challenge that the policy compares. It is not compared here, and never shown. */
export function challengeCheck(policy: PolicyConfig, { challenge }: CertificationRequest): RequestCheck {
  const check = 'challenge';
  if (challenge !== undefined)
    return { check, verdict: 'PASS', text: `there is one, of ${challenge.length} characters (not shown)` };
  const compares = policiesIn(policy).filter(({ policy: { kind } }) => WITH_CHALLENGE.has(kind));
  if (compares.length === 0) return { check, verdict: 'PASS', text: 'there is none, and no policy here compares one' };
  // One of several may allow without it, and so may the certificate that a renewal is signed with.
  const verdict = policy.kind === 'anyOf' ? 'PASS-WITH-WARNINGS' : 'FAIL';
  const { remedy } = REFUSALS.challenge_missing;
  return { check, verdict, text: 'the request has no challengePassword', code: 'challenge_missing', remedy };
}

type Asked = { config: EndpointConfig; csr: CertificationRequest; transactionId: string; wanted: RequestToTest };

/** One for each policy of the endpoint. */
export const askedPolicy = (asked: Asked, clients: ReadonlyMap<string, IntuneClient>): Promise<RequestCheck[]> =>
  Promise.all(
    policiesIn(asked.config.policy).flatMap(({ policy }) =>
      'policies' in policy ? [] : [checkOf(policy, asked, clients)],
    ),
  );

async function checkOf(
  policy: PolicyConfig,
  { config, csr, transactionId, wanted }: Asked,
  clients: ReadonlyMap<string, IntuneClient>,
): Promise<RequestCheck> {
  const check = `policy ${policy.kind}`;
  const client = policy.kind === 'intune' ? clients.get(policy.tenant.name) : undefined;
  if (policy.kind !== 'intune' || !client || !wanted.askIntune) return { check, verdict: 'NOT-RUN', text: 'not asked' };
  const { notify, onUnreachable, precheck } = policy;
  const requestKey = requestKeyOf(config.name, csr.der);
  const request = { endpoint: config.name, transactionId, csr, signerSpki: csr.spki, requestKey };
  return decided(check, await intunePolicy({ client, notify, onUnreachable, precheck }).decide(request, wanted.signal));
}

function decided(check: string, decision: Decision): RequestCheck {
  if (decision.kind === 'allow') return { check, verdict: 'PASS', text: `Intune allows it${idOf(decision)}` };
  if (decision.kind === 'pend') return { check, verdict: 'NOT-RUN', text: `Intune did not answer: ${decision.detail}` };
  const { code, detail } = decision;
  return { check, verdict: 'FAIL', text: `${detail}${idOf(decision)}`, code, remedy: REFUSALS[code].remedy };
}

const idOf = ({ facts }: Pick<Decision, 'facts'>): string =>
  facts?.['clientRequestId'] === undefined ? '' : ` (client-request-id ${facts['clientRequestId']})`;
