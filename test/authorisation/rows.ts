/** Which requests are sent: what is crossed with what. */
import { type ChallengeName, CHALLENGES } from './challenges.table.ts';
import { type EndpointName, ENDPOINTS } from './endpoints.table.ts';
import type { Row } from './rules.ts';
import { type SignerName, SIGNERS } from './signers.table.ts';
import { ODD_TYPES, TYPES } from './types.table.ts';

const ENDPOINT_NAMES = Object.keys(ENDPOINTS) as EndpointName[];
const CHALLENGE_NAMES = Object.keys(CHALLENGES) as ChallengeName[];
const SIGNER_NAMES = Object.keys(SIGNERS) as SignerName[];

/** Challenges that only some policies know. */
const ONLY: Readonly<Partial<Record<ChallengeName, readonly EndpointName[]>>> = {
  used: ['one-time', 'any-of'],
  expired: ['one-time', 'any-of', 'intune', 'all-of-intune'],
  'of another subject': ['one-time', 'intune', 'all-of-intune'],
};

/** A challenge of each kind. */
const ONE_OF_EACH: readonly ChallengeName[] = [
  'right',
  'missing',
  'empty',
  'wrong',
  'of another endpoint',
  'used',
  'expired',
  'of another subject',
  'wrong, right',
];

type Axes = {
  types: readonly string[];
  challenges: readonly ChallengeName[];
  signers: readonly SignerName[];
};

const crossed = ({ types, challenges, signers }: Axes): Row[] =>
  ENDPOINT_NAMES.flatMap((endpoint) =>
    challenges
      .filter((challenge) => ONLY[challenge]?.includes(endpoint) ?? true)
      .flatMap((challenge) =>
        signers.flatMap((signer) => types.map((type) => ({ type, challenge, signer, endpoint }))),
      ),
  );

const typesRead = (names: readonly string[], ...readAs: readonly string[]): string[] =>
  names.filter((name) => readAs.includes(TYPES.get(name)!.readAs));

/** In this order, each once. */
export const ROWS: readonly Row[] = unique([
  // The two types that issue certificates: everything with everything, and what decides under the other type too.
  ...crossed({ types: ['19'], challenges: CHALLENGE_NAMES, signers: SIGNER_NAMES }),
  ...crossed({ types: ['17'], challenges: ONE_OF_EACH, signers: SIGNER_NAMES }),
  // Every form of the type, with what would get a certificate under 19.
  ...crossed({ types: [...TYPES.keys()], challenges: ['right'], signers: ['self-signed'] }),
  ...crossed({ types: [...TYPES.keys()], challenges: ['missing'], signers: ['live'] }),
  // The odd forms, also with what would get none.
  ...crossed({
    types: ODD_TYPES,
    challenges: ['right', 'missing'],
    signers: ['self-signed', 'live', 'revoked'],
  }),
  // The odd forms that are served, with every challenge.
  ...crossed({
    types: typesRead(ODD_TYPES, 'PKCSReq', 'RenewalReq'),
    challenges: CHALLENGE_NAMES,
    signers: ['self-signed, other key'],
  }),
]);

function unique(rows: readonly Row[]): Row[] {
  const words = ({ type, challenge, signer, endpoint }: Row): string =>
    JSON.stringify([type, challenge, signer, endpoint]);
  return [...new Map(rows.map((row) => [words(row), row])).values()];
}
