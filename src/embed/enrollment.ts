/** Joins endpoints, store and log: the services that HTTP serves, and the work in the background. */
import { answerableStore } from '../core/answerable-store.ts';
import { equalBytes } from '../core/bytes.ts';
import { HOUR } from '../core/durations.ts';
import type { Clock, Logger, RandomBytes } from '../core/environment.ts';
import type { EarlierCa } from '../core/earlier-ca.ts';
import type { EndpointIssuer, Revoker } from '../core/issuer.ts';
import { keyWithin } from '../core/key-within.ts';
import { storeWithin } from '../core/store-within.ts';
import type { Policy } from '../core/policy.ts';
import { defined } from '../core/defined.ts';
import { derived } from '../core/derived.ts';
import { ConfigError } from '../core/errors.ts';
import type { Emit, ServerEvent } from '../core/events.ts';
import type { Store } from '../core/store.ts';
import type { Legacy } from '../cms/algorithms.ts';
import type { EndpointSettings, EnrollmentServices, CaWithList, ToldCa } from '../enroll/endpoint.ts';
import { type EndpointLoad, gated, type GatedService } from '../enroll/gate.ts';
import { type ScepAnswer, type ScepService, scepService, type ServicePlan } from '../enroll/service.ts';
import { workQueue } from '../enroll/work-queue.ts';
import type { Waits } from '../enroll/waits.ts';
import { wrongChallenges } from '../enroll/wrong-challenges.ts';
import { startJobs } from '../jobs/scheduler.ts';
import { capabilities } from '../scep/capabilities.ts';
import { type MessageCodec, messageCodec } from '../scep/codec.ts';
import { nextCaCertificates } from '../scep/next-ca.ts';
import type { MessageRules } from '../scep/open-context.ts';
import { type KeyedCertificate, registrationAuthority } from '../scep/registration-authority.ts';
import { backgroundJobs } from './background-jobs.ts';
import { subscribers } from './log-events.ts';
import { overloadWatch } from './overload-watch.ts';
import { assertRa, isElsewhere, type RaKeys } from './ra-keys.ts';
import {
  pause,
  sharedDeadline,
  sinceStart,
  storeDeadline,
  systemClock,
  systemDeadline,
  systemRandom,
} from './system.ts';

/**
 * One SCEP URL: its settings, and what decides, signs and decrypts for it. Certificates are DER. Defaults: the path as
 * name, a retention of 24 hours, renewal at any time, no approval, a page for browsers.
 */
export type EndpointOptions = Pick<EndpointSettings, 'path'> &
  Partial<EndpointSettings> & {
    policy: Policy;
    issuer: EndpointIssuer;
    /** For a CA that keeps its own revocation list: told of every revocation, later if it cannot be reached. */
    revoker?: Revoker;
    /** The RA, or a function that returns it: from its next call on, another object is another RA, without a restart. */
    ra: RaKeys | (() => RaKeys);
    /** For GetCACert: the issuing CA, then the certificates above it, the root last. */
    chain: readonly Uint8Array[];
    /** For GetNextCACert: the next CA, then the certificates above it. */
    next?: readonly Uint8Array[];
    /** Weak algorithms for old devices; none by default. */
    legacy?: readonly Legacy[];
    /** The current CRL, DER, for GetCRL. */
    crl?: () => Promise<Uint8Array>;
    /** Whether what decides about requests or signs does not answer now, so that they wait: the page for browsers says so. */
    waiting?: () => boolean;
    /** CAs before the present one, with their CRLs, for GetCRL. */
    previous?: readonly CaWithList[];
    /** CAs of before: their certificates may renew here, as those of this server do. */
    renewalFrom?: readonly EarlierCa[];
    /** Milliseconds that signingTime may lie in the past and the future; `off` for devices without a clock. */
    signingTime?: { past: number; future: number } | 'off';
    /** Endpoints of one tenant share the part of the server that is kept for it under load; an endpoint without one has its own. */
    tenant?: string;
    /** `absent`: FAILURE and PENDING have no content, for clients on cryptlib; by default it is one octet, 0x00. */
    emptyContent?: 'absent';
    /** `refuse`: messages whose key is transported with RSA PKCS#1 v1.5 are refused, as FIPS 140-3 asks; accepted when absent. */
    pkcs1KeyTransport?: 'refuse';
  };

