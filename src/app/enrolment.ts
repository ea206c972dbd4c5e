/** Endpoints, store and log put together: the services that HTTP serves, and the work that goes on behind them. */
import type { Clock, Issuer, KeyProvider, Logger, Policy, RandomBytes, Revoker } from '../core/contracts.ts';
import type { Store } from '../core/store.ts';
import type { Legacy } from '../cms/algorithms.ts';
import type { Endpoint, Surroundings } from '../enroll/endpoint.ts';
import { sendDueNotices } from '../enroll/notices.ts';
import { type ScepService, scepService } from '../enroll/service.ts';
import { capabilities } from '../scep/capabilities.ts';
import { messageCodec } from '../scep/codec.ts';
import type { MessageRules } from '../scep/open.ts';
import { type KeyedCertificate, registrationAuthority } from '../scep/registration-authority.ts';
import { systemClock, systemDeadline, systemRandom } from './system.ts';

/** One SCEP URL. Certificates are DER. */
export type EndpointOptions = {
  /** The path of the URL, for example `/certsrv/mscep/mscep.dll`. */
  path: string;
  policy: Policy;
  issuer: Issuer;
  revoker?: Revoker;
  /** Opens requests and signs replies. `retired` certificates still open, because clients keep old ones. */
  ra: { certificate: Uint8Array; key: KeyProvider; retired?: readonly KeyedCertificate[] };
  /** For GetCACert: the issuing CA, what is above it, the root last. */
  chain: readonly Uint8Array[];
  /** Weak algorithms for old devices; none by default. */
  legacy?: readonly Legacy[];
  requireSignerKeyMatch?: boolean;
  /** How long an identical request gets the same certificate, in milliseconds; 24 hours by default. */
  retention?: number;
  /** Milliseconds that signingTime may lie in the past and the future; `off` for devices without a clock. */
  signingTime?: { past: number; future: number } | 'off';
};

export type EnrolmentOptions = {
  endpoints: readonly EndpointOptions[];
  store: Store;
  logger: Logger;
  clock?: Clock;
  random?: RandomBytes;
  /** Milliseconds between two looks at the notices that are due. */
  noticeInterval?: number;
};

/** What runs until `close()`, which waits for the work under way. The store stays open: who opened it closes it. */
export type Enrolment = { services: ScepService[]; close(): Promise<void> };

const HOUR = 3_600_000;
const RETENTION = 24 * HOUR;
const SIGNING_TIME = { past: 24 * HOUR, future: HOUR };
const NOTICE_INTERVAL = 5_000;

/** Throws ConfigError when an RA does not fit. Finishes or revokes what an earlier run left unanswered. */
export function startEnrolment(options: EnrolmentOptions): Enrolment {
  const { store, logger, clock = systemClock, random = systemRandom } = options;
  const around: Surroundings = { store, logger, clock, deadline: systemDeadline };
  const parts = options.endpoints.map((endpoint) => assemble(endpoint, clock, random));
  const endpoints = new Map(parts.map(({ endpoint }) => [endpoint.path, endpoint]));
  return {
    services: parts.map((part) => scepService(part, around)),
    close: noticeLoop(endpoints, around, options.noticeInterval ?? NOTICE_INTERVAL),
  };
}

function assemble(options: EndpointOptions, clock: Clock, random: RandomBytes) {
  const { path, policy, issuer, revoker, chain, requireSignerKeyMatch = false, retention = RETENTION } = options;
  const { retired = [], ...current } = options.ra;
  const legacy: ReadonlySet<Legacy> = new Set(options.legacy);
  const { signingTime = SIGNING_TIME } = options;
  const rules: MessageRules = { legacy, signingTime: signingTime === 'off' ? undefined : signingTime };
  const ra = registrationAuthority(current, retired);
  const codec = messageCodec({ ra, rules, clock, random });
  const endpoint: Endpoint = {
    path,
    policy,
    issuer,
    codec,
    requireSignerKeyMatch,
    retention,
    ...(revoker && { revoker }),
  };
  return { endpoint, capabilities: capabilities(legacy), ra: [current.certificate], chain };
}

/** Sends due notices now and then, never twice at once. Returns how to stop it. */
function noticeLoop(
  endpoints: ReadonlyMap<string, Endpoint>,
  around: Surroundings,
  interval: number,
): () => Promise<void> {
  const look = (orphanedAfter?: number): Promise<unknown> =>
    sendDueNotices(endpoints, around, orphanedAfter).catch((err: unknown) =>
      around.logger.error({ err }, 'notices could not be sent; they stay in the store'),
    );
  // At the start no request is running: every strict notice there is was left behind.
  let running = look(0);
  const timer = setInterval(() => {
    running = running.then(() => look());
  }, interval);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
