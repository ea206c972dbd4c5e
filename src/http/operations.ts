/** The operations of RFC 8894 3.5 and 4, one row each. A body on POST is a PKIOperation whatever the query says. */
import { HttpError } from '../core/errors.ts';
import type { ScepService } from '../enroll/service.ts';
import { messageFromBody, messageFromQuery } from './message.ts';
import { queryValue } from './query.ts';

/** What HTTP sends, and what the log line says beside method and path. */
export type Result = { contentType: string; body: Uint8Array; facts: Record<string, unknown> };

export type Incoming = { method: string; url: string; body: Uint8Array | undefined };

type Operation = (service: ScepService, incoming: Incoming) => Promise<Result> | Result;

const pkiOperation: Operation = async (service, { method, url, body }) => {
  const message = method === 'POST' ? messageFromBody(body) : messageFromQuery(queryValue(url, 'message'));
  const answer = await service.pkiOperation(message);
  return {
    contentType: 'application/x-pki-message',
    body: answer.body,
    facts: { outcome: answer.outcome, ...answer.facts },
  };
};

const caCertificates: Operation = ({ caCertificates: { contentType, body } }) => ({ contentType, body, facts: {} });

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [
    'getcacaps',
    (service) => ({ contentType: 'text/plain', body: Buffer.from(service.capabilities, 'latin1'), facts: {} }),
  ],
  ['getcacert', caCertificates],
  ['pkioperation', pkiOperation],
]);

/** Runs the operation that a request names. Throws HttpError. */
export async function runOperation(service: ScepService, incoming: Incoming): Promise<Result> {
  const name = queryValue(incoming.url, 'operation') ?? '';
  const operation = incoming.method === 'POST' ? pkiOperation : OPERATIONS.get(name.toLowerCase());
  if (!operation) throw new HttpError('operation_unknown', `operation ${JSON.stringify(name.slice(0, 40))}`);
  const result = await operation(service, incoming);
  return { ...result, facts: { operation: incoming.method === 'POST' ? 'PKIOperation' : name, ...result.facts } };
}
