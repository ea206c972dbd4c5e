/** The three ScepActions on the wire: token, headers and body are checked before anything is decided. */
import type { IntuneVerdict } from './intune-codes.ts';
import { intuneError } from './error-bodies.ts';
import {
  type ServiceAction,
  type ServiceAnswer,
  type ServiceCall,
  type Handler,
  json,
  mediaType,
} from './service-call.ts';
import { isGuid } from './guid.ts';
import { ROLES, type TokenAuthority } from './tokens.ts';
import { type Caller, FAILURE_FIELDS, type Message, SUCCESS_FIELDS, type Validation } from './validation.ts';

type ActionRow = {
  /** The one member of the body. */
  envelope: string;
  /** What it must hold; texts, but for a name in `numbers`. */
  fields: readonly string[];
  decide: (validation: Validation, message: Message, caller: Caller) => IntuneVerdict;
};

const ROWS: Readonly<Record<ServiceAction, ActionRow>> = {
  validateRequest: {
    envelope: 'request',
    fields: ['transactionId', 'certificateRequest', 'callerInfo'],
    decide: (validation, message, caller) => validation.validate(message, caller),
  },
  successNotification: {
    envelope: 'notification',
    fields: [
      'transactionId',
      'certificateRequest',
      'certificateThumbprint',
      'certificateSerialNumber',
      'certificateExpirationDateUtc',
      'issuingCertificateAuthority',
      'callerInfo',
      'caConfiguration',
      'certificateAuthority',
    ],
    decide: (validation, message) => validation.notify(message, SUCCESS_FIELDS),
  },
  failureNotification: {
    envelope: 'notification',
    fields: ['transactionId', 'certificateRequest', 'hResult', 'errorDescription', 'callerInfo'],
    decide: (validation, message) => validation.notify(message, FAILURE_FIELDS),
  },
};

const NUMBERS = new Set(['hResult']);

/** Versions of the API that clients are known to send to these actions. */
const API_VERSIONS = ['2018-02-20', '5018-02-20', '5019-05-05'];

/** Answers one of the actions. */
export const scepAction = (action: ServiceAction, tokens: TokenAuthority, validation: Validation): Handler => {
  const row = ROWS[action];
  return (exchange) => {
    const token = tokens.check(exchange.headers.authorization, `${exchange.site.intune}/`, exchange.at);
    if ('problem' in token) return intuneError(exchange, 401, 'Unauthorized', token.problem);
    if (!token.claims.roles?.includes(ROLES.scep))
      return intuneError(exchange, 403, 'Forbidden', `The token has no role ${ROLES.scep}.`);
    if (mediaType(exchange) !== 'application/json')
      return intuneError(exchange, 415, 'UnsupportedMediaType', 'The Content-Type must be application/json.');
    const message = readMessage(exchange.body, row);
    const problem = headerProblem(exchange) ?? (typeof message === 'string' ? message : undefined);
    if (problem !== undefined || typeof message === 'string') return intuneError(exchange, 400, 'BadRequest', problem!);
    return result(exchange, row.decide(validation, message, { tenantId: token.claims.tid, now: exchange.at }));
  };
};

/** An answer of 200 with a code; a refusal looks the same as a success but for the code. */
export const result = (
  { site }: ServiceCall,
  { code, description }: { code: string; description: string },
): ServiceAnswer => {
  const type = '#microsoft.management.services.scepRequestValidationService.api.scepActionResult';
  const context = `${site.validation}/$metadata${type}`;
  return json(200, { '@odata.context': context, code, errorDescription: description }, { code });
};

function headerProblem({ headers, clientRequestId }: ServiceCall): string | undefined {
  const version = headers['api-version'];
  if (typeof version !== 'string' || !API_VERSIONS.includes(version))
    return `The header api-version must be one of ${API_VERSIONS.join(', ')}.`;
  return isGuid(clientRequestId) ? undefined : 'The header client-request-id must be a GUID.';
}

/** The message inside its envelope, or what is wrong with it. */
function readMessage(body: string, { envelope, fields }: ActionRow): Message | string {
  const message = member(parsed(body), envelope);
  const wrong = fields.find((name) => typeof member(message, name) !== (NUMBERS.has(name) ? 'number' : 'string'));
  if (wrong !== undefined)
    return `The body must be {"${envelope}":{…}}; its ${wrong} must be ${NUMBERS.has(wrong) ? 'a number' : 'text'}.`;
  const checked = message as Message;
  return checked.transactionId === '' ? 'The transactionId is empty.' : checked;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // Not JSON has no members, and the answer says which one is missing.
    return undefined;
  }
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
