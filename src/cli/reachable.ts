/** The fetch of `enroll`: when no answer comes, the error names the host, the cause and what to do. */
import type { Fetch } from '../client/ca-operations.ts';
import { answerDeadline } from '../embed/system.ts';
import { networkFault } from '../outbound/network-errors.ts';

const UNTRUSTED =
  'The TLS certificate of the server is signed by a CA that this machine does not trust. Give that CA with --trust-ca FILE.';
const CLOCK = 'Look at the clock of this machine, and renew the TLS certificate of the server.';
const PORT = 'Look at the port in the URL, whether the server runs and listens there, and at the firewall.';
const NAME = 'Look at the name in the URL and at the DNS of this machine.';
const ROUTE = 'Look at the network and the firewall between this machine and the server.';
const SCHEME = 'The port speaks no TLS, or another protocol: look at http and https in the URL, and at the port.';

const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: PORT,
  ENOTFOUND: NAME,
  EAI_AGAIN: NAME,
  EHOSTUNREACH: ROUTE,
  ENETUNREACH: ROUTE,
  ETIMEDOUT: ROUTE,
  UND_ERR_CONNECT_TIMEOUT: ROUTE,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_HAS_EXPIRED: CLOCK,
  CERT_NOT_YET_VALID: CLOCK,
  ERR_TLS_CERT_ALTNAME_INVALID: 'The TLS certificate is for another name: use the name in the certificate in the URL.',
  ERR_SSL_WRONG_VERSION_NUMBER: SCHEME,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: SCHEME,
  UND_ERR_SOCKET: SCHEME,
  ECONNRESET: SCHEME,
};

/** `fetch` wraps every error in one that says only `fetch failed`. */
const causeOf = (error: unknown): unknown => (error instanceof Error && error.cause) || error;

/**
 * `fetch` whose network errors say what to do, and which waits three minutes for a whole answer. The message names the
 * host only: a URL can contain the message. `deadline`: instead of the three minutes.
 */
export const reachable =
  (fetch: Fetch, deadline = answerDeadline): Fetch =>
  async (input, init) => {
    const timeout = deadline();
    try {
      return await fetch(input, { ...init, signal: timeout });
    } catch (cause) {
      const { host } = new URL(input instanceof Request ? input.url : input);
      if (timeout.aborted) throw new Error(`${host} gave no answer in time. ${ROUTE}`, { cause });
      const { code } = networkFault(causeOf(cause));
      const remedy = Object.hasOwn(REMEDIES, code) ? REMEDIES[code] : undefined;
      throw new Error(
        `${host} cannot be reached: ${code}. ${remedy ?? 'Look at the URL, the network and the proxy.'}`,
        {
          cause,
        },
      );
    }
  };
