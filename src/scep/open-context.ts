/** What opening a message depends on: the keys that decrypt it, the rules of the endpoint, clock and randomness. */
import type { Legacy } from '../cms/algorithms.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { RegistrationAuthority } from './registration-authority.ts';

/** What an endpoint accepts. */
export type MessageRules = {
  legacy: ReadonlySet<Legacy>;
  /**
   * How far signingTime may lie in the past and in the future, in milliseconds; undefined: not checked. RFC 8894 has no
   * rule for it.
   */
  signingTime: { past: number; future: number } | undefined;
  /** Whether RenewalReq is served and listed in GetCACaps. */
  renewal: boolean;
  /** `absent`: FAILURE and PENDING have no eContent. Otherwise it is one octet, 0x00. */
  emptyContent?: 'absent';
  /** `refuse`: a content key may not be transported with RSA PKCS#1 v1.5. */
  pkcs1KeyTransport?: 'refuse';
};

/** Everything that `open` needs in addition to the octets of a message. */
export type OpenContext = { ra: RegistrationAuthority; rules: MessageRules; clock: Clock; random: RandomBytes };
