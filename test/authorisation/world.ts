/**
 * What there is before the requests come: certificates of every endpoint in every state, and challenges. A first server, whose
 * endpoints have the same names and one static challenge, issues the certificates; then the store is prepared; then
 * the server starts that is asked.
 */
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import type { Keyed } from '../kit/pki.ts';
import { atEnd, clock, file, issuingSection, ra, random, secondRa, secondSection } from '../wiring/files.ts';
import { configured } from '../wiring/server.ts';
import { type EndpointName, ENDPOINTS } from './endpoints.table.ts';
import { challengeAttributes, typeAttributes } from './encodings.ts';
import { inTurns } from './in-turns.ts';
import { certificationRequest, made, messageOf, newKey } from './messages.ts';
import { LAB, settings } from './policies.ts';
import { serverOn, type Server } from './server.ts';
import { type Password, prepare, rows, STORE } from './prepared-store.ts';

/** A certificate of this server with its key and its subject. */
export type Own = Keyed & { subject: string };

/** The certificates that several requests use. */
export const SHARED = ['live', 'renewed twice', 'expired', 'revoked', 'never delivered', 'compromised'] as const;
export type Shared = (typeof SHARED)[number];

export const ELSEWHERE = 'elsewhere';
export const OTHER_CA = 'other-ca';

/** What the requests need: so many live certificates for each endpoint, and these passwords. */
export type Needs = { live: Readonly<Record<EndpointName, number>>; passwords: readonly Password[] };

export type World = {
  server: Server;
  /** transactionIDs of all that has a certificate, in the order of issue. */
  certified: () => string[];
  /** Certificates that one request each may use up. */
  live: Readonly<Record<EndpointName, Own[]>>;
  shared: (endpoint: EndpointName, which: Shared) => Own;
  /** Live, of an endpoint that no request is sent to. */
  elsewhere: Own;
  /** Of another CA of this server. */
  otherCa: Own;
  mint: (subject: string, options?: { names?: readonly string[]; expired?: true; foreign?: true }) => string;
};

type Order = { endpoint: string; id: string };

const NAMES = Object.keys(ENDPOINTS) as EndpointName[];
const liveId = (endpoint: string, n: number): string => `live-${n}-${endpoint}`;
const sharedId = (endpoint: string, which: Shared): string => `${which.replaceAll(' ', '-')}-${endpoint}`;
const allLive = ({ live }: Needs): Order[] =>
  NAMES.flatMap((endpoint) =>
    Array.from({ length: live[endpoint] }, (_, n) => ({ endpoint, id: liveId(endpoint, n) })),
  );

/** Starts everything. */
export async function worldFor(needs: Needs): Promise<World> {
  const keys = await issueBefore(needs);
  await prepare(needs.passwords);
  const [tenant, foreign] = await Promise.all([startSimulator({ clock, random }), startSimulator({ clock, random })]);
  atEnd(async () => void (await Promise.all([tenant.close(), foreign.close()])));
  const section = { ...tenant.tenant, trustCa: file('authorisation-tenant.pem', tenant.caPem) };
  const server = await serverOn(configuration({ tenants: { contoso: section } }, await settings()));
  const own = owns(keys);
  return {
    server,
    certified: () => rows('select transaction_id from certificates order by id').map((row) => String(row[0])),
    live: Object.fromEntries(
      NAMES.map((endpoint) => [
        endpoint,
        Array.from({ length: needs.live[endpoint] }, (_, n) => own(liveId(endpoint, n))),
      ]),
    ) as World['live'],
    shared: (endpoint, which) => own(sharedId(endpoint, which)),
    elsewhere: own(ELSEWHERE),
    otherCa: own(OTHER_CA),
    mint: (subject, { names, expired, foreign: other } = {}) =>
      (other ? foreign : tenant).mint({
        subject,
        ...(names && { san: names }),
        ...(expired && { validitySeconds: -3600 }),
      }),
  };
}

/** All endpoints, each with this policy and its own; and the two that are only for certificates of other places. */
const configuration = (sections: object, policies: (name: string) => object): string =>
  configured({
    ...sections,
    store: `sqlite:${STORE}`,
    authorities: { issuing: issuingSection, second: secondSection },
    endpoints: [
      ...NAMES.map((name) => ({ path: `/${name}`, authority: 'issuing', ...policies(name) })),
      { path: `/${ELSEWHERE}`, authority: 'issuing', policy: { static: 'the-challenge-of-elsewhere' } },
      { path: `/${OTHER_CA}`, authority: 'second', policy: { static: LAB } },
    ],
  });

/** Each with a key of its own. */
async function issueBefore(needs: Needs): Promise<ReadonlyMap<string, Own['key']>> {
  const server = await serverOn(configuration({}, () => ({ policy: { static: LAB } })));
  const keys = new Map<string, Own['key']>();
  const orders: Order[] = [
    ...allLive(needs),
    ...NAMES.flatMap((endpoint) => SHARED.map((which) => ({ endpoint, id: sharedId(endpoint, which) }))),
    { endpoint: ELSEWHERE, id: ELSEWHERE },
    { endpoint: OTHER_CA, id: OTHER_CA },
  ];
  const enroll = async ({ endpoint, id }: Order, signer?: Keyed): Promise<void> => {
    const key = newKey();
    if (!signer) keys.set(id, key);
    const challenge = endpoint === ELSEWHERE ? 'the-challenge-of-elsewhere' : LAB;
    const subject = `CN=${id}`;
    const message = messageOf({
      transactionId: signer ? `again-${id}-${Math.random()}` : id,
      type: typeAttributes('19'),
      content: await certificationRequest({ subject, key, attributes: challengeAttributes('right', challenge) }),
      signer: signer ?? (await made({ key, subject: nameFromText(subject) })),
      to: endpoint === OTHER_CA ? secondRa : ra,
    });
    const { status } = await server.send(endpoint, message);
    if (status !== 'success') throw new Error(`${id} got no certificate: ${status}`);
  };
  await inTurns(orders, (order) => enroll(order));
  const own = owns(keys);
  for (const endpoint of NAMES) {
    const id = sharedId(endpoint, 'renewed twice');
    for (let times = 0; times < 2; times++) await enroll({ endpoint, id }, own(id));
  }
  await server.close();
  return keys;
}

/** Finds the certificates in the store. */
function owns(keys: ReadonlyMap<string, Own['key']>): (id: string) => Own {
  const found = new Map(
    rows('select transaction_id, der from certificates').map(([id, der]) => [String(id), der as Uint8Array]),
  );
  return (id) => ({ key: keys.get(id)!, subject: `CN=${id}`, certificate: found.get(id)! });
}
