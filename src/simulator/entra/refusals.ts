/** What Entra answers when it does not accept a client's credential. docs/simulator.md says which numbers are documented. */
import type { EntraFailure } from '../error-bodies.ts';

type Row = { number: number; error: string; status: number; text: string };

const invalidClient = (number: number, text: string): Row => ({ number, error: 'invalid_client', status: 401, text });
const badRequest = (number: number, error: string, text: string): Row => ({ number, error, status: 400, text });

/** By the fault. `text` may end with details of the call. */
export const REFUSALS = {
  severalCredentials: badRequest(9002324, 'invalid_request', 'More than one client credential was sent.'),
  noCredential: invalidClient(
    7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  ),
  wrongSecret: invalidClient(7000215, 'The client secret that was provided is wrong.'),
  expiredSecret: invalidClient(7000222, 'The client secret keys of the app are expired.'),
  secretsForbidden: badRequest(53003, 'access_denied', 'A policy of the tenant does not allow client secrets.'),
  wrongAssertionType: badRequest(
    900144,
    'invalid_request',
    "The parameter 'client_assertion_type' is missing or wrong.",
  ),
  malformedAssertion: invalidClient(50027, 'The JWT token is invalid or malformed.'),
  otherClient: invalidClient(700021, "The client assertion does not name the client of the parameter 'client_id'."),
  wrongAudience: invalidClient(700023, 'The audience of the client assertion is not this authority.'),
  untimely: invalidClient(700024, 'The client assertion is not within its valid time range.'),
  badSignature: invalidClient(700027, 'The client assertion failed signature validation.'),
  noFederation: invalidClient(70025, 'The client has no configured federated identity credentials.'),
  otherIssuer: invalidClient(700211, 'No matching federated identity record was found for the assertion issuer.'),
  otherAudience: invalidClient(700212, 'No matching federated identity record was found for the assertion audience.'),
  otherSubject: invalidClient(700213, 'No matching federated identity record was found for the assertion subject.'),
  unknownIssuerKeys: invalidClient(50166, 'The request to the external OIDC endpoint failed.'),
  wrongExternalSignature: invalidClient(50013, 'The assertion failed signature validation.'),
} as const satisfies Readonly<Record<string, Row>>;

/** The refusal, with details that must not contain a credential. */
export const refusal = (name: keyof typeof REFUSALS, details = ''): EntraFailure => {
  const row: Row = REFUSALS[name];
  return details === '' ? row : { ...row, text: `${row.text} ${details}` };
};
