/** TLS of the public URL: the versions that clients speak, the certificate, and no question for one of theirs. */
import { lookAtTls } from '../../outbound/tls-look.ts';
import { fail, type ProbeOutcome, pass, warn } from './doctor-probe.ts';
import { issuerIn } from './server-certificate.ts';

const TLS_TIMEOUT_MS = 10_000;

/** `trusted`: a CA was given that devices trust. */
export async function tlsOutcome(url: URL, trusted: boolean): Promise<ProbeOutcome> {
  if (url.protocol === 'http:')
    return warn(
      'The URL is plain http. SCEP protects its messages itself, but Android takes only https.',
      'Give Android devices an https URL; see docs/reverse-proxies.md.',
    );
  // Windows speaks at most this version to a SCEP server, and shows the question for a certificate.
  const old = await lookAtTls({ url: asked(url), maxVersion: 'TLSv1.2', timeoutMs: TLS_TIMEOUT_MS });
  if (old.asksForCertificate) return ASKS;
  const look = old.protocol === undefined ? await lookAtTls({ url: asked(url), timeoutMs: TLS_TIMEOUT_MS }) : old;
  if (look.protocol === undefined) return unreachable(url, look.fault);
  if (look !== old) return ONLY_13;
  const issuer = issuerIn(look) ?? 'an unknown issuer';
  if (look.fault !== undefined) return untrusted(url, issuer, look.fault);
  if (!look.isPublic && !trusted) return ownCa(issuer);
  return pass(`TLS 1.2 works, no client certificate is asked for, and "${issuer}" issued the certificate.`);
}

/** A server may ask for a certificate at the path only. */
function asked(url: URL): URL {
  const target = new URL(url);
  target.searchParams.set('operation', 'GetCACaps');
  return target;
}

const ASKS = fail(
  'The public URL asks for a client certificate. A device has none yet: Windows ends with 0x80072f78, and Apple cannot renew.',
  'Switch the question off for this name: `ssl_verify_client off` in nginx, client certificates "Ignore" in IIS, no mutual TLS at the gateway.',
  { cause: 'proxy' },
);

const ONLY_13 = fail(
  'The public URL speaks TLS 1.3 only. The SCEP client of Windows speaks at most TLS 1.2 and ends with 0x80072f8f.',
  'Allow TLS 1.2 too: `ssl_protocols TLSv1.2 TLSv1.3;` in nginx.',
  { cause: 'proxy' },
);

const unreachable = ({ host }: URL, fault: string | undefined): ProbeOutcome =>
  fail(
    `${host} cannot be reached: ${fault}.`,
    'Look at the DNS name, the port, the firewall, and whether the proxy and the server run.',
    { cause: 'proxy' },
  );

const untrusted = ({ host }: URL, issuer: string, fault: string): ProbeOutcome =>
  fail(
    `The TLS certificate of ${host}, issued by "${issuer}", is not accepted (${fault}).`,
    'Renew it, with this name and the certificates above it. If devices trust its CA, name that CA with --trust-ca.',
    { cause: 'proxy' },
  );

const ownCa = (issuer: string): ProbeOutcome =>
  warn(
    `The TLS certificate was issued by "${issuer}", which is no public CA.`,
    'See that every device trusts that CA before it enrols, and name it with --trust-ca; or use a public certificate.',
  );
