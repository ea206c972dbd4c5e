/** One SCEP URL as HTTP sees it: a few questions, each with its bytes, and the facts for one log line. */
import { HttpError, Refusal } from '../core/errors.ts';
import { caCertificates, type CaCertificates, caChain } from '../scep/ca-certificates.ts';
import type { Opened, Reply, ScepRequest } from '../scep/message.ts';
import type { Endpoint, EnrollmentServices } from './endpoint.ts';
import { type Landing, landingOf } from './landing-facts.ts';
import { legacyUses } from './legacy-uses.ts';
import { enroll } from './line.ts';
import type { Outcome } from './outcome.ts';
import { certificateFor, currentCrl, polled } from './queries.ts';
import { recognise, type Recognised } from './identify.ts';
import { ownCertificate } from './renewal.ts';

/** The answer to a PKIOperation, and what one log line says of it: never a challenge, never a key. */
export type ScepAnswer = {
  body: Uint8Array;
  outcome: 'issued' | 'repeated' | 'refused' | 'pending' | 'found';
  facts: Record<string, unknown>;
};

export interface ScepService {
  /** The path of its URL. */
  readonly path: string;
  /** The name of its endpoint, for the log. */
  readonly name: string;
  readonly capabilities: string;
  readonly caCertificates: CaCertificates;
  /** For GetCACertChain and GetCAChain. */
  readonly caChain: CaCertificates;
  /** For a browser, unless the endpoint turns browsers away. */
  readonly landing?: Landing;
  /** For GetNextCACert, where a next CA is known. Throws what the key of the RA throws. */
  nextCa?: () => Promise<CaCertificates>;
  /** Throws HttpError, and whatever the store or a key throws when they fail. */
  pkiOperation(message: Uint8Array): Promise<ScepAnswer>;
}

export type ServicePlan = {
  endpoint: Endpoint;
  capabilities: string;
  /** RA certificates, then the issuing CA up to the root; DER. */
  ra: readonly Uint8Array[];
  chain: readonly Uint8Array[];
  nextCa?: () => Promise<CaCertificates>;
};

export function scepService(plan: ServicePlan, around: EnrollmentServices): ScepService {
  const { endpoint, capabilities, ra, chain, nextCa } = plan;
  const running = new Map<string, Promise<Outcome>>();
  const legacyFacts = legacyUses();
  return {
    path: endpoint.path,
    name: endpoint.name,
    capabilities,
    caCertificates: caCertificates(ra, chain),
    caChain: caChain(ra, chain),
    ...(endpoint.landing !== '403' && { landing: landingOf(chain) }),
    ...(nextCa && { nextCa }),
    async pkiOperation(message) {
      const opened = await endpoint.codec.open(message);
      const outcome = await outcomeOf(opened, endpoint, around, running);
      const body = await endpoint.codec.seal(opened.header, replyTo(opened, outcome));
      const facts = { ...requestFacts(opened), ...legacyFacts(opened), ...outcomeFacts(outcome) };
      return { body, outcome: outcomeName(outcome), facts };
    },
  };
}

async function outcomeOf(
  opened: Opened,
  endpoint: Endpoint,
  around: EnrollmentServices,
  running: Map<string, Promise<Outcome>>,
): Promise<Outcome> {
  if (opened.kind === 'refused') return opened;
  try {
    const asked = await requestOf(opened, endpoint, around);
    if ('kind' in asked) return asked;
    return await once(running, asked.transaction.key, () => enroll(asked, endpoint, around));
  } catch (cause) {
    if (cause instanceof Refusal) return { kind: 'refused', code: cause.code, detail: cause.message, cause };
    throw new HttpError('unavailable', 'the request could not be finished', { cause });
  }
}

/** The request for a certificate that a message makes or asks about, or the answer where it makes none. */
async function requestOf(
  scep: ScepRequest,
  endpoint: Endpoint,
  around: EnrollmentServices,
): Promise<Recognised | Outcome> {
  const { content } = scep;
  if (content.type === 'get-crl') return currentCrl(endpoint);
  const signedBy = await ownCertificate(scep.replyTo.signerCertificate, endpoint, around.store);
  if (content.type === 'poll') return polled(scep, signedBy, endpoint, around);
  if (content.type === 'get-certificate') return certificateFor({ ...scep, content }, signedBy, around);
  return recognise(scep, content.csr, signedBy, endpoint);
}

/** Requests that are the same run once; the later ones wait for the first and share its outcome. */
function once(running: Map<string, Promise<Outcome>>, key: string, run: () => Promise<Outcome>): Promise<Outcome> {
  const before = running.get(key);
  if (before) return before;
  const now = run().finally(() => running.delete(key));
  running.set(key, now);
  return now;
}

function replyTo(opened: Opened, outcome: Outcome): Reply {
  if (outcome.kind === 'refused') return { status: 'failure', code: outcome.code };
  if (outcome.kind === 'pending' || opened.kind === 'refused') return { status: 'pending' };
  const { certificates, crls } =
    outcome.kind === 'found' ? outcome : { certificates: [outcome.certificate.der], crls: [] };
  return { status: 'success', replyTo: opened.replyTo, certificates, crls };
}

const outcomeName = (outcome: Outcome): ScepAnswer['outcome'] =>
  outcome.kind === 'issued' && outcome.repeat ? 'repeated' : outcome.kind;

const requestFacts = (opened: Opened): Record<string, unknown> => ({
  messageType: opened.header.messageType,
  transactionId: opened.header.transactionId,
  ...(opened.kind === 'request' && subjectOf(opened)),
});

/** Characters of a subject in a log line. */
const LONGEST_SUBJECT = 512;

const subjectOf = ({ content }: ScepRequest): Record<string, unknown> =>
  content.type === 'certification-request' ? { subject: content.csr.subjectText.slice(0, LONGEST_SUBJECT) } : {};

function outcomeFacts(outcome: Outcome): Record<string, unknown> {
  if (outcome.kind === 'pending') return { reason: outcome.reason, ...outcome.facts };
  if (outcome.kind === 'refused')
    return { code: outcome.code, detail: outcome.detail, ...outcome.facts, ...causeOf(outcome) };
  if (outcome.kind === 'found') return { ...outcome.facts };
  const { serial, thumbprint } = outcome.certificate;
  return { serial, thumbprint, ...outcome.facts };
}

const causeOf = ({ cause }: { cause?: unknown }): Record<string, unknown> =>
  cause === undefined ? {} : { err: cause };
