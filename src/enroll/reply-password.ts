/** When a reply may be encrypted with the challenge of its request (RFC 8894 3.1). */
import type { Opened } from '../scep/message.ts';
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
