/** EJBCA as the issuer of an authority, by its REST interface: orders, approvals, revocations. */
import {
  type IssuerCapabilities,
  type OrderReason,
  REVOCATION_REASONS,
  type RevocationOrder,
  type RevocationReason,
} from '../../core/issuer.ts';
import { asObject, field, textField } from '../../outbound/untrusted-json.ts';
import type { Backend } from '../backend.ts';
import { backendFault, unhealthy } from '../backend-fault.ts';
import { orderOf } from '../open-order.ts';
import { perNameTurns } from '../per-name-turns.ts';
import { usernameOf } from './ejbca-enrollment.ts';
import { ejbcaFault } from './ejbca-faults.ts';
import { askEjbca, type EjbcaParts, type EjbcaServices, enroll, finalize, findOrder } from './ejbca-orders.ts';
import { issuerAsListed, type ListedCa, revocationPath } from './ejbca-revocation.ts';
import type { EjbcaSettings } from './ejbca-settings.ts';

const CAPABILITIES: IssuerCapabilities = {
  sanFromCsr: true,
  pending: true,
  find: true,
  revokeReasons: Object.keys(REVOCATION_REASONS) as RevocationReason[],
};

/** The backend. Its calls throw IssuerError. */
export function ejbcaBackend(settings: EjbcaSettings, services: EjbcaServices): Backend {
  const parts: EjbcaParts = { settings, ...services };
  const inTurn = perNameTurns();
  return {
    backend: 'ejbca',
    capabilities: { ...CAPABILITIES, ...(services.endOf && { validityOverride: true }) },
    async issue(request, decision, signal) {
      const end = services.endOf?.(request, decision);
      return inTurn(usernameOf(request, settings.usernamePrefix), () => enroll(parts, request, end, signal));
    },
    async poll(reference, signal) {
      const order = orderOf(reference);
      return inTurn(order.holder, () => finalize(parts, order, signal));
    },
    find: (request, signal, since) => findOrder(parts, request, since, signal),
    revoke: (order, signal) => revoke(parts, order, signal),
    release: (order, signal) => revoke(parts, { ...order, reason: 'removeFromCRL' }, signal),
    check: (signal) => check(parts, signal).catch(unhealthy),
    close: services.client.close,
  };
}

type Revocation = Omit<RevocationOrder, 'reason'> & { reason: OrderReason };

/** 409: it is revoked already. */
async function revoke(parts: EjbcaParts, { issuer, serial, reason }: Revocation, signal: AbortSignal): Promise<void> {
  const listed = issuerAsListed(issuer, await listedCas(parts, signal), parts.settings.certificateAuthority);
  if (listed === undefined) throw backendFault('misconfigured', `EJBCA does not list the CA ${issuer}`);
  const reply = await askEjbca(parts, { method: 'PUT', path: revocationPath(listed, serial, reason) }, signal);
  if (reply.status === 202)
    throw backendFault('unavailable', `EJBCA: the revocation of ${serial} waits for an approval there`);
  if (reply.status !== 200 && reply.status !== 409) throw ejbcaFault(`the revocation of ${serial}`, reply);
}

async function listedCas(parts: EjbcaParts, signal: AbortSignal): Promise<readonly ListedCa[]> {
  const reply = await askEjbca(parts, { method: 'GET', path: '/ca' }, signal);
  if (reply.status !== 200) throw ejbcaFault('the list of CAs', reply);
  return [field(reply.json, 'certificate_authorities')].flat().map((ca) => asObject(ca) ?? {});
}

async function check(parts: EjbcaParts, signal: AbortSignal): Promise<{ ok: boolean; detail: string }> {
  const reply = await askEjbca(parts, { method: 'GET', path: '/certificate/status' }, signal);
  if (reply.status !== 200 || textField(reply.json, 'status') !== 'OK')
    return { ok: false, detail: ejbcaFault('its status', reply).adminText };
  const { certificateAuthority } = parts.settings;
  const found = (await listedCas(parts, signal)).some(({ name }) => name === certificateAuthority);
  const version = (textField(reply.json, 'version') ?? 'EJBCA').slice(0, 80);
  const lacking = `${version}: the role of openndes sees no CA with the name ${JSON.stringify(certificateAuthority)}`;
  return { ok: found, detail: found ? version : lacking };
}
