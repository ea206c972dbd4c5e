/** One SCEP URL as HTTP sees it: an answer for each operation, and the facts for one event. */
import { within } from '../core/ask.ts';
import { HttpError, Refusal } from '../core/errors.ts';
import { defined } from '../core/defined.ts';
import { derived } from '../core/derived.ts';
import { notInForce } from '../core/watched.ts';
import type { LegacyFacts, MessageFacts, OutcomeFacts, RequestOutcome } from '../core/events.ts';
import type { RequestName } from '../core/records.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { requestNames } from '../pkix/certificate-names.ts';
import { watchedCertificate, watchedChain } from '../pkix/watched-certificates.ts';
import { caCertificates, type CaCertificates, caChain } from '../scep/ca-certificates.ts';
import type { Opened, Reply, ScepRequest } from '../scep/message.ts';
import { earlierCertificate } from './earlier-certificate.ts';
import type { Endpoint, EndpointContext, EnrollmentServices } from './endpoint.ts';
import { identify } from './identify.ts';
import { type Landing, landingOf, rootOf } from './landing-facts.ts';
import { legacyCounter } from './legacy-counter.ts';
import { enroll } from './line.ts';
import type { Outcome } from './outcome.ts';
import { answer, type Asked, certificateFor, currentCrl, resumePolledRequest } from './queries.ts';
import { ownCertificate } from './renewal.ts';
import { assertAnswerable, replyPassword } from './reply-password.ts';
import { type Waits, waitingFor } from './waits.ts';

/** The facts of a PKIOperation, with those of the policy beside them: never a challenge, never a key. */
export type AnswerFacts = Partial<MessageFacts> & LegacyFacts & OutcomeFacts & Readonly<Record<string, unknown>>;

/** The answer to a PKIOperation: a CertRep, DER, what the event of the request says about it, and the names in the request. */
export type ScepAnswer = {
  body: Uint8Array;
  outcome: RequestOutcome;
  facts: AnswerFacts;
  names?: readonly RequestName[];
};

/** One SCEP URL. */
export interface ScepService {
  /** The path of its URL. */
  readonly path: string;
  /** The name of its endpoint, for the log. */
  readonly name: string;
  /** The body of GetCACaps. */
  readonly capabilities: string;
  readonly caCertificates: CaCertificates;
  /** For GetCACertChain and GetCAChain. */
  readonly caChain: CaCertificates;
  /** For a browser, as it is now; absent when the endpoint answers browsers with 403. */
  readonly landing?: () => Landing;
  /** Why it cannot serve now: a certificate of its CA or RA has ended or is not valid yet. Undefined when it can. */
  cannotServe: () => string | undefined;
  /** For GetNextCACert; absent without a next CA. Throws what the key of the RA throws. */
  nextCa?: () => Promise<CaCertificates>;
  /**
   * Throws HttpError, and what the store or a key throws when they fail. `waits` is called when the request begins to wait
   * for something that does not compute here, such as a policy, and when it goes on.
   */
  pkiOperation(message: Uint8Array, waits?: Waits): Promise<ScepAnswer>;
}

/** What a service is made of. Certificates are DER. */
export type ServicePlan = {
  endpoint: Endpoint;
  capabilities: string;
  /** The RA certificates now; another array as soon as they are others. */
  ra: () => readonly Uint8Array[];
  /** The issuing CA up to the root. */
  chain: readonly Uint8Array[];
  nextCa?: () => Promise<CaCertificates>;
  /** Answers PKIOperations elsewhere, as in another thread, and throws what `pkiOperation` throws; here when absent. */
  operate?: (message: Uint8Array, waits?: Waits) => Promise<ScepAnswer>;
};

/**
 * What one endpoint keeps between requests: the Names of its RA and of its CAs (DER), and the enrolments that are running.
 */
type ServiceContext = EndpointContext & {
  names: () => readonly Uint8Array[];
  running: Map<string, Promise<Outcome>>;
};

/** The service of one endpoint. Throws DerError when a certificate of the chain cannot be read. */
export function scepService(plan: ServicePlan, services: EnrollmentServices): ScepService {
  const { endpoint, capabilities, ra, chain, nextCa } = plan;
  const current = derived(ra, (certificates) => ({
    caCertificates: caCertificates(certificates, chain),
    caChain: caChain(certificates, chain),
    names: [...certificates, ...chain].map((der) => readCertificate(der).subject),
    watched: [...watchedChain(chain), ...certificates.map((der) => watchedCertificate('RA', der))],
  }));
  const cannotServe = (): string | undefined => notInForce(current().watched, services.clock());
  const context: ServiceContext = { endpoint, services, names: () => current().names, running: new Map() };
  const operate = plan.operate ?? ((message, waits) => answerTo(message, { ...context, ...(waits && { waits }) }));
  const legacyUses = legacyCounter();
  return {
    path: endpoint.path,
    name: endpoint.name,
    capabilities,
    get caCertificates() {
      return current().caCertificates;
    },
    get caChain() {
      return current().caChain;
    },
    cannotServe,
    ...(endpoint.landing !== '403' && { landing: landing(plan, cannotServe) }),
    ...(nextCa && { nextCa }),
    async pkiOperation(message, waits) {
      const { facts, ...answer } = await operate(message, waits);
      return { ...answer, facts: { ...facts, ...legacyUses(facts) } };
    },
  };
}