/** The endpoints and what they share. `clock` and `random` are those of the system when absent. */
export type EnrollmentOptions = {
  endpoints: readonly EndpointOptions[];
  store: Store;
  logger: Logger;
  /** Called with every event after it is logged, at once and before the request goes on. What it throws is logged. */
  onEvent?: (event: ServerEvent) => void;
  clock?: Clock;
  random?: RandomBytes;
  /** Milliseconds between two runs of the jobs that send notifications and revocations; five seconds by default. */
  notificationInterval?: number;
  /** Requests of one endpoint that run at the same time, 512 by default, those that wait for a policy included; one more gets 503. */
  mostRunning?: number;
  /** Milliseconds within which all requests that have come must be answerable, 10 seconds by default; one more gets 503. */
  answerWithin?: number;
  /** How many requests can compute at the same time, 1 by default. */
  parallelism?: number;
  /**
   * CAs whose certificates are in the store, also those that no endpoint has any more: the one that made a certificate is told of its
   * revocation. Of another CA the `revoker` of the endpoint is told.
   */
  toldCas?: readonly ToldCa[];
};

/** `close()` ends the background jobs and waits for what is running. It does not close the store. */
export type RunningEnrollment = { services: GatedService[]; emit: Emit; close(): Promise<void> };

/** Answers a PKIOperation of the endpoint with this name, in another thread, as `ScepService.pkiOperation`. */
export type Operate = (endpoint: string, message: Uint8Array, waits?: Waits) => Promise<ScepAnswer>;

const RETENTION = 24 * HOUR;
const SIGNING_TIME = { past: 24 * HOUR, future: HOUR };
const NOTIFICATION_INTERVAL = 5_000;
const MOST_RUNNING = 512;
const ANSWER_WITHIN = 10_000;

/**
 * Throws ConfigError when the keys of an RA do not match, when a policy cannot work with manual approval, or when two
 * endpoints have one name; TypeError when an RA is missing. `operate` answers the PKIOperations; this thread when absent. Delivers or revokes certificates that an earlier run left undelivered.
 */
export function startEnrollment(options: EnrollmentOptions, operate?: Operate): RunningEnrollment {
  const { store, logger, onEvent, clock = systemClock, random = systemRandom } = options;
  const emit = subscribers(logger, onEvent);
  const services = { ...servicesOf({ store, clock, random, emit }), ...defined({ toldCas: options.toldCas }) };
  const parts = options.endpoints.map((endpoint) => assemble(endpoint, clock, random));
  assertDistinctNames(parts);
  const endpoints = new Map(parts.map(({ endpoint }) => [endpoint.name, endpoint]));
  // A call that hangs would keep its job from ever running again, and `close` from ending.
  const inTimeStore = storeWithin(services.store, storeDeadline);
  const jobs = backgroundJobs(
    endpoints,
    { ...services, store: inTimeStore },
    options.notificationInterval ?? NOTIFICATION_INTERVAL,
  );
  const gate = gateOf(options, { clock, random, emit });
  return {
    services: parts.map((part) => {
      const { name } = part.endpoint;
      const elsewhere = operate && ((message: Uint8Array, waits?: Waits) => operate(name, message, waits));
      return gate(scepService({ ...part, ...defined({ operate: elsewhere }) }, services));
    }),
    emit,
    ...startJobs({ store: inTimeStore, jobs, owner: services.owner, clock, emit }),
  };
}

/** What the services of endpoints need. */
export type ServiceParts = Required<Pick<EnrollmentOptions, 'store' | 'clock' | 'random'>> & { emit: Emit };

/** The services of endpoints alone, for a thread that answers PKIOperations. Throws as `startEnrollment`. */
export function scepServices(endpoints: readonly EndpointOptions[], parts: ServiceParts): ScepService[] {
  const services = servicesOf(parts);
  return endpoints.map((endpoint) => scepService(assemble(endpoint, parts.clock, parts.random), services));
}

const servicesOf = ({ store, clock, random, emit }: ServiceParts): EnrollmentServices => {
  const owner = Buffer.from(random(16)).toString('hex');
  // What is answered to devices is answered with the DER of certificates.
  return { store: answerableStore(store), clock, emit, deadline: systemDeadline, storeDeadline, owner };
};

