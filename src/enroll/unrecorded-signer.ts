/** Signer certificates that the CA of an endpoint made and that the store does not have. */
import type { Decision } from '../core/policy.ts';
import { isMadeBy } from './certificate-record.ts';
import type { Enrollment } from './identify.ts';

/**
 * The decision. Where only the challenge was missing, its detail names such a signer: an older store was put back, or
 * another program issued with the key of the CA.
 */
export function namingUnrecorded(decision: Decision, { signerCertificate, endpoint }: Enrollment): Decision {
  if (decision.kind !== 'deny' || decision.code !== 'challenge_missing') return decision;
  const [ca] = endpoint.chain;
  if (!ca || !isMadeBy(signerCertificate, ca)) return decision;
  const detail =
    `${decision.detail}, and the certificate that signed is signed by this CA, but not in the store: ` +
    '`openndes certs import` takes it over, and then it renews';
  return { ...decision, detail };
}
