/** AD CS as the issuer of an authority, by the web pages of *Certification Authority Web Enrollment*. */
import { IssuerError } from '../../core/errors.ts';
import type { Clock } from '../../core/environment.ts';
import type { IssuancePending, Issued, IssuerCapabilities } from '../../core/issuer.ts';
import { equalBytes } from '../../core/bytes.ts';
import { readCertificate } from '../../pkix/certificate.ts';
import { readKey } from '../../pkix/public-key.ts';
import { owedRevocation } from '../adcs/owed-revocation.ts';
import type { Backend } from '../backend.ts';
import type { BackendClient } from '../backend-client.ts';
import { backendFault } from '../backend-fault.ts';
import { foreignReference, keyHashOf, type OpenOrder, orderOf, referenceOf } from '../open-order.ts';
import { wantedCertificates, type WantedPlace } from '../wanted-certificate.ts';
import {
  type AskCertsrv,
  CERTIFICATE,
  certificateOf,
  certsrvExchange,
  PAGE,
  pageFault,
  pageOf,
  secretsOf,
} from './certsrv-exchange.ts';
import { assertTemplate, orderForm } from './certsrv-order.ts';
import type { CertsrvSettings } from './certsrv-settings.ts';

/** `client`: with the address of certsrv, such as `https://ca.example.com/certsrv`. */
export type CertsrvServices = { client: BackendClient; clock: Clock; place: WantedPlace };

const CAPABILITIES: IssuerCapabilities = { sanFromCsr: true, pending: true };

/** Seconds until the CA is asked again whether a person has approved. */
const APPROVAL_SECONDS = 300;
/** Until a certificate is fetched again that was made. */
const FETCH_SECONDS = 60;

/** `holder` in references: numbers of requests are of the CA, whichever way it is asked. */
const HOLDER = 'adcs';

/**
 * The backend. Its calls throw IssuerError. A certificate that was made and cannot be fetched is an order that waits. Throws ConfigError for a
 * template or an account that cannot be sent.
 */
export function certsrvBackend(settings: CertsrvSettings, { client, clock, place }: CertsrvServices): Backend {
  assertTemplate(settings.template);
  const ask = certsrvExchange(client, settings);
  const wanted = wantedCertificates(place, clock);
  const chain = [place.certificate, ...place.chain];
  const { host } = client;
  const secrets = secretsOf(settings.login);
  const fetch = fetching(ask, chain, { host, secrets });
  return {
    backend: 'adcs-certsrv',
    capabilities: { ...CAPABILITIES, ...(settings.expirationDate && { validityOverride: true }) },
    async issue(request, decision, signal) {
      signal.throwIfAborted();
      const end = settings.expirationDate ? wanted(request, decision).notAfter : undefined;
      const form = orderForm(request.csr, settings.template, end);
      const call = { path: '/certfnsh.asp', accepts: PAGE, method: 'POST', idempotent: false, ...form } as const;
      const { made, order } = placed(await ask(call, signal), keyHashOf(request.csr.spki), { host, secrets });
      if (!made) return waiting(order, APPROVAL_SECONDS);
      const answer = await fetch(order, signal).catch((error: unknown) => later(error, order));
      return answer.kind === 'issued' && end ? { ...answer, wantedEnd: end } : answer;
    },
    async poll(reference, signal) {
      const order = orderOf(reference);
      if (order.holder !== HOLDER) throw foreignReference(reference);
      return fetch(order, signal);
    },
    revoke: async ({ serial }) => {
      throw owedRevocation(serial, 'the web enrolment');
    },
    check: (signal) => check(ask, place.certificate, signal).catch(unhealthy),
    close: client.close,
  };
}

const waiting = (order: OpenOrder, retryAfter: number): IssuancePending => ({
  kind: 'pending',
  reference: referenceOf(order),
  retryAfter,
});

function later(error: unknown, order: OpenOrder): IssuancePending {
  if (error instanceof IssuerError && error.retryable) return waiting(order, FETCH_SECONDS);
  throw error;
}

/** Who was asked, and with which secrets. */
type Asked = { host: string; secrets: readonly string[] };

/** What the page after an order says. Throws IssuerError. */
function placed(
  reply: Parameters<typeof pageOf>[0],
  keyHash: string,
  { host, secrets }: Asked,
): { made: boolean; order: OpenOrder } {
  const page = pageOf(reply);
  const isTaken = page.kind === 'issued' || page.kind === 'pending';
  if (isTaken && page.number !== undefined)
    return { made: page.kind === 'issued', order: { id: page.number, holder: HOLDER, keyHash } };
  throw pageFault(page, { doing: `certsrv (${host}), an order`, unknown: 'unknown-outcome', secrets });
}

/** Fetches the certificate of an order. */
const fetching =
  (ask: AskCertsrv, chain: readonly Uint8Array[], { host, secrets }: Asked) =>
  async (order: OpenOrder, signal: AbortSignal): Promise<Issued | IssuancePending> => {
    const path = `/certnew.cer?ReqID=${order.id}&Enc=bin`;
    const doing = `certsrv (${host}), the request ${order.id}`;
    const reply = await ask({ path, accepts: [CERTIFICATE, PAGE] }, signal);
    const certificate = certificateOf(reply);
    if (certificate) return { kind: 'issued', certificate: ofOrder(certificate, order, doing), chain };
    const page = pageOf(reply);
    if (page.kind === 'pending') return waiting(order, APPROVAL_SECONDS);
    throw pageFault(page, { doing, unknown: 'unavailable', secrets, isFinal: true });
  };

/** A number can be that of another request: the key says whose certificate it is. */
function ofOrder(certificate: Uint8Array, { keyHash }: OpenOrder, doing: string): Uint8Array {
  if (keyHashOf(readKey(readCertificate(certificate).spki).spki) === keyHash) return certificate;
  throw backendFault('rejected', `${doing}: the certificate with this number has another key`);
}

/** Reads the certificate of the CA of now, for which the account must be known, and compares it. */
async function check(
  ask: AskCertsrv,
  pinned: Uint8Array,
  signal: AbortSignal,
): Promise<{ ok: boolean; detail: string }> {
  const page = await ask({ path: '/certcarc.asp', accepts: PAGE }, signal);
  const renewals = /\bnRenewals\s*=\s*(\d{1,5})\b/.exec(page.octets.toString('utf8'))?.[1];
  if (renewals === undefined) return { ok: false, detail: 'the page certcarc.asp of certsrv does not list the CA' };
  const path = `/certnew.cer?ReqID=CACert&Renewal=${renewals}&Enc=bin`;
  const certificate = certificateOf(await ask({ path, accepts: [CERTIFICATE, PAGE] }, signal));
  if (!certificate) return { ok: false, detail: 'certsrv does not give the certificate of the CA' };
  const isPinned = equalBytes(readCertificate(certificate).spki, readCertificate(pinned).spki);
  const renewed = 'the CA issues with another key than that of `certificate`: it was renewed, or it is another CA';
  return { ok: isPinned, detail: isPinned ? 'the CA can be asked' : renewed };
}

function unhealthy(error: unknown): { ok: boolean; detail: string } {
  if (error instanceof IssuerError) return { ok: false, detail: error.adminText };
  throw error;
}
