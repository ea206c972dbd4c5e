/** HTTPS exchanges with Entra, Graph and Intune: failures become IntuneUnreachable, redirects are refused. */
import {
  httpsClient,
  NoReply,
  type OutboundOptions,
  type OutboundReply,
  type OutboundRequest,
} from '../outbound/https-client.ts';
import { type IntuneHop, IntuneUnreachable } from './unreachable.ts';

/** One request, with the hop and the id that an error reports. `direct`: never through the proxy. */
export type HttpsCall = OutboundRequest & {
  hop: IntuneHop;
  clientRequestId?: string | undefined;
  direct?: boolean;
};

/**
 * Resolves to a reply of any status but a redirect. Throws IntuneUnreachable when there is no whole reply, and the
 * signal's reason when the caller aborts.
 */
export type HttpsExchange = (call: HttpsCall, signal: AbortSignal) => Promise<OutboundReply>;

/** `callMs` is the time limit of one exchange, milliseconds. */
export type HttpsExchangeOptions = Omit<OutboundOptions, 'timeoutMs'> & { callMs: number };

/** Exchanges over connections of their own; `close` ends them. Throws ConfigError for an unusable proxy. */
export function httpsExchange({ trustCa, proxy, callMs }: HttpsExchangeOptions): {
  exchange: HttpsExchange;
  close: () => Promise<void>;
} {
  const client = httpsClient({ trustCa, proxy, timeoutMs: callMs });
  const direct = proxy === undefined ? client : httpsClient({ trustCa, timeoutMs: callMs });
  const exchange: HttpsExchange = async (call, signal) => {
    const reply = await (call.direct ? direct : client).exchange(call, signal).catch((error: unknown) => {
      throw error instanceof NoReply ? noReply(call, error) : error;
    });
    if (reply.status >= 300 && reply.status < 400) throw redirected(call, reply.status);
    return reply;
  };
  const close = async (): Promise<void> => void (await Promise.all([client.close(), direct.close()]));
  return { exchange, close };
}

function noReply({ hop, clientRequestId }: HttpsCall, error: NoReply): IntuneUnreachable {
  const { message: what, remedy, retryable, status, cause } = error;
  return new IntuneUnreachable({ hop, clientRequestId, what, remedy, retryable, status, cause });
}

const redirected = ({ hop, clientRequestId, url }: HttpsCall, status: number): IntuneUnreachable =>
  new IntuneUnreachable({
    hop,
    clientRequestId,
    what: `${new URL(url).host} answered with a redirect (HTTP ${status}), which is never followed`,
    remedy: 'These services do not redirect: look for a proxy or a portal that answers in their place.',
    retryable: false,
    status,
  });
