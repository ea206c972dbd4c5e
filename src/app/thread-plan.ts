/** What a thread needs to answer the PKIOperations of the endpoints: plain data, and the names of what it calls. */
import type { KeyObject } from 'node:crypto';
import type { Profile } from '../ca/profile.ts';
import { type ComparingConfig, comparesOnly } from './comparing-policies.ts';
import type { Config } from '../config/schema.ts';
import { defined } from '../core/defined.ts';
import type { Issuer } from '../core/issuer.ts';
import type { KeyKind, KeyProvider } from '../core/keys.ts';
import type { Policy } from '../core/policy.ts';
import type { EndpointOptions } from '../embed/enrollment.ts';
import type { LoadedRa } from './ra-certificate.ts';
import type { ServedEndpoint } from './served-endpoints.ts';

/** A key in memory goes to the thread; every other one stays, and is called by its number. */
export type PlannedKey =
  | { privateKey: KeyObject }
  | { number: number; spki: Uint8Array; kind: KeyKind; decrypts: boolean };

type PlannedPair = { certificate: Uint8Array; key: PlannedKey };

/** An RA with its keys. Certificates are DER. */
export type PlannedRa = PlannedPair & { signer?: PlannedPair; retired: PlannedPair[]; kem: PlannedPair[] };

/** A policy that is called in the main thread. */
export type CalledPolicy = Omit<Policy, 'decide' | 'notify'> & { notifies: boolean };

/** A CA of this server is made in the thread. */
export type LocalIssuer = PlannedPair & { chain: readonly Uint8Array[]; profile: Profile };

/** An issuer elsewhere is called in the main thread, which has its connections. */
export type CalledIssuer = Pick<Issuer, 'capabilities' | 'backend'> & { polls: boolean; finds: boolean };

/** What an endpoint has beside functions. */
type PlainOptions = Omit<
  EndpointOptions,
  'policy' | 'issuer' | 'revoker' | 'ra' | 'crl' | 'waiting' | 'previous' | 'renewalFrom' | 'next'
>;

/** One endpoint. `hasList`: there is a revocation list, which the main thread makes or reads. */
export type PlannedEndpoint = {
  plain: PlainOptions & { name: string };
  /** A policy that only compares is made in the thread from its configuration. */
  policy: { config: ComparingConfig } | CalledPolicy;
  issuer: LocalIssuer | CalledIssuer;
  /** Whether revocations are told to the CA, by the main thread. */
  revokes: boolean;
  ra: PlannedRa;
  hasList: boolean;
  /** Certificates of the CAs before the present one, DER. */
  previous: readonly Uint8Array[];
  /** The CAs of before, and whether each has a list. */
  renewalFrom: readonly { certificate: Uint8Array; hasList: boolean }[];
};

/** `turns`: the memory of the lock around writes, and the number of this thread there. */
export type ThreadPlan = {
  /** Where the configuration was read from. */
  file: string;
  /** The id of the server whose thread it is. */
  server: string;
  store: Config['store'];
  turns: { memory: Int32Array; user: number };
  endpoints: readonly PlannedEndpoint[];
};

/** The keys that threads call, each by its number. */
export type CalledKeys = KeyProvider[];

/** A key for the plan; one that stays is added to `called`. */
export function plannedKey(key: KeyProvider, called: CalledKeys): PlannedKey {
  const { privateKey } = key as { privateKey?: KeyObject };
  if (key.inProcess && privateKey) return { privateKey };
  const { spki, kind } = key;
  const number = called.includes(key) ? called.indexOf(key) : called.push(key) - 1;
  return { number, spki, kind, decrypts: key.decrypt !== undefined };
}

/** An RA for the plan. */
export function plannedRa({ retired, signer, kem = [], ...current }: LoadedRa, called: CalledKeys): PlannedRa {
  const pair = ({ certificate, key }: { certificate: Uint8Array; key: KeyProvider }): PlannedPair => ({
    certificate,
    key: plannedKey(key, called),
  });
  return { ...pair(current), retired: retired.map(pair), kem: kem.map(pair), ...(signer && { signer: pair(signer) }) };
}

function plannedIssuer(
  issuer: EndpointOptions['issuer'],
  local: ServedEndpoint['madeFrom']['issuer'],
  called: CalledKeys,
): PlannedEndpoint['issuer'] {
  if (local) return { ...local, key: plannedKey(local.key, called) };
  const { capabilities, backend, poll } = issuer;
  return { ...defined({ capabilities, backend }), polls: poll !== undefined, finds: 'find' in issuer };
}

/** One endpoint of the plan. */
export function plannedEndpoint(
  { name: endpoint, options, keeper, madeFrom }: ServedEndpoint,
  called: CalledKeys,
): PlannedEndpoint {
  const {
    policy,
    issuer,
    revoker,
    ra: _r,
    crl,
    waiting: _w,
    previous = [],
    renewalFrom = [],
    next: _n,
    ...plain
  } = options;
  const { name, decidesRenewals, strongChallenges } = policy;
  return {
    plain: { ...plain, name: endpoint },
    policy: comparesOnly(madeFrom.policy)
      ? { config: madeFrom.policy }
      : { name, notifies: policy.notify !== undefined, ...defined({ decidesRenewals, strongChallenges }) },
    issuer: plannedIssuer(issuer, madeFrom.issuer, called),
    revokes: revoker !== undefined,
    ra: plannedRa(keeper.current(), called),
    hasList: crl !== undefined,
    previous: previous.map(({ certificate }) => certificate),
    renewalFrom: renewalFrom.map(({ certificate, isRevoked }) => ({ certificate, hasList: isRevoked !== undefined })),
  };
}
