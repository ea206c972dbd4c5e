/** Calls of OpenBao under a token: this server logs in, again before the token ends, and once more when it is refused. */
import { within } from '../../core/ask.ts';
import type { Clock } from '../../core/environment.ts';
import { asObject, field, textField } from '../../outbound/untrusted-json.ts';
import type { BackendCall, BackendReply } from '../backend-call.ts';
import type { BackendClient } from '../backend-client.ts';
import { backendFault } from '../backend-fault.ts';
import { refusedReply } from '../said.ts';
import type { OpenBaoLogin, OpenBaoSettings } from './open-bao-settings.ts';

/** Makes a call with the token of now. A reply of any status. Throws IssuerError. */
export type OpenBaoCall = (
  call: Omit<BackendCall, 'headers' | 'secrets'>,
  signal: AbortSignal,
) => Promise<BackendReply>;

type HeldToken = { token: string; until: number };

/** `client`: of the address of OpenBao. */
export function openBaoSession(
  { login: way, namespace }: Pick<OpenBaoSettings, 'login' | 'namespace'>,
  client: BackendClient,
  clock: Clock,
): OpenBaoCall {
  const place = namespace === undefined ? {} : { 'x-vault-namespace': namespace };
  let held: HeldToken | undefined = way.kind === 'token' ? { token: way.token, until: Infinity } : undefined;

  async function newToken(): Promise<HeldToken> {
    const { path, json, secrets } = loginCall(way);
    const call: BackendCall = { method: 'POST', path, json, headers: place, secrets, idempotent: true };
    const reply = await client.call(call, NEVER);
    if (reply.status !== 200) throw loginRefused(reply, client, secrets);
    return tokenIn(reply, client, clock);
  }

  /** One login serves all calls that want a token at the same time, and none of them ends it. */
  let login: Promise<HeldToken> | undefined;
  const loggedIn = (signal: AbortSignal): Promise<HeldToken> => {
    login ??= newToken().finally(() => (login = undefined));
    const running = login;
    return within(() => running, signal).then((token) => (held = token));
  };

  const under = ({ token }: HeldToken, call: Parameters<OpenBaoCall>[0], signal: AbortSignal) =>
    client.call({ undone: SEALED, ...call, headers: { ...place, 'x-vault-token': token }, secrets: [token] }, signal);

  return async (call, signal) => {
    const kept = held && clock().getTime() < held.until ? held : undefined;
    const used = kept ?? (await loggedIn(signal));
    const reply = await under(used, call, signal);
    // A call that is refused has done nothing. A token that is new, or that no login gives, is not the reason.
    if (reply.status !== 403 || !kept || way.kind === 'token') return reply;
    return under(held === kept || !held ? await loggedIn(signal) : held, call, signal);
  };
}

/** The client of OpenBao ends a login that takes too long. */
const NEVER = new AbortController().signal;

/** OpenBao answers so while it is sealed or stands by: it has not looked at the call. */
const SEALED = [503];

type LoginCall = { path: string; json: object; secrets: string[] };

function loginCall(login: OpenBaoLogin): LoginCall {
  if (login.kind === 'appRole')
    return {
      path: `/v1/auth/${login.mount}/login`,
      json: { role_id: login.roleId, secret_id: login.secretId },
      secrets: [login.secretId],
    };
  const { mount, name } = login.kind === 'certificate' ? login : { mount: 'cert', name: undefined };
  return { path: `/v1/auth/${mount}/login`, json: name === undefined ? {} : { name }, secrets: [] };
}

/** A wrong role, secret or certificate is 400. */
const loginRefused = (reply: BackendReply, { host }: BackendClient, secrets: readonly string[]) =>
  refusedReply(reply, { what: `OpenBao (${host}): login`, codes: { 400: 'unauthorised' }, secrets });

/** Renewed by a new login when two thirds of its time have passed. */
function tokenIn({ json }: BackendReply, { host }: BackendClient, clock: Clock): HeldToken {
  const auth = asObject(field(json, 'auth'));
  const token = textField(auth, 'client_token');
  const seconds = Number(field(auth, 'lease_duration'));
  if (token === undefined)
    throw backendFault('misconfigured', `OpenBao (${host}): the answer to the login has no token`, { retryable: true });
  return { token, until: seconds > 0 ? clock().getTime() + (seconds * 1000 * 2) / 3 : Infinity };
}
