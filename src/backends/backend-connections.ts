/** The connections to one CA over HTTPS: its own trust, and the client certificate of now. */
import { httpsClient, type HttpsClient } from '../outbound/https-client.ts';
import type { ClientIdentity } from '../outbound/tls-trust.ts';

/** Whom the client trusts, and how it is known. `ca`, `identity`, `proxy`: as in BackendAddress. Times in milliseconds. */
export type ConnectionSettings = {
  ca?: string | undefined;
  identity?: (() => ClientIdentity) | undefined;
  proxy?: string | undefined;
  connectMs: number;
  totalMs: number;
};

/** `now`: the client of the present certificate. */
export type BackendConnections = { now: () => HttpsClient; close: () => Promise<void> };

/** Those with an earlier certificate end with their last exchange. Throws ConfigError for what cannot be used. */
export function backendConnections({
  ca,
  identity,
  proxy,
  connectMs,
  totalMs,
}: ConnectionSettings): BackendConnections {
  const made = (by: ClientIdentity | undefined): { by: ClientIdentity | undefined; client: HttpsClient } => ({
    by,
    client: httpsClient({ onlyCa: ca, identity: by, proxy, connectMs, timeoutMs: totalMs }),
  });
  let current = made(identity?.());
  return {
    now(): HttpsClient {
      const by = identity?.();
      if (by !== current.by) {
        const earlier = current.client;
        current = made(by);
        void earlier.retire().catch(() => undefined);
      }
      return current.client;
    },
    close: () => current.client.close(),
  };
}
