/** Whether the name of a service leads to an address, and whether it is a private one; behind a proxy, whether that answers. */
import { lookup } from 'node:dns/promises';
import { within } from '../../core/ask.ts';
import { probeDeadline } from '../../embed/system.ts';
import { connectionFault } from '../../outbound/connection-look.ts';
import { networkFault } from '../../outbound/network-errors.ts';
import { fail, type ProbeOutcome, pass, warn } from './doctor-probe.ts';

/** Loopback, private, link-local (RFC 1918, 3927, 4193, 4291). */
const PRIVATE = /^(?:0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|::1?$|f[cd]|fe[89ab])/i;

/** `proxy`: who asks for the name then. `isMicrosoft`: its services have public addresses. */
export async function addressOutcome(
  { hostname }: URL,
  { proxy, isMicrosoft }: { proxy?: string | undefined; isMicrosoft: boolean },
): Promise<ProbeOutcome> {
  if (proxy !== undefined) return proxyOutcome(new URL(proxy), hostname);
  const found = await addresses(hostname);
  if (typeof found === 'string')
    return fail(
      `The name ${hostname} has no address: ${found}.`,
      'Look at the DNS servers of this machine and at what they may resolve, or give a `proxy`.',
      { cause: 'network' },
    );
  const inside = found.find((address) => PRIVATE.test(address));
  if (isMicrosoft && inside !== undefined)
    return warn(
      `The name ${hostname} leads to the private address ${inside}.`,
      'Look whether the DNS of this network is meant to lead it there (a private link or a filter).',
      { cause: 'network', details: found },
    );
  return pass(`The name ${hostname} leads to ${found.join(', ')}.`);
}

async function proxyOutcome(proxy: URL, hostname: string): Promise<ProbeOutcome> {
  const fault = await connectionFault(proxy, probeDeadline());
  if (fault === undefined) return pass(`The proxy ${proxy.host} asks for the name ${hostname}.`);
  return fail(
    `The proxy ${proxy.host}, which asks for the name ${hostname}, does not answer: ${fault}.`,
    'Look at host and port in `proxy`, at the firewall before it, and whether the proxy runs.',
    { cause: 'network' },
  );
}

/** The code of why there is none. */
async function addresses(hostname: string): Promise<string[] | string> {
  const deadline = probeDeadline();
  try {
    const found = await within(() => lookup(hostname.replace(/^\[|\]$/g, ''), { all: true }), deadline);
    return found.map(({ address }) => address);
  } catch (error) {
    return deadline.aborted ? 'no answer of the DNS in time' : networkFault(error).code;
  }
}
