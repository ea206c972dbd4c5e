/** Access tokens from Entra ID for one resource, with the client credentials flow (RFC 6749 4.4). */
import {
  AuthError,
  type Configuration,
  ConfidentialClientApplication,
  type INetworkModule,
  type NetworkRequestOptions,
  type NetworkResponse,
} from '@azure/msal-node';
import type { Clock } from '../core/environment.ts';
import { entraFault } from './entra-faults.ts';
import { IntuneUnreachable } from './unreachable.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { notAnAnswer } from './http-faults.ts';
import { field, parseObject, redacted, textField } from '../outbound/untrusted-json.ts';
import type { FetchToken } from './kept-tokens.ts';

/** The credential of the app for one request: a secret, or an assertion (RFC 7523) in its place. As msal names them. */
export type EntraCredential = { clientSecret: string } | { clientAssertion: string };

/** Which token, for which app, and how it is fetched. */
export type TokenRequest = {
  /** The authority without the tenant, `https://login.microsoftonline.com`. */
  login: string;
  tenant: string;
  clientId: string;
  /** Asked before each request, so that a credential that was replaced is used at once. Throws IntuneUnreachable. */
  credential: () => Promise<EntraCredential>;
  /** `<resource>/.default`. */
  scope: string;
  exchange: HttpsExchange;
  clock: Clock;
};

/**
 * Asks Entra ID. Each request has an msal application of its own: it would remember the credential, and after a Retry-After
 * repeat the error without its cause. Tokens are kept in kept-tokens.ts, retries are made in retry.ts.
 */
export const entraToken =
  (request: TokenRequest): FetchToken =>
  async (signal) => {
    const credential = await request.credential();
    const network = entraNetwork(request, signal);
    try {
      const application = newApplication(request, credential, network);
      const result = await application.acquireTokenByClientCredential({ scopes: [request.scope] });
      if (!result?.accessToken) throw new Error('msal returned no token');
      return { token: result.accessToken, livesMs: network.livesMs() };
    } catch (cause) {
      throw network.fault() ?? tokenFailure(cause, network.sent());
    }
  };

function newApplication(
  { login, tenant, clientId }: TokenRequest,
  credential: EntraCredential,
  networkClient: INetworkModule,
): ConfidentialClientApplication {
  const authority = `${login}/${tenant}`;
  const configuration: Configuration = {
    auth: {
      clientId,
      ...credential,
      authority,
      knownAuthorities: [new URL(login).host],
      authorityMetadata: metadata(authority),
    },
    system: { networkClient },
  };
  return new ConfidentialClientApplication(configuration);
}

/** The authority's metadata. Given, not fetched, so that the credential is sent to the configured host only. */
const metadata = (authority: string): string =>
  JSON.stringify({
    issuer: `${authority}/v2.0`,
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    token_endpoint: `${authority}/oauth2/v2.0/token`,
    jwks_uri: `${authority}/discovery/v2.0/keys`,
  });

/** The fields of a token request that are secrets (RFC 6749 2.3.1, RFC 7521 4.2). */
const CREDENTIALS = ['client_secret', 'client_assertion'];

/**
 * msal's network module over our HTTPS client. It keeps the last fault, because msal hides it, and the credentials that
 * were sent.
 */
function entraNetwork(
  { exchange, clock }: TokenRequest,
  signal: AbortSignal,
): INetworkModule & {
  livesMs(): number;
  fault(): IntuneUnreachable | undefined;
  sent(): readonly string[];
} {
  let fault: IntuneUnreachable | undefined;
  let sent: string[] = [];
  let livesMs = 0;

  async function send<T>(method: 'GET' | 'POST', url: string, options: NetworkRequestOptions = {}) {
    const { headers = {}, body } = options;
    const form = new URLSearchParams(body);
    sent = CREDENTIALS.flatMap((name) => form.getAll(name));
    try {
      const reply = await exchange({ hop: 'token', method, url, headers, body, limit: 65_536 }, signal);
      const parsed = parseObject(reply.text);
      // msal repeats the words of an error that comes with HTTP 200, and they may repeat the credential. With another
      // status it takes a token.
      if (reply.status !== 200 || textField(parsed, 'error') !== undefined) throw entraFault(reply, clock, sent);
      if (!isTokenResponse(parsed)) throw notAnAnswer({ hop: 'token', reply, clock, sent });
      livesMs = Number(field(parsed, 'expires_in') ?? 0) * 1000;
      const response: NetworkResponse<T> = { status: reply.status, headers: reply.headers, body: partsOf(parsed) as T };
      return response;
    } catch (error) {
      if (error instanceof IntuneUnreachable) fault = error;
      throw error;
    }
  }

  return {
    livesMs: () => livesMs,
    fault: () => fault,
    sent: () => sent,
    sendGetRequestAsync: (url, options) => send('GET', url, options),
    sendPostRequestAsync: (url, options) => send('POST', url, options),
  };
}

/** RFC 6749 5.1. */
const isTokenResponse = (body: object | undefined): boolean =>
  textField(body, 'access_token') !== undefined &&
  textField(body, 'token_type') !== undefined &&
  (field(body, 'error') ?? undefined) === undefined;

/** What is used of it. msal takes the types of all that it reads for granted, and fails at others. */
const partsOf = (body: object | undefined): object =>
  Object.fromEntries(['access_token', 'token_type', 'expires_in'].map((name) => [name, field(body, name)]));

/** The error when msal itself failed: a setting that it cannot use, or a reply without a token. */
function tokenFailure(cause: unknown, sent: readonly string[]): IntuneUnreachable {
  const reason = cause instanceof AuthError ? cause.errorCode : cause instanceof Error ? cause.message : String(cause);
  return new IntuneUnreachable({
    hop: 'token',
    what: `no token could be obtained (${redacted(reason, sent)})`,
    remedy: 'Look at `tenant`, `clientId` and the credential.',
    retryable: false,
    // An AuthError has the words of the service in it.
    ...(!(cause instanceof AuthError) && { cause }),
  });
}
