/** Addresses of clients in one form, however a socket or a proxy writes them. */

const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
/** Azure Application Gateway and others write the port too: `203.0.113.7:51008`, `[2001:db8::17]:47011`. */
const IPV4 = new RegExp(String.raw`^(${OCTET}(?:\.${OCTET}){3})(?::\d{1,5})?$`);
const BRACKETS = /^\[([^\]]*)\](?::\d{1,5})?$/;
const IPV6 = /^([\da-f:.]{2,45})(?:%[\w.-]{1,32})?$/i;
/** An IPv4 address in IPv6 (RFC 4291 2.5.5.2), as the URL standard writes it. */
const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;

/**
 * The address without port, brackets and zone; IPv6 as RFC 5952 writes it, and an IPv4 address that is mapped into IPv6 as
 * IPv4. Undefined for text that is no address.
 */
export function parseAddress(text: string): string | undefined {
  const written = text.trim();
  return IPV4.exec(written)?.[1] ?? parseIpv6(BRACKETS.exec(written)?.[1] ?? written);
}

function parseIpv6(text: string): string | undefined {
  const [, address] = IPV6.exec(text) ?? [];
  const canonical = address === undefined ? undefined : URL.parse(`http://[${address}]`)?.hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(canonical ?? '') ?? [];
  if (high === undefined || low === undefined) return canonical;
  return [high, low].map((group) => octetsOf(Number.parseInt(group, 16))).join('.');
}

const octetsOf = (group: number): string => `${group >> 8}.${group & 0xff}`;

/** What fastify knows of where a request came from. */
type Origin = { ip: string | undefined; socket: { remoteAddress?: string | undefined } };

/**
 * The address of a client; empty after it has closed the connection. An `ip` that is no address came from a proxy, whose
 * own address then counts.
 */
export const clientAddress = ({ ip = '', socket }: Origin): string =>
  parseAddress(ip) ?? parseAddress(socket.remoteAddress ?? '') ?? ip;

/** No installation has so many proxies in a row; what stands before was written by the client. */
const MOST_HOPS = 32;

/**
 * Rewrites `X-Forwarded-For` before it is compared with the trusted proxies: each entry becomes an address, and what is no
 * address is removed with everything before it, because no one knows which proxy it came from.
 */
export function normalizeForwardedFor(headers: Record<string, string | string[] | undefined>): void {
  const header = headers['x-forwarded-for'];
  if (typeof header !== 'string') return;
  const hops = header
    .split(',')
    .slice(-MOST_HOPS)
    .filter((hop) => hop.trim() !== '')
    .map(parseAddress);
  headers['x-forwarded-for'] = hops.slice(hops.lastIndexOf(undefined) + 1).join(', ');
}

const GROUPS = 8;

/** One subscriber: an IPv4 address, or a whole /64 of IPv6, which one subscriber can use up. Other text is its own network. */
export function networkOf(text: string): string {
  const address = parseAddress(text) ?? text;
  if (!address.includes(':')) return address;
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: GROUPS - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].slice(0, GROUPS / 2).join(':');
}
