/** Accepts every request that carries the one configured challenge. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Policy } from '../core/policy.ts';
import { ConfigError } from '../core/errors.ts';

/** The policy. Keeps a hash of the challenge only. Throws ConfigError when the configured challenge is empty. */
export function staticPolicy({ challenge }: { challenge: string }): Policy {
  if (challenge === '')
    throw new ConfigError(
      'policy.static: the challenge is empty, so everybody would get a certificate',
      'Give a long random challenge, for example from `openssl rand -hex 24`.',
    );
  const expected = sha256(challenge);
  return {
    name: 'static',
    async decide({ csr }) {
      if (!csr.challenge)
        return { kind: 'deny', code: 'challenge_missing', detail: 'the request has no challengePassword' };
      // Hashes have one length, so the comparison tells nothing of the length of the challenge either.
      return timingSafeEqual(sha256(csr.challenge), expected)
        ? { kind: 'allow', notify: 'none' }
        : { kind: 'deny', code: 'challenge_wrong', detail: 'the challengePassword is not the one of this endpoint' };
    },
  };
}

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');
