/** Messages to people and programs of the operator: what happened, and how each of them is kept until it is delivered. */
import type { Condition, ConditionKind } from './condition.ts';

/** The kinds, in the order of docs/messages.md. Names are stable. */
export const MESSAGE_KINDS = [
  'issued',
  'refused',
  'waiting',
  'expiring',
  'condition-opened',
  'condition-closed',
  'test',
] as const;

/** The name of a kind. */
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** A certificate in a message. `serial` and `thumbprint` as in StoredCertificate. */
export type MessageCertificate = {
  endpoint: string;
  subject: string;
  serial: string;
  issuer: string;
  thumbprint: string;
  notAfter: string;
};

/** How often requests were refused at an endpoint for one cause: a code of errors.md, and what to do. */
export type RefusalCause = { endpoint: string; code: string; number: number; remedy: string };

/** What a message says, by its kind. Times are ISO 8601. There is no secret in any of them. */
export type FactsOfMessage = {
  issued: { transactionId: string; certificate: MessageCertificate };
  /** `number`: of all causes together. */
  refused: { since: string; until: string; number: number; causes: readonly RefusalCause[] };
  waiting: { endpoint: string; transactionId: string };
  /** `days`: the threshold. `certificates`: the first of them; `number`: of all. */
  expiring: { days: number; number: number; certificates: readonly MessageCertificate[] };
  'condition-opened': ConditionFacts;
  'condition-closed': ConditionFacts & { closed: string };
  /** `by`: who asked for it. */
  test: { by: string };
};

/** A condition in a message. `condition`: its kind. */
export type ConditionFacts = Omit<Condition, 'since' | 'kind'> & { condition: ConditionKind; since: string };

/** One message: its kind, when it happened, and its facts. */
export type Message = { [K in MessageKind]: { kind: K; at: string } & FactsOfMessage[K] }[MessageKind];

/** The names of endpoints that a message is about; empty when it belongs to none. */
export function endpointsOf(message: Message): string[] {
  if (message.kind === 'issued') return [message.certificate.endpoint];
  if (message.kind === 'waiting') return [message.endpoint];
  if (message.kind === 'refused') return message.causes.map(({ endpoint }) => endpoint);
  if (message.kind === 'expiring') return message.certificates.map(({ endpoint }) => endpoint);
  if (message.kind === 'test') return [];
  return message.subject?.kind === 'endpoint' ? [message.subject.name] : [];
}
