/**
 * Who gets a certificate: the rules, in order; the first one that applies decides. Written by hand from RFC 8894 and
 * SECURITY.md. Nothing here comes from the source, because this is what the source is measured with.
 */
import { type Challenge, type ChallengeName, CHALLENGES } from './challenges.table.ts';
import { type Endpoint, type EndpointName, ENDPOINTS } from './endpoints.table.ts';
import { type Signer, type SignerName, SIGNERS } from './signers.table.ts';
import { type Type, TYPES } from './types.table.ts';

/** One request: the names of its parts. */
export type Row = { type: string; challenge: ChallengeName; signer: SignerName; endpoint: EndpointName };

type Facts = { type: Type; challenge: Challenge; signer: Signer; endpoint: Endpoint };
/** `issued`, `pending`, `found`, `HTTP 400` or the code of a refusal. */
type Outcome = string;
type Rule = {
  says: string;
  applies: (facts: Facts) => boolean;
  outcome: Outcome | ((facts: Facts) => Outcome);
};

const renewsByItself = ({ signer, endpoint }: Facts): boolean => signer.is === 'renews' && endpoint.renewsByItself;
const denial = ({ challenge, endpoint }: Facts): string | undefined => endpoint.denies[challenge.countsAs];

export const RULES: readonly Rule[] = [
  {
    says: 'A message that has not exactly one signature is no request.',
    applies: ({ signer }) => signer.is === 'notOne',
    outcome: 'HTTP 400',
  },
  {
    says: 'A message with two message types, or with none in the attribute, is refused.',
    applies: ({ type }) => type.readAs === 'two',
    outcome: 'request_refused',
  },
  {
    says: 'A message that is not signed with the key of the certificate that it names is refused. A certificate is no secret: only its key proves who signs.',
    applies: ({ signer }) => signer.is === 'unsigned',
    outcome: 'signature_invalid',
  },
  {
    says: 'A message type other than 17, 19, 20, 21 and 22 is refused.',
    applies: ({ type }) => type.readAs === 'none',
    outcome: 'message_type_refused',
  },
  {
    says: 'With `renewal: false` type 17 is refused, whatever the signer and the challenge.',
    applies: ({ type, endpoint }) => type.readAs === 'RenewalReq' && endpoint.renewalOff === true,
    outcome: 'message_type_refused',
  },
  {
    says: 'Type 20 asks about an earlier request of the same key. Without one there is no answer, and a new request in it is not read.',
    applies: ({ type }) => type.readAs === 'CertPoll',
    outcome: 'unknown_transaction',
  },
  {
    says: 'Type 21 asks for a certificate of the signer. A certification request in it names none.',
    applies: ({ type }) => type.readAs === 'GetCert',
    outcome: 'unknown_certificate',
  },
  {
    says: 'Type 22 gets the revocation list, which is public, and nothing else.',
    applies: ({ type }) => type.readAs === 'GetCRL',
    outcome: 'found',
  },
  {
    says: 'A certification request whose challengePassword has two readings, or none, is refused, also when one of them is right.',
    applies: ({ challenge }) => challenge.countsAs === 'unreadable',
    outcome: 'request_refused',
  },
  {
    says: 'With `requireSignerKeyMatch` a request that is signed with another key than the requested one is refused, unless it renews.',
    applies: (facts) => facts.endpoint.oneKey === true && facts.signer.key === 'another' && !renewsByItself(facts),
    outcome: 'signer_key_mismatch',
  },
  {
    says: 'A key that was revoked for keyCompromise is never certified again, also with a right challenge.',
    applies: ({ signer }) => signer.compromised === true,
    outcome: 'key_compromised',
  },
  {
    says: 'A live certificate of this server and this endpoint, same subject and no name more, renews without a challenge, and without an approval, under type 17 and 19. Whatever challenge is with it is not looked at.',
    applies: renewsByItself,
    outcome: 'issued',
  },
  {
    says: 'With a right challenge of this endpoint the policy allows the request, whichever certificate signs. With `approval: manual` it waits for an administrator.',
    applies: (facts) => denial(facts) === undefined && facts.endpoint.manual === true,
    outcome: 'pending',
  },
  {
    says: 'With a right challenge of this endpoint the policy allows the request, whichever certificate signs.',
    applies: (facts) => denial(facts) === undefined,
    outcome: 'issued',
  },
  {
    says: 'A certificate of ours that may not renew is no permission: without a challenge it gets nothing, and the refusal says so.',
    applies: (facts) =>
      facts.signer.is === 'mayNotRenew' && facts.endpoint.renewsByItself && denial(facts) === 'challenge_missing',
    outcome: 'renewal_refused',
  },
  {
    says: 'What the policy denies gets nothing, whichever certificate signs: the challenge is missing, wrong, used, expired or made for another subject, or a member of `allOf` denies.',
    applies: () => true,
    outcome: (facts) => denial(facts)!,
  },
];

/** What a request must get, and the number of the rule behind it, counted from 1. */
export function expectedOf({ type, challenge, signer, endpoint }: Row): { outcome: Outcome; rule: number } {
  const facts: Facts = {
    type: TYPES.get(type)!,
    challenge: CHALLENGES[challenge],
    signer: SIGNERS[signer],
    endpoint: ENDPOINTS[endpoint],
  };
  const rule = RULES.findIndex(({ applies }) => applies(facts));
  const { outcome } = RULES[rule]!;
  return { outcome: typeof outcome === 'string' ? outcome : outcome(facts), rule: rule + 1 };
}
