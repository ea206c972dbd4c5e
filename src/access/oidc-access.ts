/** Login at a provider, as the administrator's listener needs it: cookies, sessions, and what a failure leaves behind. */
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { failureLog } from './failed-logins.ts';
import { attemptCookie, attemptIn, newAttempt } from './login-attempt.ts';
import { type LoginFault, oidcFault } from './oidc-faults.ts';
import type { OidcLogin, OidcPerson } from './oidc-login.ts';
import { sessionCookie, type Transport } from './session-cookie.ts';
import type { Sessions } from './sessions.ts';

/** Of a request. */
type Facts = { address: string; cookie?: string };

/** `cookie` and `cookies`: values of Set-Cookie. */
export type OidcAccess = {
  /** What people know the provider by. */
  provider: string;
  begin(facts: Facts): Promise<{ url: string; cookie: string } | { fault: LoginFault }>;
  finish(query: string, facts: Facts): Promise<{ cookies: string[]; fault?: LoginFault }>;
};

/** What it is made from. */
export type OidcAccessParts = {
  login: OidcLogin;
  kept: Pick<Sessions, 'begin'>;
  noteFailure: ReturnType<typeof failureLog>;
  transport: Transport;
  clock: Clock;
  random: RandomBytes;
};

const OPEN: LoginFault = {
  what: 'this listener is reached over a network without TLS',
  remedy: 'Give it `admin.tls`, or put a TLS proxy in front (docs/access.md).',
};
const FOREIGN: LoginFault = {
  what: 'this answer does not belong to a login that this browser began in the last ten minutes',
  remedy: 'Begin again at /admin/login, and allow cookies.',
};

/** Makes it. */
export function oidcAccess({ login, kept, noteFailure, transport, clock, random }: OidcAccessParts): OidcAccess {
  async function failed(fault: LoginFault, address: string): Promise<LoginFault> {
    await noteFailure({ kind: 'wrong', reason: `${fault.what}. ${fault.remedy}` }, address);
    return fault;
  }

  async function person(query: string, attempt: string | undefined): Promise<OidcPerson | LoginFault> {
    if (attempt === undefined) return FOREIGN;
    return login.finish(query, attempt).catch((error: unknown) => oidcFault(error, login.issuer));
  }

  return {
    provider: providerName(login.issuer),
    async begin({ address }) {
      if (transport === 'open') return { fault: OPEN };
      const attempt = newAttempt(random, clock());
      try {
        return { url: await login.begin(attempt), cookie: attemptCookie(transport, attempt) };
      } catch (error) {
        return { fault: await failed(oidcFault(error, login.issuer), address) };
      }
    },
    async finish(query, { address, cookie }) {
      const found = await person(query, attemptIn(transport, cookie, clock()));
      const gone = attemptCookie(transport);
      if ('what' in found) return { cookies: [gone], fault: await failed(found, address) };
      const secret = await kept.begin({ method: 'oidc', name: found.name, basis: found.roles, address });
      return { cookies: [gone, sessionCookie(transport, secret)] };
    },
  };
}

function providerName(issuer: string): string {
  const { host } = new URL(issuer);
  return /^login\.(partner\.)?microsoftonline\./.test(host) ? 'Microsoft Entra ID' : host;
}
