/** When a reply may be encrypted with the challenge of its request (RFC 8894 3.1). */
import { Refusal } from '../core/errors.ts';
import { isMlDsa } from '../pkix/ml-dsa.ts';
import type { Opened, ScepRequest } from '../scep/message.ts';
import type { Endpoint } from './endpoint.ts';
import { allowsSelfRenewal } from './identify.ts';
import type { Outcome } from './outcome.ts';

/**
 * The challenge, where the policy has checked it and says that it is strong; undefined otherwise. A certificate that
 * renewed itself was not asked about, so the challenge beside it can be any, also a static one of another endpoint.
 */
export function replyPassword(opened: Opened, outcome: Outcome, endpoint: Endpoint): string | undefined {
  if (!endpoint.policy.strongChallenges || outcome.kind !== 'issued' || opened.kind === 'refused') return undefined;
  const renewedItself = outcome.certificate.renews !== undefined && allowsSelfRenewal(endpoint);
  if (renewedItself || opened.content.type !== 'certification-request') return undefined;
  return opened.content.csr.challenge;
}

/**
 * Throws Refusal `algorithm_refused` for a message that is signed with an ML-DSA key, to which nothing can be encrypted, and has no
 * strong challenge, before anything is issued: CertPoll, GetCert and GetCRL have none.
 */
export function assertAnswerable({ content, replyTo }: ScepRequest, { policy }: Endpoint): void {
  const { type } = replyTo.signerKey.kind;
  const challenge = content.type === 'certification-request' ? content.csr.challenge : undefined;
  if (isMlDsa(type) && !(policy.strongChallenges && challenge !== undefined))
    throw new Refusal(
      'algorithm_refused',
      `the message is signed with a key of type ${type}, to which no reply can be encrypted, and has no challenge that may encrypt it`,
    );
}
