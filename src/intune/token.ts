/** Access tokens from Entra ID for one resource, with the client credentials flow (RFC 6749 4.4). */
import {
  AuthError,
  type Configuration,
  ConfidentialClientApplication,
  type INetworkModule,
  type NetworkRequestOptions,
  type NetworkResponse,
  type NodeAuthOptions,
} from '@azure/msal-node';
import type { Clock } from '../core/environment.ts';
import { entraFault } from './entra-faults.ts';
import { IntuneUnreachable } from './unreachable.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { notAnAnswer } from './http-faults.ts';
import { parseObject, redacted, textField } from './untrusted-json.ts';
import { singleFlight } from '../outbound/single-flight.ts';

/** The credential of the app: a secret, a certificate or the assertion of a workload identity, as msal names them. */
export type EntraCredential = Pick<NodeAuthOptions, 'clientSecret' | 'clientCertificate' | 'clientAssertion'>;

/** Which token, for which app, and how it is fetched. */
export type TokenRequest = {
  /** The authority without the tenant, `https://login.microsoftonline.com`. */
  login: string;
  tenant: string;
  clientId: string;
  credential: EntraCredential;
  /** `<resource>/.default`. */
  scope: string;
  exchange: HttpsExchange;
  clock: Clock;
};

/** The access tokens of one resource. */
export type TokenSource = {
  /** A token, cached or new. Throws IntuneUnreachable with hop `token`, and the signal's reason on abort. */
  get(signal: AbortSignal): Promise<string>;
  /** Call it when the service refused this token: the next one comes from Entra, not from the cache. */
  forget(token: string): void;
};

/** A token source; msal caches each token until five minutes before it expires. Sends nothing yet. */
export function tokenSource(request: TokenRequest): TokenSource {
  const network = entraNetwork(request);
  let application = newApplication(request, network);
  let latest: string | undefined;
  let refused = false;
  const get = singleFlight(async (signal) => {
    try {
      network.begin(signal);
      latest = await acquire(application, request.scope, refused);
      refused = false;
      return latest;
    } catch (cause) {
      // msal would remember a Retry-After and repeat the error without its cause. Retries are made in retry.ts.
      application = newApplication(request, network);
      throw network.fault() ?? tokenFailure(cause, network.sent());
    }
  });
  return {
    get,
    forget(token) {
      if (token === latest) refused = true;
    },
  };
}

async function acquire(application: ConfidentialClientApplication, scope: string, skipCache: boolean): Promise<string> {
  const result = await application.acquireTokenByClientCredential({ scopes: [scope], skipCache });
  if (!result?.accessToken) throw new Error('msal returned no token');
  return result.accessToken;
}

function newApplication(request: TokenRequest, networkClient: INetworkModule): ConfidentialClientApplication {
  const { login, tenant, clientId, credential } = request;
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
function entraNetwork({ exchange, clock }: TokenRequest): INetworkModule & {
  begin(signal: AbortSignal): void;
  fault(): IntuneUnreachable | undefined;
  sent(): readonly string[];
} {
  let fault: IntuneUnreachable | undefined;
  let signal: AbortSignal;
  let sent: string[] = [];

  async function send<T>(method: 'GET' | 'POST', url: string, options: NetworkRequestOptions = {}) {
    const { headers = {}, body } = options;
    const form = new URLSearchParams(body);
    sent = CREDENTIALS.flatMap((name) => form.getAll(name));
    try {
      const reply = await exchange({ hop: 'token', method, url, headers, body, limit: 65_536 }, signal);
      const parsed = parseObject(reply.text);
      // msal repeats the words of an error that comes with HTTP 200, and they may repeat the credential.
      if (reply.status !== 200 || textField(parsed, 'error') !== undefined) fault = entraFault(reply, clock, sent);
      else if (!parsed) throw notAnAnswer({ hop: 'token', reply, clock, sent });
      const response: NetworkResponse<T> = { status: reply.status, headers: reply.headers, body: (parsed ?? {}) as T };
      return response;
    } catch (error) {
      if (error instanceof IntuneUnreachable) fault = error;
      throw error;
    }
  }

  return {
    begin(given) {
      fault = undefined;
      signal = given;
    },
    fault: () => fault,
    sent: () => sent,
    sendGetRequestAsync: (url, options) => send('GET', url, options),
    sendPostRequestAsync: (url, options) => send('POST', url, options),
  };
}

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

/**
 * Makes the call with a token. After HTTP 401 or 403 it makes it once more with a new token, because the old one lacks
 * roles that were granted after it was issued. Throws what `call` throws and what `tokens.get` throws.
 */
export async function withToken<T>(
  tokens: TokenSource,
  signal: AbortSignal,
  call: (token: string) => Promise<T>,
): Promise<T> {
  const token = await tokens.get(signal);
  try {
    return await call(token);
  } catch (error) {
    if (!(error instanceof IntuneUnreachable) || (error.status !== 401 && error.status !== 403)) throw error;
    tokens.forget(token);
  }
  return call(await tokens.get(signal));
}