async function answerTo(message: Uint8Array, context: ServiceContext): Promise<ScepAnswer> {
  const { endpoint, waits } = context;
  const { codec, keysElsewhere } = endpoint;
  const withKeys = <T>(work: () => Promise<T>) => (keysElsewhere?.() ? waitingFor(work, waits) : work());
  const opened = await withKeys(() => codec.open(message));
  const outcome = await outcomeOf(opened, context);
  const body = await withKeys(() => codec.seal(opened.header, replyTo(opened, outcome, endpoint)));
  const facts = { ...messageFacts(opened), ...legacyIn(opened), ...outcomeFacts(outcome) };
  return { body, outcome: outcomeName(outcome), facts, ...namesOf(opened) };
}

function landing({ chain, endpoint }: ServicePlan, cannotServe: () => string | undefined): () => Landing {
  const facts = { ...landingOf(chain), ...defined({ rootFile: rootOf(chain) }) };
  return () => ({ ...facts, outOfForce: cannotServe() !== undefined, waiting: endpoint.waiting?.() ?? false });
}

async function outcomeOf(opened: Opened, context: ServiceContext): Promise<Outcome> {
  if (opened.kind === 'refused') return { kind: 'refused', code: opened.code, detail: opened.detail };
  // Policies, CAs, notifications and keys have deadlines of their own: what is left can only hang in the store.
  const givenUp = context.services.storeDeadline();
  try {
    const asked = await within(() => askedBy(opened, context), givenUp);
    if (asked.kind === 'answer') return asked.outcome;
    const { enrollment } = asked;
    const run = () => within(() => enroll(enrollment), givenUp);
    return await once(context, enrollment.transaction.request, run);
  } catch (cause) {
    if (cause instanceof Refusal) return { kind: 'refused', code: cause.code, detail: cause.message, cause };
    if (cause instanceof HttpError) throw cause;
    const what = givenUp.aborted ? 'the store gave no answer in time' : 'the request could not be finished';
    throw new HttpError('unavailable', what, { cause });
  }
}

/** What a message asks for, by the content of its envelope. Throws Refusal `signer_key_mismatch` and `algorithm_refused`. */
async function askedBy(message: ScepRequest, context: ServiceContext): Promise<Asked> {
  const { content, replyTo } = message;
  const { endpoint, services } = context;
  assertAnswerable(message, endpoint);
  if (content.type === 'get-crl') return answer(await currentCrl(content, context));
  const own = await ownCertificate(replyTo.signerCertificate, services.store);
  if (content.type === 'get-certificate')
    return answer(await certificateFor({ content, replyTo }, own, { services, names: context.names() }));
  const signedBy = own ?? (endpoint.renewalFrom && (await earlierCertificate(replyTo.signerCertificate, context)));
  if (content.type === 'poll') return resumePolledRequest(message, signedBy, context);
  return { kind: 'enroll', enrollment: identify({ message, csr: content.csr, signedBy }, context) };
}

/** Identical requests run once; those that come meanwhile wait for the first and share its outcome. */
function once({ running, waits }: ServiceContext, key: string, run: () => Promise<Outcome>): Promise<Outcome> {
  const before = running.get(key);
  if (before) return waitingFor(() => before, waits);
  const now = run().finally(() => running.delete(key));
  running.set(key, now);
  return now;
}

function replyTo(opened: Opened, outcome: Outcome, endpoint: Endpoint): Reply {
  if (outcome.kind === 'refused')
    return { status: 'failure', code: outcome.code, ...(outcome.text !== undefined && { text: outcome.text }) };
  if (outcome.kind === 'pending' || opened.kind === 'refused') return { status: 'pending' };
  const { certificates, crls } =
    outcome.kind === 'found' ? outcome : { certificates: [outcome.certificate.der], crls: [] };
  const password = replyPassword(opened, outcome, endpoint);
  return {
    status: 'success',
    replyTo: opened.replyTo,
    certificates,
    crls,
    ...(password !== undefined && { password }),
  };
}

const outcomeName = (outcome: Outcome): RequestOutcome =>
  outcome.kind === 'issued' && outcome.repeat ? 'repeated' : outcome.kind;

/** The weak algorithms of a message that could be opened, whatever is then decided about it. */
const legacyIn = (opened: Opened): LegacyFacts =>
  opened.kind === 'refused' || opened.legacy.length === 0 ? {} : { legacy: opened.legacy };

const messageFacts = (opened: Opened): MessageFacts => ({
  messageType: opened.header.messageType,
  transactionId: opened.header.transactionId,
  ...(opened.kind === 'request' && subjectOf(opened)),
});

/** A request whose names cannot be read is refused. */
const namesOf = (opened: Opened): { names?: readonly RequestName[] } =>
  opened.kind === 'request' && opened.content.type === 'certification-request'
    ? { names: requestNames(opened.content.csr) }
    : {};

/** Characters of a subject in a log line. */
const LONGEST_SUBJECT = 512;

const subjectOf = ({ content }: ScepRequest): { subject?: string } =>
  content.type === 'certification-request' ? { subject: content.csr.subjectText.slice(0, LONGEST_SUBJECT) } : {};

function outcomeFacts(outcome: Outcome): OutcomeFacts {
  if (outcome.kind === 'pending') return { reason: outcome.reason, ...outcome.facts };
  if (outcome.kind === 'refused')
    return { code: outcome.code, detail: outcome.detail, ...outcome.facts, ...causeOf(outcome) };
  if (outcome.kind === 'found') return { ...outcome.facts };
  const { serial, thumbprint } = outcome.certificate;
  return { serial, thumbprint, ...outcome.made, ...outcome.facts };
}

const causeOf = ({ cause }: { cause?: unknown }): { err?: unknown } => (cause === undefined ? {} : { err: cause });
