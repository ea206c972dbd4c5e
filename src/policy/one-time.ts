/** Accepts a password that the administrator issued for this endpoint: once, and before it expires. */
import { catchDerError } from '../asn1/limits.ts';
import type { Clock } from '../core/environment.ts';
import type { CertificationRequest } from '../core/request.ts';
import type { Decision, Deny, Policy } from '../core/policy.ts';
import type { ChallengeBinding } from '../core/records.ts';
import type { ChallengeStore } from '../core/store.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { generalNameFromText } from '../pkix/general-name.ts';
import { OID } from '../pkix/oids.ts';

/** What the policy needs. */
export type OneTimePolicyOptions = {
  store: Pick<ChallengeStore, 'findChallenge'>;
  clock: Clock;
};

/**
 * The policy. A password is consumed in the store transaction that records the certificate, so of two concurrent
 * requests with one password only one gets a certificate. The lookup is by hash, so its time does not reveal how many
 * characters of a guess are right. 64 random bits that are valid for an hour cannot be guessed.
 */
export function oneTimePolicy({ store, clock }: OneTimePolicyOptions): Policy {
  return {
    name: 'oneTime',
    strongChallenges: true,
    async decide({ endpoint, csr }): Promise<Decision> {
      const { challenge } = csr;
      if (!challenge) return deny('challenge_missing', 'the request has no challengePassword');
      const found = await store.findChallenge(endpoint, challenge);
      if (!found)
        return deny('challenge_wrong', 'the challengePassword was not issued for this endpoint, or expired long ago');
      if (found.used) return deny('challenge_used', 'the one-time password was used by another request');
      if (found.expiresAt <= clock())
        return deny('challenge_expired', `it expired at ${found.expiresAt.toISOString()}`);
      const obstacle = found.binding && obstacleOf(found.binding, csr);
      if (obstacle !== undefined) return deny('policy_denied', obstacle);
      return { kind: 'allow', notify: 'none', consumes: found.id };
    },
  };
}

/**
 * Why a request is not the one that a password is bound to: another subject, letter by letter, or a name that is not among
 * those of the binding. It may have fewer names.
 */
function obstacleOf({ subject, san }: ChallengeBinding, csr: CertificationRequest): string | undefined {
  if (csr.subjectText !== subject) return 'the one-time password is bound to another subject';
  const extension = findExtension(csr.extensions, OID.subjectAltName);
  const allowed = new Set(san.map((name) => hex(generalNameFromText(name))));
  const all = catchDerError(
    () => !extension || readGeneralNames(extension.value).every(({ der }) => allowed.has(hex(der))),
    () => false,
  );
  return all ? undefined : 'the request has a subjectAltName to which the one-time password is not bound';
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

const deny = (code: Deny['code'], detail: string): Deny => ({ kind: 'deny', code, detail });
