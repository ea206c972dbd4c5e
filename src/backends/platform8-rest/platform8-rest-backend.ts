/** DigiCert PKI Platform 8 as the issuer of an authority, by its REST interface. */
import type { Clock } from '../../core/environment.ts';
import { IssuerError } from '../../core/errors.ts';
import type { Issued, IssuerCapabilities, RevocationOrder, RevocationReason } from '../../core/issuer.ts';
import type { EnrollmentRequest } from '../../core/request.ts';
import { field } from '../../outbound/untrusted-json.ts';
import type { Backend } from '../backend.ts';
import type { BackendCall, BackendReply } from '../backend-call.ts';
import type { BackendClient } from '../backend-client.ts';
import { backendFault } from '../backend-fault.ts';
import { seatOf } from '../digicert/digicert-attributes.ts';
import type { DigicertSettings } from '../digicert/digicert-settings.ts';
import { certificateFor, certificatesIn } from '../given-certificates.ts';
import { keyHashOf } from '../open-order.ts';
import { refusedReply } from '../said.ts';
import { type WantedEnd, wholeDays } from '../wanted-certificate.ts';
import { attributesFor, type NamePlace, placesOf, unfillable } from './platform8-rest-names.ts';

/** As the services of `digicertBackend`. */
export type Platform8RestServices = {
  client: BackendClient;
  clock: Clock;
  endOf?: WantedEnd | undefined;
  chain: readonly Uint8Array[];
};

/** The reasons that it takes. There is no hold. */
const REASONS: Readonly<Partial<Record<RevocationReason, string>>> = {
  keyCompromise: 'key_compromise',
  affiliationChanged: 'affiliation_changed',
  superseded: 'superseded',
  cessationOfOperation: 'cessation_of_operation',
};

/** It has neither a search nor orders that are the same twice: an order whose answer is lost may be a certificate that nobody has. */
const CAPABILITIES: IssuerCapabilities = {
  sanFromRequest: true,
  revokeReasons: Object.keys(REASONS) as RevocationReason[],
};

const API = '/mpki/api/v1';

/** The profile is read before the first order, and again before the one that follows an error. Calls throw IssuerError. */
export function platform8RestBackend(settings: DigicertSettings, services: Platform8RestServices): Backend {
  const { client, clock, endOf, chain } = services;
  let places: readonly NamePlace[] | undefined;

  /** DigiCert refuses a call without a User-Agent. */
  const call = (asked: BackendCall, signal: AbortSignal): Promise<BackendReply> => {
    const headers = { 'x-api-key': settings.apiKey, 'user-agent': 'openndes' };
    return client.call({ ...asked, path: `${API}${asked.path}`, headers, secrets: [settings.apiKey] }, signal);
  };

  const fault = (doing: string, reply: BackendReply): IssuerError =>
    refusedReply(reply, {
      what: `DigiCert PKI Platform (${client.host}), ${doing}`,
      codes: { 500: 'unknown-outcome' },
      secrets: [settings.apiKey],
    });

  /** Devices wait until the profile is mended. */
  const unfit = (why: string): IssuerError =>
    backendFault('misconfigured', `DigiCert PKI Platform (${client.host}): ${why}`, { retryable: true });

  async function readPlaces(signal: AbortSignal): Promise<readonly NamePlace[]> {
    const path = `/profile/${encodeURIComponent(settings.profileId)}`;
    const reply = await call({ method: 'GET', path, idempotent: true }, signal);
    if (reply.status === 404) throw unfit(`it has no profile ${settings.profileId}`);
    if (reply.status !== 200) throw fault('the profile', reply);
    const read = placesOf(reply.json);
    const lacking = unfillable(read);
    if (!lacking) return read;
    throw unfit(`the profile demands ${lacking.type}, which no request has: fix its value in the profile`);
  }

  async function order({ csr }: EnrollmentRequest, end: Date | undefined, signal: AbortSignal): Promise<Issued> {
    const validity = end && wholeDays(end, clock());
    const json = {
      profile: { id: settings.profileId },
      seat: { seat_id: seatOf(csr, settings.seat) },
      csr: Buffer.from(csr.der).toString('base64'),
      ...(validity && { validity: { unit: 'days', duration: validity.days } }),
      attributes: attributesFor(csr, (places ??= await readPlaces(signal))),
    };
    const reply = await call({ method: 'POST', path: '/certificate', json, idempotent: false }, signal);
    if (reply.status !== 200 && reply.status !== 201) throw fault('an order', reply);
    const given = certificatesIn(field(reply.json, 'certificate'));
    const certificate = certificateFor(keyHashOf(csr.spki), given, 'DigiCert PKI Platform');
    return { kind: 'issued', certificate, chain, ...(validity && { wantedEnd: validity.end }) };
  }

  return {
    backend: 'platform8-rest',
    capabilities: { ...CAPABILITIES, ...(endOf && { validityOverride: true }) },
    async issue(request, decision, signal) {
      try {
        return await order(request, endOf?.(request, decision), signal);
      } catch (error) {
        // It may have come from a profile that was changed.
        places = undefined;
        throw error;
      }
    },
    revoke: (revocation, signal) => revoke({ call, fault }, revocation, signal),
    check: (signal) => readPlaces(signal).then(standing).catch(standingOf),
    close: client.close,
  };
}

type Calls = {
  call: (asked: BackendCall, signal: AbortSignal) => Promise<BackendReply>;
  fault: (doing: string, reply: BackendReply) => IssuerError;
};

/** One certificate by its serial number; the seat is never named. Reasons that it does not take become the most general of its own. */
async function revoke({ call, fault }: Calls, { serial, reason }: RevocationOrder, signal: AbortSignal): Promise<void> {
  const path = `/certificate/${serial.toUpperCase()}`;
  const json = { revocation_reason: REASONS[reason] ?? 'cessation_of_operation' };
  const reply = await call({ method: 'PUT', path: `${path}/revoke`, json, idempotent: true }, signal);
  if (reply.status < 300) return;
  const { json: now } = await call({ method: 'GET', path, idempotent: true }, signal);
  if (!/^revoked$/i.test(String(field(now, 'status')))) throw fault(`the revocation of ${serial}`, reply);
}

const standing = (): { ok: boolean; detail: string } => ({ ok: true, detail: 'the profile can be read' });

function standingOf(error: unknown): { ok: boolean; detail: string } {
  if (error instanceof IssuerError) return { ok: false, detail: error.adminText };
  throw error;
}
