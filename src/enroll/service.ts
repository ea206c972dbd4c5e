/** One SCEP URL as HTTP sees it: three questions, each with its bytes, and the facts for one log line. */
import { HttpError, Refusal } from '../core/errors.ts';
import { caCertificates, type CaCertificates } from '../scep/ca-certificates.ts';
import type { Opened, Reply, ScepRequest } from '../scep/message.ts';
import type { Endpoint, Surroundings } from './endpoint.ts';
import { enrol } from './line.ts';
import type { Outcome } from './outcome.ts';
import { recognise } from './recognise.ts';

/** The answer to a PKIOperation, and what one log line says of it: never a challenge, never a key. */
export type Answer = {
  body: Uint8Array;
  outcome: 'issued' | 'repeated' | 'refused' | 'pending';
  facts: Record<string, unknown>;
};

export interface ScepService {
  readonly path: string;
  readonly capabilities: string;
  readonly caCertificates: CaCertificates;
  /** Throws HttpError, and whatever the store or a key throws when they fail. */
  pkiOperation(message: Uint8Array): Promise<Answer>;
}

export type ServicePlan = {
  endpoint: Endpoint;
  capabilities: string;
  /** RA certificates, then the issuing CA up to the root; DER. */
  ra: readonly Uint8Array[];
  chain: readonly Uint8Array[];
};

export function scepService({ endpoint, capabilities, ra, chain }: ServicePlan, around: Surroundings): ScepService {
  const running = new Map<string, Promise<Outcome>>();
  return {
    path: endpoint.path,
    capabilities,
    caCertificates: caCertificates(ra, chain),
    async pkiOperation(message) {
      const opened = await endpoint.codec.open(message);
      const outcome = await outcomeOf(opened, endpoint, around, running);
      const body = await endpoint.codec.seal(opened.header, replyTo(opened, outcome));
      return { body, outcome: outcomeName(outcome), facts: { ...requestFacts(opened), ...outcomeFacts(outcome) } };
    },
  };
}

async function outcomeOf(
  opened: Opened,
  endpoint: Endpoint,
  around: Surroundings,
  running: Map<string, Promise<Outcome>>,
): Promise<Outcome> {
  if (opened.kind === 'refused') return opened;
  try {
    const recognised = recognise(opened, endpoint);
    return await once(running, recognised.transaction.key, () => enrol(recognised, endpoint, around));
  } catch (cause) {
    if (cause instanceof Refusal) return { kind: 'refused', code: cause.code, detail: cause.message, cause };
    throw new HttpError('unavailable', 'the request could not be finished', { cause });
  }
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
  return { status: 'success', replyTo: opened.replyTo, certificates: [outcome.certificate.der] };
}

const outcomeName = (outcome: Outcome): Answer['outcome'] =>
  outcome.kind === 'issued' && outcome.repeat ? 'repeated' : outcome.kind;

const requestFacts = (opened: Opened): Record<string, unknown> => ({
  messageType: opened.header.messageType,
  transactionId: opened.header.transactionId,
  ...(opened.kind === 'request' && legacyAndSubject(opened)),
});

const legacyAndSubject = ({ content, legacy }: ScepRequest): Record<string, unknown> => ({
  subject: content.csr.subjectText,
  ...(legacy.length > 0 && { legacy }),
});

function outcomeFacts(outcome: Outcome): Record<string, unknown> {
  if (outcome.kind === 'pending') return { reason: outcome.reason, ...outcome.facts };
  if (outcome.kind === 'refused')
    return { code: outcome.code, detail: outcome.detail, ...outcome.facts, ...causeOf(outcome) };
  const { serial, thumbprint } = outcome.certificate;
  return { serial, thumbprint, ...outcome.facts };
}

const causeOf = ({ cause }: { cause?: unknown }): Record<string, unknown> =>
  cause === undefined ? {} : { err: cause };
