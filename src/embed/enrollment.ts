/** Endpoints, store and log put together: the services that HTTP serves, and the work that goes on behind them. */
import type { Clock, Logger, RandomBytes } from '../core/environment.ts';
import type { Issuer, Revoker } from '../core/issuer.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { Policy } from '../core/policy.ts';
import { ConfigError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import type { Legacy } from '../cms/algorithms.ts';
import type { Endpoint, EnrollmentServices } from '../enroll/endpoint.ts';
import { ORPHANED_AFTER, sendDueNotifications } from '../enroll/notifications.ts';
import { UNREACHABLE_PATIENCE } from '../enroll/line.ts';
import { type ScepService, scepService, type ServicePlan } from '../enroll/service.ts';
import { capabilities } from '../scep/capabilities.ts';
import { messageCodec } from '../scep/codec.ts';
import { nextCaCertificates } from '../scep/next-ca.ts';
import type { MessageRules } from '../scep/open-context.ts';
import { type KeyedCertificate, registrationAuthority } from '../scep/registration-authority.ts';
import { systemClock, systemDeadline, systemRandom } from './system.ts';

/** One SCEP URL. Certificates are DER. */
export type EndpointOptions = {
  /** The path of the URL, for example `/certsrv/mscep/mscep.dll`. */
  path: string;
  /**
   * What the store, notifications and the log call the endpoint; the path as written when absent. Keep it when the path
   * changes, so that renewals and polls still find their rows.
   */
  name?: string;
  policy: Policy;
  issuer: Issuer;
  revoker?: Revoker;
  /**
   * Opens requests and signs replies; with a `signer` it only opens, and that one signs. `retired` certificates still
   * open, because clients keep old ones.
   */
  ra: { certificate: Uint8Array; key: KeyProvider; signer?: KeyedCertificate; retired?: readonly KeyedCertificate[] };
  /** For GetCACert: the issuing CA, what is above it, the root last. */
  chain: readonly Uint8Array[];
  /** For GetNextCACert: the CA that comes next, and what is above it. */
  next?: readonly Uint8Array[];
  /** Weak algorithms for old devices; none by default. */
  legacy?: readonly Legacy[];
  requireSignerKeyMatch?: boolean;
  /** How long an identical request gets the same certificate, in milliseconds; 24 hours by default. */
  retention?: number;
  /** Whether RenewalReq is served and said in GetCACaps; it is by default. */
  renewal?: boolean;
  /** How long before its end a certificate may be renewed, in milliseconds; at any time by default. */
  renewBefore?: number;
  /** `manual`: what the policy allows waits for `certs approve`. */
  approval?: 'manual';
  /** What a browser gets: a page that says what this is, or 403; the page when absent. */
  landing?: 'page' | '403';
  /** The current CRL, DER, for GetCRL. */
  crl?: () => Promise<Uint8Array>;
  /** Milliseconds that signingTime may lie in the past and the future; `off` for devices without a clock. */
  signingTime?: { past: number; future: number } | 'off';
};

/** The endpoints and what they share. Without `clock` and `random` those of the system are taken. */
export type EnrollmentOptions = {
  endpoints: readonly EndpointOptions[];
  store: Store;
  logger: Logger;
  clock?: Clock;
  random?: RandomBytes;
  /** Milliseconds between two looks at the notifications that are due. */
  notificationInterval?: number;
};

/** What runs until `close()`, which waits for the work under way. The store stays open: who opened it closes it. */
export type Enrollment = { services: ScepService[]; close(): Promise<void> };

const HOUR = 3_600_000;
const RETENTION = 24 * HOUR;
const SIGNING_TIME = { past: 24 * HOUR, future: HOUR };
const NOTICE_INTERVAL = 5_000;
/** A request that nobody decided, or nobody came for, in so long is nobody's. */
const LONGEST_WAIT = 30 * 24 * HOUR;

/** Throws ConfigError when an RA does not fit, or a policy the approval. Finishes or revokes what an earlier run left unanswered. */
export function startEnrollment(options: EnrollmentOptions): Enrollment {
  const { store, logger, clock = systemClock, random = systemRandom } = options;
  const around: EnrollmentServices = { store, logger, clock, deadline: systemDeadline };
  const parts = options.endpoints.map((endpoint) => assemble(endpoint, clock, random));
  const endpoints = new Map(parts.map(({ endpoint }) => [endpoint.name, endpoint]));
  return {
    services: parts.map((part) => scepService(part, around)),
    close: notificationLoop(endpoints, around, options.notificationInterval ?? NOTICE_INTERVAL),
  };
}

function assemble(options: EndpointOptions, clock: Clock, random: RandomBytes): ServicePlan {
  assertApprovable(options);
  const {
    ra,
    name = options.path,
    next,
    legacy: named,
    signingTime = SIGNING_TIME,
    renewal = true,
    retention = RETENTION,
    ...rest
  } = options;
  const { retired = [], signer, ...current } = ra;
  const authority = registrationAuthority(current, retired, signer);
  const legacy: ReadonlySet<Legacy> = new Set(named);
  const rules: MessageRules = { legacy, renewal, signingTime: signingTime === 'off' ? undefined : signingTime };
  const codec = messageCodec({ ra: authority, rules, clock, random });
  return {
    endpoint: { ...rest, name, renewal, retention, codec },
    capabilities: capabilities({ legacy, renewal, nextCa: next !== undefined }),
    ra: raCertificates(options),
    chain: options.chain,
    ...(next && { nextCa: () => nextCaCertificates(next, authority) }),
  };
}

function assertApprovable({ path, policy, approval }: EndpointOptions): void {
  if (approval === 'manual' && policy.notify)
    throw new ConfigError(
      `${path}: manual approval together with the policy ${policy.name}, which wants to hear of certificates`,
      'Leave the decision to the policy, or take one that needs no notification: it would never hear what was approved.',
    );
}

/** As GetCACert wants them: the signing one first; none where the CA speaks for itself. */
const raCertificates = ({ ra: { signer, certificate }, chain }: EndpointOptions): Uint8Array[] =>
  [...(signer ? [signer.certificate] : []), certificate].filter(
    (der) => !chain.some((ca) => Buffer.compare(ca, der) === 0),
  );

/** Looks after what waits in the store, now and then and never twice at once. Returns how to stop it. */
function notificationLoop(
  endpoints: ReadonlyMap<string, Endpoint>,
  around: EnrollmentServices,
  interval: number,
): () => Promise<void> {
  // At the start no request is running: every strict notification there is was left behind.
  let running: Promise<void> | undefined;
  const look = (orphanedAfter = ORPHANED_AFTER): void => {
    running ??= lookAfter(endpoints, around, orphanedAfter).finally(() => (running = undefined));
  };
  look(0);
  const timer = setInterval(() => look(), interval);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

async function lookAfter(
  endpoints: ReadonlyMap<string, Endpoint>,
  around: EnrollmentServices,
  orphanedAfter: number,
): Promise<void> {
  try {
    const now = around.clock().getTime();
    const orphanedBefore = new Date(now - orphanedAfter);
    while ((await sendDueNotifications(endpoints, around, orphanedBefore)) > 0);
    await around.store.forgetRequests(new Date(now - UNREACHABLE_PATIENCE), new Date(now - LONGEST_WAIT));
  } catch (err) {
    around.logger.error({ err }, 'what waits in the store could not be looked after; nothing of it is lost');
  }
}