/** Puts the bounds before a service. All endpoints compute in turns. */
function gateOf(
  { endpoints, mostRunning: most = MOST_RUNNING, answerWithin = ANSWER_WITHIN, parallelism = 1 }: EnrollmentOptions,
  { clock, random, emit }: { clock: Clock; random: RandomBytes; emit: Emit },
): (service: ScepService) => GatedService {
  const sources = endpoints.map(({ path, name = path, tenant }) => ({ name, ...defined({ tenant }) }));
  const limits = { parallelism, answerWithin, deadline: sharedDeadline(answerWithin), now: sinceStart };
  const laneOf = workQueue(sources, limits);
  const chance = (): number => Buffer.from(random(4)).readUInt32BE() / 2 ** 32;
  return (service) => {
    const { name } = service;
    const wrong = wrongChallenges({ endpoint: name, clock, emit });
    const slowed = (): Promise<void> => pause(wrong());
    const count = overloadWatch(emit);
    const load = (): EndpointLoad => gatedService.load();
    const refused = (): void => count(load);
    const gatedService = gated(service, { most, lane: laneOf(name), slowed, chance, now: sinceStart, refused });
    return gatedService;
  };
}

function assemble(options: EndpointOptions, clock: Clock, random: RandomBytes): ServicePlan {
  assertApprovable(options);
  const {
    ra,
    name = options.path,
    next,
    legacy: _legacy,
    signingTime: _signingTime,
    renewal = true,
    retention = RETENTION,
    emptyContent: _emptyContent,
    pkcs1KeyTransport: _pkcs1KeyTransport,
    tenant: _tenant,
    ...rest
  } = options;
  const rules = messageRules(options);
  const now = derived(typeof ra === 'function' ? ra : () => ra, (keys) => {
    assertRa(options.path, keys);
    const { retired = [], signer, kem = [], ...current } = keys;
    const authority = registrationAuthority(
      inTime(current),
      retired.map(inTime),
      signer && inTime(signer),
      kem.map(inTime),
    );
    const certificates = raCertificates(keys, options.chain);
    return {
      authority,
      certificates,
      elsewhere: isElsewhere(keys),
      codec: messageCodec({ ra: authority, rules, clock, random }),
    };
  });
  // At the start, so that keys that do not fit are refused here.
  now();
  const codec: MessageCodec = {
    open: (bytes) => now().codec.open(bytes),
    seal: (header, reply) => now().codec.seal(header, reply),
  };
  return {
    endpoint: { ...rest, name, renewal, retention, codec, keysElsewhere: () => now().elsewhere },
    capabilities: capabilities({ legacy: rules.legacy, renewal, nextCa: next !== undefined }),
    ra: () => now().certificates,
    chain: options.chain,
    ...defined({ nextCa: next && (() => nextCaCertificates(next, now().authority)) }),
  };
}

const inTime = ({ certificate, key }: KeyedCertificate): KeyedCertificate => ({
  certificate,
  key: keyWithin(key, systemDeadline),
});

type RuledBy = 'legacy' | 'renewal' | 'signingTime' | 'emptyContent' | 'pkcs1KeyTransport';

/** What an endpoint accepts, with its defaults. */
export const messageRules = ({
  legacy,
  renewal = true,
  signingTime = SIGNING_TIME,
  emptyContent,
  pkcs1KeyTransport,
}: Pick<EndpointOptions, RuledBy>): MessageRules => ({
  legacy: new Set(legacy),
  renewal,
  signingTime: signingTime === 'off' ? undefined : signingTime,
  ...defined({ emptyContent, pkcs1KeyTransport }),
});

/** Records are found by the name of their endpoint: with one name, two endpoints would share certificates and requests. */
function assertDistinctNames(parts: readonly ServicePlan[]): void {
  const paths = new Map<string, string>();
  for (const { endpoint } of parts) {
    const { name, path } = endpoint;
    const other = paths.get(name);
    if (other !== undefined)
      throw new ConfigError(
        `${path}: the same name as the endpoint ${other}: ${name}`,
        'Give each endpoint its own name.',
      );
    paths.set(name, path);
  }
}

function assertApprovable({ path, policy, approval }: EndpointOptions): void {
  if (approval === 'manual' && policy.notify)
    throw new ConfigError(
      `${path}: manual approval together with the policy ${policy.name}, which wants notifications`,
      'Remove the approval, or use a policy without notifications: it would not be notified of what was approved.',
    );
}

/** The RA certificates in the order of GetCACert: the signing one first, one with an ML-KEM key last. None where the CA is its own RA. */
const raCertificates = ({ signer, certificate, kem: [kem] = [] }: RaKeys, chain: readonly Uint8Array[]): Uint8Array[] =>
  [...(signer ? [signer.certificate] : []), certificate, ...(kem ? [kem.certificate] : [])].filter(
    (der) => !chain.some((ca) => equalBytes(ca, der)),
  );
