/** Accepts every request that has the one configured challenge. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Policy } from '../core/policy.ts';
import { ConfigError } from '../core/errors.ts';

/** The policy. It keeps only a hash of the challenge. Throws ConfigError when the configured challenge is empty. */
export function staticPolicy({ challenge }: { challenge: string }): Policy {
  if (challenge === '')
    throw new ConfigError(
      'policy.static: the challenge is empty, so every request would get a certificate',
      'Give a long random challenge, for example from `openssl rand -hex 24`.',
    );
  const expected = sha256(challenge);
  return {
    name: 'static',
    async decide({ csr }) {
      if (!csr.challenge)
        return { kind: 'deny', code: 'challenge_missing', detail: 'the request has no challengePassword' };
      // Compared in constant time. Hashes have one length, so the length of the challenge is not revealed either.
      return timingSafeEqual(sha256(csr.challenge), expected)
        ? { kind: 'allow', notify: 'none' }
        : { kind: 'deny', code: 'challenge_wrong', detail: 'the challengePassword is not the one of this endpoint' };
    },
  };
}

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');
