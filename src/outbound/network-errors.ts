/** What the error codes of Node.js, OpenSSL and undici mean: the remedy, and whether a retry can help. */

/** `code` is the system's code, or the message of an error without one. `remedy` is for an administrator. */
export type NetworkFault = { code: string; remedy: string; retryable: boolean };

const CERTIFICATE = 'The certificate of the service is not trusted. If a proxy opens TLS, give its CA as `trustCa`.';
const CLOCK = 'Look at the clock of this machine.';
const DNS = 'Look at the DNS of this machine, or give a `proxy`.';
const ROUTE = 'Look at the firewall, or give a `proxy`.';
const PROXY = 'Look at host and port in `proxy`, and whether the proxy runs.';

/** A certificate that is not trusted stays so: a retry does not help. */
const FAULTS: Readonly<Record<string, Omit<NetworkFault, 'code'>>> = {
  SELF_SIGNED_CERT_IN_CHAIN: { remedy: CERTIFICATE, retryable: false },
  DEPTH_ZERO_SELF_SIGNED_CERT: { remedy: CERTIFICATE, retryable: false },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { remedy: CERTIFICATE, retryable: false },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { remedy: CERTIFICATE, retryable: false },
  CERT_HAS_EXPIRED: { remedy: CLOCK, retryable: false },
  CERT_NOT_YET_VALID: { remedy: CLOCK, retryable: false },
  ERR_TLS_CERT_ALTNAME_INVALID: { remedy: 'Something else answers under this name.', retryable: false },
  ENOTFOUND: { remedy: DNS, retryable: true },
  EAI_AGAIN: { remedy: DNS, retryable: true },
  ECONNREFUSED: { remedy: ROUTE, retryable: true },
  EHOSTUNREACH: { remedy: ROUTE, retryable: true },
  ENETUNREACH: { remedy: ROUTE, retryable: true },
};

/** The alerts of TLS (RFC 8446 6.2) with which a service refuses the certificate of its client, or that there is none. */
export const IDENTITY_ALERT =
  /^ERR_SSL_.*ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|ACCESS_DENIED)/;
const REFUSED_IDENTITY = {
  remedy: 'The service wants a client certificate that it knows: look at the certificate, its end and its CA.',
  retryable: false,
};

/** The remedy for a fault without a row, and for a timeout. */
export const NETWORK_REMEDY = 'Look at the network, the proxy and the service health.';

/**
 * The fault behind an error of `undici.request`. An unknown code is taken as temporary. `proxy`: host and port of the proxy
 * in use. This machine then looks up and connects to the proxy alone, so that such a fault is the proxy's.
 */
export function networkFault(error: unknown, proxy?: string): NetworkFault {
  const { code, message } = rootCause(error);
  const status = /^Proxy response \((\d{3})\)/.exec(message)?.[1];
  if (status !== undefined) return refusedByProxy(Number(status));
  const row = IDENTITY_ALERT.test(code) ? REFUSED_IDENTITY : Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
  if (proxy !== undefined && (row?.remedy === DNS || row?.remedy === ROUTE))
    return { code: `${code} at the proxy ${proxy}`, remedy: PROXY, retryable: row.retryable };
  return { code: code || message, ...(row ?? { remedy: NETWORK_REMEDY, retryable: true }) };
}

/** No tunnel (RFC 9110 9.3.6). undici has the status in its message only. */
const refusedByProxy = (status: number): NetworkFault => ({
  code: `the proxy answered HTTP ${status}`,
  remedy:
    status === 407
      ? 'Look at the user and the password in `proxy`.'
      : 'The proxy must open tunnels (CONNECT) to the host on port 443: look at its rules.',
  retryable: status >= 500 || status === 429,
});

/** undici and Node.js wrap errors: the innermost cause that has a code names the fault. */
function rootCause(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return rootCause(error.errors[0]);
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const inner = error.cause === undefined ? undefined : rootCause(error.cause);
  if (inner?.code) return inner;
  // The parser of undici has the property without a value.
  const { code } = error as { code?: unknown };
  return { code: typeof code === 'string' || typeof code === 'number' ? String(code) : '', message: error.message };
}
