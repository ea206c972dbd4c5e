/** What the TLS certificate of a service of Microsoft says: whether something on the way opens TLS. */
import { clockDifference } from '../../app/clock-difference.ts';
import { catchDerError } from '../../asn1/limits.ts';
import { systemClock } from '../../embed/system.ts';
import { networkFault } from '../../outbound/network-errors.ts';
import type { TlsLook } from '../../outbound/tls-look.ts';
import { readCertificate } from '../../pkix/certificate.ts';
import { nameText } from '../../pkix/name.ts';
import { fail, type ProbeOutcome, pass, warn } from './doctor-probe.ts';

const OUT_OF_TIME = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];

/** `isMicrosoft`: only a public CA can have issued it. `proxy`: the URL of the proxy in use. */
export function certificateOutcome(
  { host }: URL,
  look: TlsLook,
  { isMicrosoft, proxy }: { isMicrosoft: boolean; proxy?: string | undefined },
): ProbeOutcome {
  const issuer = issuerIn(look);
  if (issuer === undefined) return notReached(host, look, proxy);
  const seen = `The TLS certificate of ${host} was issued by "${issuer}"`;
  if (look.fault !== undefined && OUT_OF_TIME.includes(look.fault)) return outOfTime(seen, look);
  if (look.fault !== undefined)
    return fail(
      `${seen}, which this machine does not trust (${look.fault}): a proxy or a firewall opens TLS.`,
      `Exempt ${host} from the inspection of TLS, or give the CA of the proxy as \`trustCa\` of the tenant.`,
      { cause: 'network' },
    );
  if (isMicrosoft && !look.isPublic)
    return warn(
      `${seen}, which is no public CA: a proxy or a firewall opens TLS, and is trusted.`,
      `Exempt ${host} from the inspection of TLS: what opens it sees the credential and the challenges.`,
      { cause: 'network' },
    );
  return pass(`${seen} and is trusted (${look.protocol}).`);
}

/** The clock is the cause only when the Date of the reply does not agree with it. */
function outOfTime(seen: string, { fault, date }: TlsLook): ProbeOutcome {
  if (date && clockDifference(date, systemClock) === undefined)
    return fail(
      `${seen}, and it is not valid now (${fault}), while the clock of this machine is right.`,
      'Something else answers in place of the service: look for a proxy or a firewall that opens TLS.',
      { cause: 'network' },
    );
  return fail(
    `${seen}, and by the clock of this machine it is not valid (${fault}).`,
    'Look at the clock of this machine first. If it is right, something else answers in place of the service.',
    { cause: 'clock' },
  );
}

function notReached(host: string, look: TlsLook, proxy: string | undefined): ProbeOutcome {
  const { code, remedy } = networkFault(coded(look), proxy && new URL(proxy).host);
  return fail(`${host} cannot be reached: ${code}.`, `${remedy} ${OPEN(host)}`, { cause: 'network' });
}

const OPEN = (host: string): string => `Outbound TCP 443 to ${host} must be open.`;

const coded = ({ fault = '' }: TlsLook): Error => Object.assign(new Error(fault), { code: fault });

/** The issuer of the certificate of a server, as text; undefined when none was shown. */
export function issuerIn({ chain: [own] }: Pick<TlsLook, 'chain'>): string | undefined {
  if (!own) return undefined;
  return catchDerError(
    () => nameText(readCertificate(own).issuer),
    () => 'a name that cannot be read',
  );
}
