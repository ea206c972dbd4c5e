/** Orders of certificates at EJBCA: placed, approved by a person there, found again. */
import { defined } from '../../core/defined.ts';
import type { Clock, RandomBytes } from '../../core/environment.ts';
import type { IssuancePending, Issued } from '../../core/issuer.ts';
import type { EnrollmentRequest } from '../../core/request.ts';
import { asObject, field } from '../../outbound/untrusted-json.ts';
import type { BackendCall, BackendReply } from '../backend-call.ts';
import type { BackendClient } from '../backend-client.ts';
import { backendFault } from '../backend-fault.ts';
import { certificateFor, certificatesIn, newestWithKey, type SoughtCertificate } from '../given-certificates.ts';
import type { WantedEnd } from '../wanted-certificate.ts';
import { keyHashOf, type OpenOrder, referenceOf } from '../open-order.ts';
import { said } from '../said.ts';
import { enrollmentBody, finalizeBody, searchBody, usernameOf } from './ejbca-enrollment.ts';
import { ejbcaFault } from './ejbca-faults.ts';
import type { EjbcaSettings } from './ejbca-settings.ts';

/**
 * `chain`: the CA and the ones above it, DER, as configured. `client`: with the client certificate of openndes. `endOf`: what an order says
 * about the end of its certificate; absent where EJBCA decides.
 */
export type EjbcaServices = {
  client: BackendClient;
  clock: Clock;
  random: RandomBytes;
  endOf?: WantedEnd | undefined;
  chain: readonly Uint8Array[];
};

/** Seconds until EJBCA is asked again whether a person has approved. */
const APPROVAL_SECONDS = 300;

/** With what EJBCA is asked. */
export type EjbcaParts = EjbcaServices & { settings: EjbcaSettings };

/** A call that changes nothing, or nothing more the second time. */
export const askEjbca = (
  { client }: EjbcaParts,
  call: Omit<BackendCall, 'idempotent'>,
  signal: AbortSignal,
): Promise<BackendReply> => client.call({ ...call, idempotent: true }, signal);

/** An order, which is not sent a second time by itself. EJBCA wants a password for each, which nobody uses. */
function place(parts: EjbcaParts, path: string, body: (password: string) => object, signal: AbortSignal) {
  const password = Buffer.from(parts.random(24)).toString('base64url');
  const call = { method: 'POST', path, json: body(password), secrets: [password], idempotent: false } as const;
  return parts.client.call(call, signal);
}

/** Throws IssuerError. */
export async function enroll(
  parts: EjbcaParts,
  request: EnrollmentRequest,
  wantedEnd: Date | undefined,
  signal: AbortSignal,
): Promise<Issued | IssuancePending> {
  signal.throwIfAborted();
  const since = parts.clock();
  const body = (password: string): object => enrollmentBody(request, parts.settings, { password, end: wantedEnd });
  const reply = await place(parts, '/certificate/pkcs10enroll', body, signal);
  if (reply.status === 202) return waiting(referenceOf({ id: approvalIn(reply), since, ...soughtFor(request, parts) }));
  if (reply.status !== 201) throw ejbcaFault('an order', reply);
  return { ...issued(parts, madeBy(reply, keyHashOf(request.csr.spki))), ...defined({ wantedEnd }) };
}

const madeBy = ({ json }: BackendReply, keyHash: string): Uint8Array =>
  certificateFor(keyHash, certificatesIn(field(json, 'certificate')), 'EJBCA');

const issued = ({ chain }: EjbcaParts, certificate: Uint8Array): Issued => ({ kind: 'issued', certificate, chain });

function approvalIn(reply: BackendReply): string {
  const id = String(field(reply.json, 'request_id'));
  if (!/^\d+$/.test(id)) throw ejbcaFault('an order without the number of its approval', reply);
  return id;
}

const soughtFor = (request: EnrollmentRequest, { settings }: EjbcaParts) => ({
  holder: usernameOf(request, settings.usernamePrefix),
  keyHash: keyHashOf(request.csr.spki),
});

const waiting = (reference: string): IssuancePending => ({ kind: 'pending', reference, retryAfter: APPROVAL_SECONDS });

/** What a person has decided. An order that was finalized before has its certificate in EJBCA. Throws IssuerError. */
export async function finalize(
  parts: EjbcaParts,
  order: OpenOrder,
  signal: AbortSignal,
): Promise<Issued | IssuancePending> {
  const reply = await place(parts, `/certificate/${order.id}/finalize`, finalizeBody, signal);
  if (reply.status === 201) return issued(parts, madeBy(reply, order.keyHash));
  if (reply.status === 202) return waiting(referenceOf(order));
  const made = reply.status === 400 && !DECIDED_AGAINST.test(said(reply, [])) && (await search(parts, order, signal));
  if (made) return issued(parts, made);
  throw ejbcaFault(`the approval ${order.id}`, reply);
}

const DECIDED_AGAINST = /rejected|expired|could not/i;

type Sought = SoughtCertificate & Pick<OpenOrder, 'holder'>;

async function search(parts: EjbcaParts, sought: Sought, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const call = { method: 'POST', path: '/certificate/search', json: searchBody(sought) } as const;
  const reply = await askEjbca(parts, call, signal);
  if (reply.status !== 200) throw ejbcaFault('a search', reply);
  if (field(reply.json, 'more_results') === true)
    throw backendFault('unavailable', `EJBCA has more certificates of ${sought.holder} than it lists at once`);
  const rows = [field(reply.json, 'certificates')].flat().map(asObject);
  const given = rows.flatMap((row) => certificatesIn(field(row, 'certificate')));
  return newestWithKey(given, sought);
}

/** The certificate of the end entity with the key of the request that was made since then. Throws IssuerError. */
export async function findOrder(
  parts: EjbcaParts,
  request: EnrollmentRequest,
  since: Date | undefined,
  signal: AbortSignal,
): Promise<Issued | undefined> {
  const sought = { ...soughtFor(request, parts), since, but: request.renews?.certificate };
  const made = await search(parts, sought, signal);
  return made && issued(parts, made);
}
