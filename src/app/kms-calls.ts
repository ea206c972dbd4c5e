/** Calls of key services over HTTPS, with a token that is kept until shortly before its end. */
import type { OutboundExchange } from '../outbound/https-client.ts';
import { NoReply } from '../outbound/https-client.ts';
import { keyFault } from '../keys/key-fault.ts';
import type { KmsCall, KmsReply } from '../keys/kms/kms-call.ts';
import { type FetchToken, tokenSource } from '../intune/kept-tokens.ts';
import { IntuneUnreachable } from '../intune/unreachable.ts';
import { systemClock } from '../embed/system.ts';
import { parseObject } from '../outbound/untrusted-json.ts';

/** Octets of an answer. Those of key services are shorter. */
const LIMIT = 65_536;

/** `service` names it in errors. A token that is refused is replaced once. */
export function kmsCalls(service: string, exchange: OutboundExchange, fetchToken: FetchToken): KmsCall {
  const tokens = tokenSource(fetchToken, systemClock);
  const send = async (order: Parameters<KmsCall>[0], token: string, signal: AbortSignal): Promise<KmsReply> => {
    const { method, url, body } = order;
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const reply = await exchange({ method, url, headers, body: body && JSON.stringify(body), limit: LIMIT }, signal);
    const after = Number(reply.headers['retry-after']);
    return {
      status: reply.status,
      body: { ...parseObject(reply.text) },
      ...(after > 0 && { retryAfter: Math.ceil(after) }),
    };
  };
  return async (order, signal) => {
    try {
      const token = await tokens.get(signal);
      const reply = await send(order, token, signal);
      if (reply.status !== 401) return reply;
      tokens.forget(token);
      return await send(order, await tokens.get(signal), signal);
    } catch (cause) {
      if (cause instanceof IntuneUnreachable) throw keyFault('unauthorised', `${service}: ${cause.message}`, { cause });
      if (cause instanceof NoReply) throw keyFault('unavailable', `${service}: ${cause.message}`, { cause });
      throw cause;
    }
  };
}
