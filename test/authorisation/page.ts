/** docs/authorisation.md: the rules, the parts of the requests, and what the requests got. */
import { type ChallengeName, CHALLENGES } from './challenges.table.ts';
import { type EndpointName, ENDPOINTS } from './endpoints.table.ts';
import { ROWS } from './rows.ts';
import { expectedOf, type Row, RULES } from './rules.ts';
import { type SignerName, SIGNERS } from './signers.table.ts';
import { TYPES } from './types.table.ts';

/** The page. `outcomes`: what each row got, in their order. The same outcomes give the same octets. */
export const pageOf = (outcomes: readonly string[]): string =>
  [head(), rules(outcomes), summary(outcomes), types(outcomes), challenges(), signers(), endpoints()].join('\n');

const count = (number: number): string => number.toLocaleString('en');

const head = (): string => `# Who gets a certificate

The rules of authorisation, and the proof that the server follows them. \`npm run authorisation\` starts a server and sends it
${count(ROWS.length)} requests, each with a certification request of its own: forms of the messageType, challenges, signers and
endpoints, crossed. It compares each answer, the code in the log and the certificates in the store with the rules below, which
are written by hand in \`test/authorisation/\` and take nothing from the source. It fails when one request gets something else, and
when this page does not say what ran. After a change of the rules, \`npm run authorisation:page\` writes the page.
`;

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(' | ')} |\n`)
    .join('');

/** Code stays code; what Markdown would take for markup elsewhere is escaped. */
const cell = (text: string): string =>
  text
    .split('`')
    .map((part, i) => (i % 2 === 1 ? `\`${part}\`` : part.replace(/[|<>&*_\\]/g, (one) => `&#${one.charCodeAt(0)};`)))
    .join('');

const code = (outcome: string): string => (/_/.test(outcome) ? `refused: \`${outcome}\`` : outcome);
const listed = (all: Iterable<string>): string => [...new Set(all)].toSorted().map(code).join(', ');

function rules(outcomes: readonly string[]): string {
  const behind = ROWS.map((row) => expectedOf(row).rule);
  const rows = RULES.map(({ says }, i) => {
    const got = outcomes.filter((_, n) => behind[n] === i + 1);
    return [String(i + 1), says, listed(got), count(got.length)];
  });
  return `## The rules

In this order; the first one that applies decides. The codes are those of [errors.md](errors.md).

${table(['', 'Rule', 'What the requests got', 'Requests'], rows)}`;
}

/** The least that a signer needs for a certificate, of the requests of type 19. */
function needed(signer: SignerName, endpoint: EndpointName, outcomes: readonly string[]): string {
  const got = (challenge: ChallengeName): string => outcomes[find({ type: '19', challenge, signer, endpoint })]!;
  const allowed = (Object.keys(CHALLENGES) as ChallengeName[]).filter((challenge) => {
    const n = find({ type: '19', challenge, signer, endpoint });
    return n >= 0 && ['issued', 'pending'].includes(outcomes[n]!);
  });
  if (allowed.length === 0) return 'never';
  if (allowed.every((challenge) => CHALLENGES[challenge].countsAs === 'right'))
    return got('right') === 'pending' ? 'challenge and approval' : 'challenge';
  return allowed.includes('missing') && allowed.includes('wrong') ? 'nothing more' : 'SOMETHING ELSE';
}

const places = new Map(ROWS.map((row, n) => [key(row), n]));
function key({ type, challenge, signer, endpoint }: Row): string {
  return JSON.stringify([type, challenge, signer, endpoint]);
}
const find = (row: Row): number => places.get(key(row)) ?? -1;

function summary(outcomes: readonly string[]): string {
  const names = Object.keys(ENDPOINTS) as EndpointName[];
  const rows = (Object.keys(SIGNERS) as SignerName[]).map((signer) => [
    SIGNERS[signer].form,
    ...names.map((endpoint) => needed(signer, endpoint, outcomes)),
  ]);
  return `## What a signer needs for a certificate

Under messageType 19. \`challenge\`: a right challenge of this endpoint. \`nothing more\`: no challenge, or any. \`never\`: no
challenge that was sent gets a certificate.

${table(['Signer', ...names], rows)}`;
}

/** Forms with one reading are one line. */
function types(outcomes: readonly string[]): string {
  const numbers = [...TYPES.keys()].filter((name) => /^(0|[1-9]\d*)$/.test(name) && Number(name) < 256);
  const refused = numbers.filter((name) => TYPES.get(name)!.readAs === 'none');
  const rows = [...TYPES]
    .filter(([name]) => !refused.includes(name))
    .map(([name, { form, readAs }]) => [form, WORDS[readAs], gotWith((row) => row.type === name, outcomes)]);
  const others = gotWith((row) => refused.includes(row.type), outcomes);
  rows.push([`PrintableString "0" to "255" but for these (${refused.length} numbers)`, WORDS.none, others]);
  return `## The message types

What the requests with each form got at the endpoint \`static\`, self-signed and with the right challenge.

${table(['messageType', 'Read as', 'Outcome'], rows)}`;
}

const WORDS = {
  PKCSReq: 'PKCSReq',
  RenewalReq: 'RenewalReq',
  CertPoll: 'CertPoll',
  GetCert: 'GetCert',
  GetCRL: 'GetCRL',
  none: 'no type',
  two: 'not exactly one type',
} as const;

const gotWith = (selects: (row: Row) => boolean, outcomes: readonly string[]): string =>
  listed(
    outcomes.filter((_, n) => {
      const { challenge, signer, endpoint } = ROWS[n]!;
      return challenge === 'right' && signer === 'self-signed' && endpoint === 'static' && selects(ROWS[n]!);
    }),
  );

const MEANINGS = {
  right: 'right',
  missing: 'missing',
  wrong: 'wrong',
  used: 'used, at the endpoints with one-time passwords',
  expired: 'expired, where challenges expire',
  otherSubject: 'wrong, where challenges are made for a subject',
  unreadable: 'malformed',
} as const;

const challenges = (): string =>
  `## The challenges

${table(
  ['challengePassword', 'Counts as'],
  Object.values(CHALLENGES).map(({ form, countsAs }) => [form, MEANINGS[countsAs]]),
)}`;

const STANDINGS = {
  unknown: 'an unknown signer',
  renews: 'a certificate that renews',
  mayNotRenew: 'a certificate of ours that may not renew',
  unsigned: 'not signed by the certificate',
  notOne: 'not exactly one signature',
} as const;

const signers = (): string =>
  `## The signers

"Ours" is issued by this server at this endpoint. A live certificate is neither expired nor revoked, and was delivered.

${table(
  ['Signer', 'Counts as', 'The key that signs'],
  Object.values(SIGNERS).map(({ form, is, key: signing, compromised }) => [
    form,
    STANDINGS[is],
    `${signing === 'requested' ? 'the requested one' : 'another'}${compromised ? '; the requested one is compromised' : ''}`,
  ]),
)}`;

const endpoints = (): string =>
  `## The endpoints

Every key that is not named has its default. Intune is the simulated tenant.

${table(
  ['Endpoint', 'Settings', 'A live certificate renews without a challenge'],
  Object.entries(ENDPOINTS).map(([name, { settings, renewsByItself }]) => [
    name,
    `\`${settings}\``,
    renewsByItself ? 'yes' : 'no',
  ]),
)}`;
