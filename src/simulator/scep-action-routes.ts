/** The three ScepActions over HTTP: token, headers and body are checked before the decision. */
import type { IntuneVerdict } from './intune-codes.ts';
import { intuneError } from './error-bodies.ts';
import { type ServiceAction, type ServiceAnswer, type ServiceCall, type ServiceHandler, json } from './service-call.ts';
import { headerProblem, intuneToken, parsedJson } from './intune-request.ts';
import type { TokenAuthority } from './tokens.ts';
import { FAILURE_FIELDS, SUCCESS_FIELDS } from './notification-fields.ts';
import type { ActionMessage, CallContext, Validation } from './validation.ts';

type ActionRow = {
  /** Name of the one member of the body. */
  envelope: string;
  /** The members it must have: strings, except those in NUMBERS and OPTIONAL. */
  fields: readonly string[];
  decide: (validation: Validation, message: ActionMessage, context: CallContext) => IntuneVerdict;
};

const ROWS: Readonly<Record<ServiceAction, ActionRow>> = {
  validateRequest: {
    envelope: 'request',
    fields: ['transactionId', 'certificateRequest', 'callerInfo'],
    decide: (validation, message, context) => validation.validate(message, context),
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
/** Microsoft's libraries send null, the empty string or nothing. */
const OPTIONAL = new Set(['caConfiguration', 'certificateAuthority']);

/** The API versions that clients are known to send. */
const API_VERSIONS = ['2018-02-20', '5018-02-20', '5019-05-05'];

/** The handler of one action. */
export const scepAction = (action: ServiceAction, tokens: TokenAuthority, validation: Validation): ServiceHandler => {
  const row = ROWS[action];
  return (call) => {
    const token = intuneToken(call, tokens);
    if ('kind' in token) return token;
    const message = readMessage(call.body, row);
    const problem = headerProblem(call, API_VERSIONS);
    if (problem !== undefined) return badRequest(call, problem);
    if (typeof message === 'string') return badRequest(call, message);
    return result(call, row.decide(validation, message, { tenantId: token.claims.tid, now: call.at }));
  };
};

const badRequest = (call: ServiceCall, text: string): ServiceAnswer =>
  intuneError(call, { status: 400, code: 'BadRequest', text });

/** An answer with HTTP 200 and a code. A refusal differs from a success only in the code. */
export const result = (
  { site }: ServiceCall,
  { code, description }: { code: string; description: string },
): ServiceAnswer => {
  const type = '#microsoft.management.services.scepRequestValidationService.api.scepActionResult';
  const context = `${site.validation}/$metadata${type}`;
  return json(200, { '@odata.context': context, code, errorDescription: description }, { code });
};

/** The message inside its envelope, or what is wrong with it. */
function readMessage(body: string, { envelope, fields }: ActionRow): ActionMessage | string {
  const message = member(parsedJson(body), envelope);
  const wrong = fields.find((name) => !hasForm(name, member(message, name)));
  if (wrong !== undefined)
    return `The body must be {"${envelope}":{…}}; its ${wrong} must be ${NUMBERS.has(wrong) ? 'a number' : 'a string'}.`;
  const checked = message as ActionMessage;
  return checked.transactionId === '' ? 'The transactionId is empty.' : checked;
}

const hasForm = (name: string, value: unknown): boolean =>
  typeof value === (NUMBERS.has(name) ? 'number' : 'string') || (OPTIONAL.has(name) && (value ?? null) === null);

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
