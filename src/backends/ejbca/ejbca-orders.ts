/** Orders of certificates at EJBCA: placed, approved by a person there, found again. */
import type { RandomBytes } from '../../core/environment.ts';
import type { IssuancePending, Issued } from '../../core/issuer.ts';
import type { EnrollmentRequest } from '../../core/request.ts';
import { field } from '../../outbound/untrusted-json.ts';
import type { BackendCall, BackendReply } from '../backend-call.ts';
import type { BackendClient } from '../backend-client.ts';
import { said } from '../said.ts';
import { certificateIn, certificateWithKey } from './ejbca-answers.ts';
import {
  enrollmentBody,
  finalizeBody,
  keyHashOf,
  referenceOf,
  searchBody,
  usernameOf,
  type WaitingOrder,
} from './ejbca-enrollment.ts';
import { ejbcaFault } from './ejbca-faults.ts';
import type { EjbcaSettings } from './ejbca-settings.ts';

/** `chain`: the CA and the ones above it, DER, as configured. `client`: with the client certificate of openndes. */
export type EjbcaServices = {
  client: BackendClient;
  random: RandomBytes;
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
  signal: AbortSignal,
): Promise<Issued | IssuancePending> {
  signal.throwIfAborted();
  const body = (password: string): object => enrollmentBody(request, parts.settings, password);
  const reply = await place(parts, '/certificate/pkcs10enroll', body, signal);
  if (reply.status === 202) return pendingOrder(reply, request, parts);
  if (reply.status !== 201) throw ejbcaFault('an order', reply);
  return issued(parts, certificateIn(reply.json));
}

const issued = ({ chain }: EjbcaParts, certificate: Uint8Array): Issued => ({ kind: 'issued', certificate, chain });

function pendingOrder(reply: BackendReply, request: EnrollmentRequest, { settings }: EjbcaParts): IssuancePending {
  const requestId = String(field(reply.json, 'request_id'));
  if (!/^\d+$/.test(requestId)) throw ejbcaFault('an order without the number of its approval', reply);
  const username = usernameOf(request, settings.usernamePrefix);
  return waiting(referenceOf({ requestId, username, keyHash: keyHashOf(request.csr.spki) }));
}

const waiting = (reference: string): IssuancePending => ({ kind: 'pending', reference, retryAfter: APPROVAL_SECONDS });

/** What a person has decided. An order that was finalized before has its certificate in EJBCA. Throws IssuerError. */
export async function finalize(
  parts: EjbcaParts,
  order: WaitingOrder,
  signal: AbortSignal,
): Promise<Issued | IssuancePending> {
  const reply = await place(parts, `/certificate/${order.requestId}/finalize`, finalizeBody, signal);
  if (reply.status === 201) return issued(parts, certificateIn(reply.json));
  if (reply.status === 202) return waiting(referenceOf(order));
  const made = reply.status === 400 && !DECIDED_AGAINST.test(said(reply, [])) && (await search(parts, order, signal));
  if (made) return issued(parts, made);
  throw ejbcaFault(`the approval ${order.requestId}`, reply);
}

const DECIDED_AGAINST = /rejected|expired|could not/i;

type Sought = { username: string; keyHash: string; but?: Uint8Array };

async function search(parts: EjbcaParts, sought: Sought, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const call = { method: 'POST', path: '/certificate/search', json: searchBody(sought.username) } as const;
  const reply = await askEjbca(parts, call, signal);
  if (reply.status !== 200) throw ejbcaFault('a search', reply);
  return certificateWithKey(field(reply.json, 'certificates'), sought.keyHash, sought.but);
}

/** The certificate of the end entity with the key of the request. Throws IssuerError. */
export async function findOrder(
  parts: EjbcaParts,
  request: EnrollmentRequest,
  signal: AbortSignal,
): Promise<Issued | undefined> {
  const { csr, renews } = request;
  const username = usernameOf(request, parts.settings.usernamePrefix);
  const but = renews && { but: renews.certificate };
  const made = await search(parts, { username, keyHash: keyHashOf(csr.spki), ...but }, signal);
  return made && issued(parts, made);
}
