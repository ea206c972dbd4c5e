/**
 * Tokens of the managed identity of this machine: from the metadata service of a virtual machine (IMDS), from App Service,
 * or from the agent of Azure Arc. These endpoints are local: they are never asked through a proxy.
 */
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { OutboundReply } from '../outbound/https-client.ts';
import { retryAfterMs } from '../outbound/asked-pause.ts';
import type { HttpsExchange } from './https-exchange.ts';
import type { FetchToken, NewToken } from './kept-tokens.ts';
import { IntuneUnreachable } from './unreachable.ts';
import { field, parseObject, redacted, textField } from '../outbound/untrusted-json.ts';

/** Who gives the tokens: a virtual machine, App Service (also Functions and Container Apps), or Azure Arc. */
export type IdentityPlatform = 'imds' | 'app-service' | 'arc';

/** The identity. Only App Service has a `header`, the value of IDENTITY_HEADER, and has no usual `endpoint`. */
export type PlatformIdentity = {
  from: IdentityPlatform;
  endpoint?: string | undefined;
  header?: string | undefined;
  /** The content of a file that the agent of Arc names. Throws ConfigError for a file that is none of its challenges. */
  readChallenge: (path: string) => string;
};

/** `clientId` names a user-assigned identity; `resource` is its id with the slash that belongs to it. */
export type IdentityRequest = {
  identity: PlatformIdentity;
  clientId: string | undefined;
  resource: string;
  exchange: HttpsExchange;
  clock: Clock;
};

type Platform = {
  version: string;
  endpoint?: string;
  headers: (header: string) => Record<string, string>;
  hint: string;
};

const PLATFORMS: Readonly<Record<IdentityPlatform, Platform>> = {
  imds: {
    version: '2018-02-01',
    endpoint: 'http://169.254.169.254/metadata/identity/oauth2/token',
    headers: () => ({ metadata: 'true' }),
    hint: 'Look whether this is a virtual machine of Azure with a managed identity, and whether it may reach 169.254.169.254.',
  },
  'app-service': {
    version: '2019-08-01',
    headers: (header) => ({ 'x-identity-header': header }),
    hint: 'Look at the identity of the app, and whether `endpoint` and `header` are IDENTITY_ENDPOINT and IDENTITY_HEADER.',
  },
  arc: {
    version: '2020-06-01',
    endpoint: 'http://127.0.0.1:40342/metadata/identity/oauth2/token',
    headers: () => ({ metadata: 'true' }),
    hint: 'Look whether the agent of Azure Arc runs and is connected: `azcmagent show`.',
  },
};

/** Throws ConfigError for an identity that its platform does not have. */
export function assertIdentity({ from, endpoint, header }: PlatformIdentity, clientId: string | undefined): void {
  if (from === 'app-service' && (!endpoint || !header))
    throw new ConfigError(
      'managedIdentity: App Service needs `endpoint` and `header`',
      'Write `endpoint: "${env:IDENTITY_ENDPOINT}"` and `header: "${env:IDENTITY_HEADER}"`.',
    );
  if (from !== 'app-service' && header !== undefined)
    throw new ConfigError('managedIdentity: only App Service has a `header`', 'Remove `header`.');
  if (from === 'arc' && clientId !== undefined)
    throw new ConfigError('clientId: Azure Arc has no user-assigned identities', 'Remove `clientId`.');
}

/** Asks the platform for a token. */
export const identityToken =
  (request: IdentityRequest): FetchToken =>
  async (signal) => {
    const first = await ask(request, {}, signal);
    if (request.identity.from !== 'arc' || first.status !== 401) return tokenIn(first, request, []);
    const secret = challengeOf(first, request);
    return tokenIn(await ask(request, { authorization: `Basic ${secret}` }, signal), request, [secret]);
  };

async function ask(
  request: IdentityRequest,
  more: Record<string, string>,
  signal: AbortSignal,
): Promise<OutboundReply> {
  const { identity, clientId, resource, exchange } = request;
  const { version, endpoint, headers, hint } = PLATFORMS[identity.from];
  const url = new URL(identity.endpoint ?? endpoint ?? '');
  url.search = new URLSearchParams({
    'api-version': version,
    resource,
    ...(clientId !== undefined && { client_id: clientId }),
  }).toString();
  const all = { ...headers(identity.header ?? ''), ...more };
  const call = { hop: 'token', method: 'GET', url: url.href, headers: all, limit: 65_536, direct: true } as const;
  try {
    return await exchange(call, signal);
  } catch (cause) {
    if (!(cause instanceof IntuneUnreachable)) throw cause;
    throw failure(request, cause.what, { remedy: hint, retryable: cause.retryable, cause });
  }
}

/** `WWW-Authenticate: Basic realm=PATH`: the file shows that this program runs on the machine, with the right to read it. */
function challengeOf({ headers }: OutboundReply, request: IdentityRequest): string {
  const path = /^Basic realm="?([^"]+)"?$/i.exec(headers['www-authenticate'] ?? '')?.[1];
  if (path === undefined) throw failure(request, 'it names no challenge file');
  try {
    return request.identity.readChallenge(path).trim();
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw failure(request, cause.message, { remedy: cause.remedy, cause });
  }
}

function tokenIn(reply: OutboundReply, request: IdentityRequest, secrets: readonly string[]): NewToken {
  const body = parseObject(reply.text);
  const token = textField(body, 'access_token');
  if (reply.status === 200 && token !== undefined) return { token, livesMs: lifeOf(body, request.clock) };
  const sent = [...secrets, request.identity.header ?? ''];
  const words = [textField(body, 'error'), textField(body, 'error_description')].filter((text) => text !== undefined);
  const said = words.length > 0 ? redacted(words.join(': '), sent) : 'and no token in the answer';
  throw failure(request, `HTTP ${reply.status}, ${said}`, {
    status: reply.status,
    retryable: [404, 410, 429].includes(reply.status) || reply.status >= 500,
    retryAfterMs: retryAfterMs(reply.headers['retry-after'], request.clock),
  });
}

/** `expires_in`, or the time `expires_on` where the platform has only that; both in seconds, as a number or as text. */
function lifeOf(body: object | undefined, clock: Clock): number {
  const seconds = Number(field(body, 'expires_in') ?? Number(field(body, 'expires_on')) - clock().getTime() / 1000);
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}

type Details = {
  remedy?: string;
  retryable?: boolean;
  status?: number;
  retryAfterMs?: number | undefined;
  cause?: unknown;
};

const failure = ({ identity: { from } }: IdentityRequest, what: string, details: Details = {}): IntuneUnreachable =>
  new IntuneUnreachable({
    hop: 'token',
    what: `the managed identity endpoint (${from}) gave no token: ${what.replace(/\.$/, '')}`,
    remedy: PLATFORMS[from].hint,
    retryable: false,
    ...details,
  });
