/** HTTP authentication by Kerberos: Negotiate of RFC 4559, with a proof of both sides for each exchange. */
import { within } from '../core/ask.ts';
import type { OutboundOctets } from '../outbound/https-client.ts';
import { backendFault } from './backend-fault.ts';

/** One login: what is sent, base64, and the check of what the other side answers, which throws when that is not its proof. */
export type NegotiatedLogin = { token: string; prove: (answer: string) => Promise<void> };

/** Makes the login for one exchange. Throws IssuerError. */
export type Negotiate = (signal: AbortSignal) => Promise<NegotiatedLogin>;

/** One exchange, with these headers beside its own. */
type Exchange = (headers: Readonly<Record<string, string>>) => Promise<OutboundOctets>;

/** `what` names the CA; `idempotent`: as in BackendCall. */
export type NegotiatedCall = { what: string; idempotent: boolean; signal: AbortSignal };

/**
 * The reply to an exchange with a login. After 401 it is made once more with a new login: the other side has read nothing yet. A success
 * without the proof of the other side is none. Throws IssuerError, and what `exchange` throws.
 */
export async function negotiated(exchange: Exchange, negotiate: Negotiate, call: NegotiatedCall) {
  const first = await loggedIn(exchange, negotiate, call);
  return first.status === 401 ? loggedIn(exchange, negotiate, call) : first;
}

async function loggedIn(exchange: Exchange, negotiate: Negotiate, call: NegotiatedCall): Promise<OutboundOctets> {
  const { token, prove } = await within(() => negotiate(call.signal), call.signal);
  const reply = await exchange({ authorization: `Negotiate ${token}` });
  const answer = ANSWER.exec(reply.headers['www-authenticate'] ?? '')?.[1];
  if (reply.status >= 300 && answer === undefined) return reply;
  if (answer === undefined) throw unproven('it answers without a proof of itself', call);
  await within(() => prove(answer), call.signal).catch((cause: unknown) => {
    call.signal.throwIfAborted();
    throw unproven('its proof of itself is wrong', call, cause);
  });
  return reply;
}

const ANSWER = /\bNegotiate ([A-Za-z0-9+/]+={0,2})/i;

/** The other side may have made a certificate. */
const unproven = (text: string, { what, idempotent }: NegotiatedCall, cause?: unknown) =>
  backendFault(
    idempotent ? 'unauthorised' : 'unknown-outcome',
    `${what}: ${text} by Kerberos. Look for a proxy in between, and whether the service principal name is that of its account.`,
    { cause },
  );
