/** Orders of certificates at DigiCert Trust Lifecycle Manager: placed, picked up, found again. */
import type { Clock } from '../../core/environment.ts';
import type { IssuancePending, Issued } from '../../core/issuer.ts';
import type { EnrollmentRequest } from '../../core/request.ts';
import { field, textField } from '../../outbound/untrusted-json.ts';
import type { BackendCall, BackendReply } from '../backend-call.ts';
import type { BackendClient } from '../backend-client.ts';
import { backendFault } from '../backend-fault.ts';
import { certificateFor, certificatesIn, type SoughtCertificate } from '../given-certificates.ts';
import { keyHashOf, type OpenOrder, referenceOf } from '../open-order.ts';
import { refusedReply } from '../said.ts';
import { type WantedEnd, wholeDays } from '../wanted-certificate.ts';
import { attributesOf, seatOf } from './digicert-attributes.ts';
import { profileFault } from './digicert-profile.ts';
import { searchPath, searchSeat } from './digicert-search.ts';
import type { DigicertSettings } from './digicert-settings.ts';

/**
 * With what DigiCert is asked. `chain`: the CA and the ones above it, DER, as configured. `endOf`: what an order says about the end of its
 * certificate; absent where the profile at DigiCert decides.
 */
export type DigicertParts = {
  settings: DigicertSettings;
  client: BackendClient;
  clock: Clock;
  endOf?: WantedEnd | undefined;
  chain: readonly Uint8Array[];
};

/** Seconds until an order that waits is asked about again. */
const PICKUP_SECONDS = 120;

/** One call with the key of the service user. DigiCert refuses a call without a User-Agent. */
export const callDigicert = (
  { client, settings: { apiKey } }: DigicertParts,
  call: BackendCall,
  signal: AbortSignal,
): Promise<BackendReply> => {
  const headers = { 'x-api-key': apiKey, 'user-agent': 'openndes' };
  return client.call({ ...call, headers, secrets: [apiKey] }, signal);
};

/** The error for a reply that is no success. `codes`: where DigiCert means something else by a status. */
export const digicertFault = (doing: string, reply: BackendReply, { settings, client }: DigicertParts) =>
  refusedReply(reply, {
    what: `DigiCert (${client.host}), ${doing}`,
    codes: { 500: 'unknown-outcome' },
    secrets: [settings.apiKey],
  });

/** Throws IssuerError when nothing can be ordered with the profile. */
export async function readProfile(parts: DigicertParts, signal: AbortSignal): Promise<void> {
  const path = `/mpki/api/v2/profile/${encodeURIComponent(parts.settings.profileId)}`;
  const reply = await callDigicert(parts, { method: 'GET', path, idempotent: true }, signal);
  if (reply.status !== 200) throw digicertFault('the profile', reply, parts);
  const fault = profileFault(reply.json);
  if (fault !== undefined)
    throw backendFault('misconfigured', `DigiCert (${parts.client.host}), the profile: ${fault}`, { retryable: true });
}

/** Throws IssuerError. */
export async function place(
  parts: DigicertParts,
  { csr }: EnrollmentRequest,
  wanted: Date | undefined,
  signal: AbortSignal,
): Promise<Issued | IssuancePending> {
  const holder = seatOf(csr, parts.settings.seat);
  const since = parts.clock();
  const validity = wanted && wholeDays(wanted, since);
  const json = {
    profile: { id: parts.settings.profileId },
    seat: { seat_id: holder },
    csr: Buffer.from(csr.der).toString('base64'),
    ...(validity && { validity: { unit: 'days', duration: validity.days } }),
    delivery_format: 'x509',
    include_ca_chain: false,
    attributes: attributesOf(csr),
  };
  const call = { method: 'POST', path: '/mpki/api/v1/certificate', json, idempotent: false } as const;
  const reply = await callDigicert(parts, call, signal);
  if (reply.status < 200 || reply.status > 299) throw digicertFault('an order', reply, parts);
  const id = textField(reply.json, 'request_id');
  if (id !== undefined && field(reply.json, 'certificate') === undefined)
    return waiting({ id, holder, keyHash: keyHashOf(csr.spki), since });
  const certificate = certificateFor(keyHashOf(csr.spki), certificatesIn(field(reply.json, 'certificate')), 'DigiCert');
  return { ...issued(parts, certificate), ...(validity && { wantedEnd: validity.end }) };
}

const waiting = (order: OpenOrder): IssuancePending => ({
  kind: 'pending',
  reference: referenceOf(order),
  retryAfter: PICKUP_SECONDS,
});

const issued = ({ chain }: DigicertParts, certificate: Uint8Array): Issued => ({ kind: 'issued', certificate, chain });

/** An order that was picked up before is searched for. Throws IssuerError. */
export async function pickUp(
  parts: DigicertParts,
  order: OpenOrder,
  signal: AbortSignal,
): Promise<Issued | IssuancePending> {
  const path = `/mpki/api/v1/certificate-pickup/${encodeURIComponent(order.id)}`;
  const reply = await callDigicert(parts, { method: 'POST', path, json: {}, idempotent: true }, signal);
  const given = certificatesIn(field(reply.json, 'certificate'));
  if (reply.status < 300)
    return given.length > 0 ? issued(parts, certificateFor(order.keyHash, given, 'DigiCert')) : waiting(order);
  const made = reply.status === 400 || reply.status === 404 ? await search(parts, order, signal) : undefined;
  if (made) return issued(parts, made);
  throw digicertFault(`the order ${order.id}`, reply, parts);
}

type Sought = SoughtCertificate & Pick<OpenOrder, 'holder'>;

const search = (parts: DigicertParts, { holder, ...sought }: Sought, signal: AbortSignal) =>
  searchSeat(async (offset) => {
    const path = searchPath(parts.settings.profileId, holder, offset);
    const reply = await callDigicert(parts, { method: 'GET', path, idempotent: true }, signal);
    if (reply.status !== 200) throw digicertFault('a search', reply, parts);
    return reply;
  }, sought);

/** The certificate of the seat with the key of the request that was made since then. Throws IssuerError. */
export async function findAtDigicert(
  parts: DigicertParts,
  { csr, renews }: EnrollmentRequest,
  since: Date | undefined,
  signal: AbortSignal,
): Promise<Issued | undefined> {
  const sought = { holder: seatOf(csr, parts.settings.seat), keyHash: keyHashOf(csr.spki), since };
  const made = await search(parts, { ...sought, but: renews?.certificate }, signal);
  return made && issued(parts, made);
}
