/** Verifies the credential in a token request: a secret, or an assertion (RFC 7521, RFC 7523). */
import type { EntraFailure } from '../error-bodies.ts';
import { certificateFailure } from './certificate-assertion.ts';
import { federatedFailure } from './federated-assertion.ts';
import type { GrantRequest } from './grant-checks.ts';
import { type ReadJwt, readJwt } from './jwt.ts';
import { refusal } from './refusals.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Why Entra does not accept the credential; undefined when it does. */
export function credentialFailure(request: GrantRequest): EntraFailure | undefined {
  const { form } = request;
  const [secret, assertion] = [form.get('client_secret'), form.get('client_assertion')];
  if (secret && assertion) return refusal('severalCredentials');
  if (secret) return secretFailure(secret, request);
  return assertion ? assertionFailure(assertion, request) : refusal('noCredential');
}

function secretFailure(secret: string, { call, state }: GrantRequest): EntraFailure | undefined {
  const { policy, secrets } = state.app;
  if (policy.secrets === 'forbidden') return refusal('secretsForbidden');
  const found = secrets.filter(({ value, startDateTime }) => value === secret && Date.parse(startDateTime) <= at(call));
  if (found.length === 0) return refusal('wrongSecret');
  return found.some(({ endDateTime }) => Date.parse(endDateTime) > at(call)) ? undefined : refusal('expiredSecret');
}

const at = ({ at: time }: GrantRequest['call']): number => time.getTime();

function assertionFailure(assertion: string, request: GrantRequest): EntraFailure | undefined {
  if (request.form.get('client_assertion_type') !== ASSERTION_TYPE) return refusal('wrongAssertionType');
  const jwt = readJwt(assertion);
  if (!jwt) return refusal('malformedAssertion');
  return isOwn(jwt, request) ? certificateFailure(jwt, request) : federatedFailure(jwt, request);
}

/** Whether the app issued the assertion about itself; one of another issuer is matched with the federated credentials. */
const isOwn = ({ claims, header }: ReadJwt, { state }: GrantRequest): boolean =>
  String(claims['iss']).toLowerCase() === state.clientId.toLowerCase() || 'x5t' in header || 'x5t#S256' in header;
