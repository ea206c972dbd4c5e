/** The operations of RFC 8894 3.5 and 4, one row each. A POST is a PKIOperation, whatever its query says. */
import { HttpError } from '../core/errors.ts';
import { type AnsweredFacts, type HttpFacts, REQUEST_NAMES } from '../core/events.ts';
import type { ScepService } from '../enroll/service.ts';
import { asCaChain, type CaCertificates } from '../scep/ca-certificates.ts';
import { landingPage } from './landing-page.ts';
import { messageFromBody, messageFromQuery } from './message-decoding.ts';
import { queryValue } from './query.ts';

/** What a response is made from; `facts` are for the event of the request. */
export type Result = {
  contentType: string;
  body: Uint8Array;
  /** Without the content type; names in lower case. */
  headers?: Readonly<Record<string, string>>;
  facts: Omit<AnsweredFacts, keyof HttpFacts | 'endpoint' | 'ms'>;
};

/** The result of an operation before its name is added to the facts. */
type OperationResult = Omit<Result, 'facts'> & { facts: Partial<Result['facts']> };

/** One HTTP request; `body` only with POST. */
export type Incoming = { method: string; url: string; body: Uint8Array | undefined };

type Operation = (service: ScepService, incoming: Incoming) => Promise<OperationResult> | OperationResult;

const pkiOperation: Operation = async (service, { method, url, body }) => {
  const message = method === 'POST' ? messageFromBody(body) : messageFromQuery(queryValue(url, 'message'));
  const answer = await service.pkiOperation(message);
  return {
    contentType: 'application/x-pki-message',
    body: answer.body,
    facts: { outcome: answer.outcome, ...answer.facts, ...(answer.names && { [REQUEST_NAMES]: answer.names }) },
  };
};

const certificates = ({ contentType, body }: CaCertificates): OperationResult => ({ contentType, body, facts: {} });

const nextCaCertificate: Operation = async ({ nextCa }) => {
  if (!nextCa) throw new HttpError('next_ca_unknown', 'GetNextCACert, and no next CA is configured');
  return certificates(await nextCa());
};

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [
    'getcacaps',
    (service) => ({ contentType: 'text/plain', body: Buffer.from(service.capabilities, 'latin1'), facts: {} }),
  ],
  ['getcacert', (service) => certificates(service.caCertificates)],
  ['getcacertchain', (service) => certificates(service.caChain)],
  ['getcachain', (service) => certificates(asCaChain(service.caChain))],
  ['getnextcacert', nextCaCertificate],
  ['pkioperation', pkiOperation],
]);

/** A GET without operation comes from a browser. */
function landing({ landing }: ScepService): Result {
  if (!landing) throw new HttpError('landing_off', 'GET without operation');
  return { contentType: 'text/html', ...landingPage(landing()), facts: { operation: 'landing' } };
}

/** Runs the operation of a request. Throws HttpError, and what the service throws. */
export async function runOperation(service: ScepService, incoming: Incoming): Promise<Result> {
  const name = incoming.method === 'POST' ? 'PKIOperation' : queryValue(incoming.url, 'operation');
  if (name === undefined) return landing(service);
  const operation = OPERATIONS.get(name.toLowerCase());
  if (!operation) throw new HttpError('operation_unknown', `operation ${JSON.stringify(name.slice(0, 40))}`);
  const result = await operation(service, incoming);
  return { ...result, facts: { operation: name, ...result.facts } };
}
