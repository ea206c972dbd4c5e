/** Makes the request of each row, sends it, and says what it got. */
import type { SignedParts } from '../kit/forge.ts';
import { ra } from '../wiring/files.ts';
import { CHALLENGES } from './challenges.table.ts';
import { challengeAttributes, typeAttributes } from './encodings.ts';
import { type EndpointName, ENDPOINTS } from './endpoints.table.ts';
import { certificationRequest, envelopeFor, messageOf } from './messages.ts';
import { LAB } from './policies.ts';
import type { Password } from './prepared-store.ts';
import type { WireStatus } from './reply.ts';
import { ROWS } from './rows.ts';
import type { Row } from './rules.ts';
import { type Signed, signedBy } from './signers.ts';
import { TYPES } from './types.table.ts';
import type { Needs, Own, World } from './world.ts';

/** The name of a row in the log and in the store. */
export const idOf = (n: number): string => `row-${n}`;

const isServed = ({ type }: Row): boolean => ['PKCSReq', 'RenewalReq'].includes(TYPES.get(type)!.readAs);
/** Only such a request may use up a certificate. */
const isRenewal = (row: Row): boolean =>
  isServed(row) && ['live', 'live, same key', 'live, by SKI'].includes(row.signer);

const ONE_TIME: readonly EndpointName[] = ['one-time', 'any-of'];
const INTUNE: readonly EndpointName[] = ['intune', 'all-of-intune'];
/** Only such a request may use up a password. */
const usesPassword = (row: Row): boolean =>
  ONE_TIME.includes(row.endpoint) && isServed(row) && CHALLENGES[row.challenge].countsAs === 'right';

const passwordFor = (row: Row, n: number): string =>
  `Password-${usesPassword(row) ? n : 'of-several'}-at-${row.endpoint}`;
const usedAt = (endpoint: string): string => `Used-password-at-${endpoint}`;

/** What must be there before the rows are sent. */
export const NEEDS: Needs = {
  live: Object.fromEntries(
    Object.keys(ENDPOINTS).map((name) => [name, ROWS.filter((row) => row.endpoint === name && isRenewal(row)).length]),
  ) as Needs['live'],
  passwords: [
    ...ONE_TIME.flatMap((endpoint): Password[] => [
      { endpoint, text: usedAt(endpoint) },
      { endpoint, text: `Expired-password-at-${endpoint}`, expired: true },
      { endpoint, text: `Bound-password-at-${endpoint}`, subject: 'CN=another' },
      { endpoint, text: `Password-of-several-at-${endpoint}` },
    ]),
    ...ROWS.flatMap((row, n) => (usesPassword(row) ? [{ endpoint: row.endpoint, text: passwordFor(row, n) }] : [])),
  ],
};

/** The challenge, as text, in this row. */
function challengeOf(row: Row, n: number, { subject, names }: Signed, { mint }: World): string {
  const { challenge, endpoint } = row;
  const foreign = challenge === 'of another endpoint';
  if (INTUNE.includes(endpoint))
    return mint(challenge === 'of another subject' ? 'CN=another' : subject, {
      ...(names && { names }),
      ...(challenge === 'expired' && { expired: true }),
      ...(foreign && { foreign: true }),
    });
  if (!ONE_TIME.includes(endpoint)) return foreign ? 'the-challenge-of-elsewhere' : LAB;
  const [other] = ONE_TIME.filter((name) => name !== endpoint);
  const special: Readonly<Record<string, string>> = {
    used: usedAt(endpoint),
    expired: `Expired-password-at-${endpoint}`,
    'of another subject': `Bound-password-at-${endpoint}`,
    'of another endpoint': `Password-of-several-at-${other}`,
  };
  return special[challenge] ?? passwordFor(row, n);
}

/** Sends the rows one by one. */
export function sender(world: World): (row: Row, n: number) => Promise<WireStatus> {
  const live = Object.fromEntries(Object.entries(world.live).map(([name, all]) => [name, all.values()])) as Record<
    EndpointName,
    ArrayIterator<Own>
  >;
  return async (row, n) => {
    const { endpoint } = row;
    const own = isRenewal(row) ? live[endpoint].next().value! : world.shared(endpoint, 'live');
    const signed = await signedBy(row.signer, { world, endpoint, id: idOf(n), live: own });
    const attributes = challengeAttributes(row.challenge, challengeOf(row, n, signed, world));
    const content = await certificationRequest({ ...signed, attributes });
    return world.server.send(endpoint, messageFor(row, n, signed, content));
  };
}

function messageFor(
  { type }: Row,
  n: number,
  { signer, different, exchange }: Signed,
  content: Uint8Array,
): Uint8Array {
  const message = { transactionId: idOf(n), type: typeAttributes(type), content, signer, to: ra };
  if (!exchange) return messageOf({ ...message, ...(different && { different }) });
  const parts = exchange === 'content' ? otherContent(content) : otherType(message);
  return messageOf({ ...message, different: parts });
}

/** The messageDigest is that of another envelope. */
const otherContent = (content: Uint8Array): Partial<SignedParts> => ({ digested: envelopeFor({ content, to: ra }) });

/** What is signed says type 18; the messageType of these rows has two digits too. */
function otherType({ type }: { type: readonly Uint8Array[] }): Partial<SignedParts> {
  const [sentType] = type;
  return {
    signedOver(sent) {
      const signed = Buffer.from(sent);
      signed.set(typeAttributes('18')[0]!, signed.indexOf(sentType!));
      return signed;
    },
  };
}

/** Uses up the passwords that are to be used. */
export async function useUp(world: World): Promise<void> {
  for (const endpoint of ONE_TIME) {
    const signed = await signedBy('self-signed', {
      world,
      endpoint,
      id: `first-at-${endpoint}`,
      live: world.shared(endpoint, 'live'),
    });
    const attributes = challengeAttributes('right', usedAt(endpoint));
    const content = await certificationRequest({ ...signed, attributes });
    const { signer } = signed;
    const message = { transactionId: `first-at-${endpoint}`, type: typeAttributes('19'), content, signer, to: ra };
    const { status } = await world.server.send(endpoint, messageOf(message));
    if (status !== 'success') throw new Error(`the password of ${endpoint} could not be used`);
  }
}
