/** The checks of a token request, the same at both versions of the endpoint. */
import type { EntraFailure } from '../error-bodies.ts';
import type { ServiceCall } from '../service-call.ts';
import type { SimulatorState } from '../state.ts';

/** The request with what it is checked against. */
export type GrantRequest = {
  form: URLSearchParams;
  call: ServiceCall;
  state: SimulatorState;
  resourceField: 'scope' | 'resource';
};

/** One check; `error` is the answer when it fails. */
export type GrantCheck = { fails: (request: GrantRequest) => boolean; error: (request: GrantRequest) => EntraFailure };

const required = (nameOf: (request: GrantRequest) => string): GrantCheck => ({
  fails: (request) => !request.form.get(nameOf(request)),
  error: (request) => ({
    status: 400,
    error: 'invalid_request',
    number: 900144,
    text: `The request body must contain the following parameter: '${nameOf(request)}'.`,
  }),
});

/** In the order in which Entra checks. */
export const GRANT_CHECKS: readonly GrantCheck[] = [
  required(() => 'grant_type'),
  required(() => 'client_id'),
  required(({ resourceField }) => resourceField),
  {
    fails: ({ form }) => form.get('grant_type') !== 'client_credentials',
    error: () => ({
      status: 400,
      error: 'unsupported_grant_type',
      number: 70003,
      text: 'The simulator supports client_credentials only.',
    }),
  },
  {
    fails: ({ form, state }) => form.get('client_id')?.toLowerCase() !== state.clientId.toLowerCase(),
    error: () => ({
      status: 400,
      error: 'unauthorized_client',
      number: 700016,
      text: 'No application with this identifier was found in the directory.',
    }),
  },
];
