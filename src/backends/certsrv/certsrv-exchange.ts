/** The calls of certsrv, and what its answers mean. */
import { catchDerError } from '../../asn1/limits.ts';
import { ConfigError, type IssuerError, type IssuerErrorCode } from '../../core/errors.ts';
import { redacted } from '../../outbound/untrusted-json.ts';
import { readCertificate } from '../../pkix/certificate.ts';
import { hresultFault } from '../adcs/adcs-hresults.ts';
import type { BackendCall, BackendReply } from '../backend-call.ts';
import type { BackendClient } from '../backend-client.ts';
import { backendFault } from '../backend-fault.ts';
import { type CertsrvPage, readCertsrvPage } from './certsrv-pages.ts';
import type { CertsrvSettings } from './certsrv-settings.ts';

/** Asks certsrv. The result is a reply with status 200. Throws IssuerError. */
export type AskCertsrv = (call: Asked, signal: AbortSignal) => Promise<BackendReply>;
type Asked = Pick<BackendCall, 'path' | 'accepts'> & Partial<BackendCall>;

/** With the account of the settings. Throws ConfigError for a user with a colon, which basic authentication cannot send (RFC 7617 2). */
export function certsrvExchange(client: BackendClient, { login }: CertsrvSettings): AskCertsrv {
  if (login?.user.includes(':'))
    throw new ConfigError('user: has a colon', 'Write it as `DOMAIN\\name` or `name@example.com`.');
  const known = login ? { authorization: `Basic ${basicOf(login)}` } : {};
  const secrets = secretsOf(login);
  return async (call, signal) => {
    const whole = {
      method: 'GET',
      idempotent: true,
      ...call,
      headers: { ...known, ...call.headers },
      secrets,
    } as const;
    const reply = await client.call(whole, signal);
    if (reply.status !== 200) throw refusedStatus(reply, whole.idempotent, client.host);
    return reply;
  };
}

/** What a page may not bring into an error. */
export const secretsOf = (login: CertsrvSettings['login']): string[] => (login ? [login.password, basicOf(login)] : []);

/** The credentials of basic authentication (RFC 7617 2). */
const basicOf = ({ user, password }: NonNullable<CertsrvSettings['login']>): string =>
  Buffer.from(`${user}:${password}`).toString('base64');

const MEANINGS: Readonly<Record<number, readonly [IssuerErrorCode, string]>> = {
  401: [
    'unauthorised',
    'The account, its password or its ticket is refused, or IIS does not offer this authentication',
  ],
  403: ['unauthorised', 'IIS demands a client certificate, or refuses this one or this address'],
  404: [
    'misconfigured',
    'Is the role Certification Authority Web Enrollment there, and does the address end with /certsrv',
  ],
  413: ['invalid', 'IIS finds the request too large'],
};

function refusedStatus({ status }: BackendReply, isIdempotent: boolean, host: string): IssuerError {
  const other = isIdempotent ? ('unavailable' as const) : ('unknown-outcome' as const);
  const [code, remedy] = MEANINGS[status] ?? [other, 'The log of IIS says why'];
  return backendFault(code, `certsrv (${host}): HTTP ${status}. ${remedy}.`);
}

/** The page of a reply. */
export const pageOf = ({ octets }: BackendReply): CertsrvPage => readCertsrvPage(octets.toString('utf8'));

/** The certificate of a reply, DER; undefined for a page and for what is no certificate. */
export function certificateOf({ headers, octets }: BackendReply): Uint8Array | undefined {
  if (!headers['content-type']?.toLowerCase().startsWith(CERTIFICATE)) return undefined;
  return catchDerError(
    () => (readCertificate(octets), octets),
    () => undefined,
  );
}

/** The media type of one certificate. */
export const CERTIFICATE = 'application/pkix-cert';
/** That of the pages. */
export const PAGE = 'text/html';

/** A call, for the error of its page. `unknown`: what a page means that is none of certsrv. `isFinal`: what the CA denies now stays denied. */
export type PageFaultOptions = {
  doing: string;
  unknown: IssuerErrorCode;
  secrets: readonly string[];
  isFinal?: boolean;
};

/** The error for a page that has neither a certificate nor a place in the queue. */
export function pageFault(
  page: CertsrvPage,
  { doing, unknown, secrets, isFinal = false }: PageFaultOptions,
): IssuerError {
  if (!('hresult' in page))
    return backendFault(unknown, `${doing}: a page that is none of those of certsrv, or not whole`, {
      retryable: true,
    });
  const isDenied = page.kind === 'denied';
  const said = redacted(page.words, secrets);
  if (page.hresult !== undefined)
    return hresultFault(page.hresult, { what: doing, said, isFinal: isFinal && isDenied });
  const text = `${doing}: the CA ${isDenied ? 'denied the request' : 'answered with an error'}, and gave no number for it. ${said}`;
  return backendFault(isDenied ? 'rejected' : 'unavailable', text.trim());
}
