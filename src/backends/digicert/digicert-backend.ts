/** DigiCert Trust Lifecycle Manager as the issuer of an authority, by its REST interface. */
import { hash } from 'node:crypto';
import {
  type IssuerCapabilities,
  REVOCATION_REASONS,
  type RevocationOrder,
  type RevocationReason,
} from '../../core/issuer.ts';
import { IssuerError } from '../../core/errors.ts';
import { textField } from '../../outbound/untrusted-json.ts';
import type { Backend } from '../backend.ts';
import { orderOf } from '../open-order.ts';
import {
  callDigicert,
  digicertFault,
  type DigicertParts,
  findAtDigicert,
  pickUp,
  place,
  readProfile,
} from './digicert-orders.ts';
import type { DigicertSettings } from './digicert-settings.ts';

const CAPABILITIES: IssuerCapabilities = {
  sanFromRequest: true,
  pending: true,
  find: true,
  revokeReasons: Object.keys(REVOCATION_REASONS) as RevocationReason[],
};

/** The profile is read before the first order, and again before the one that follows an error. Calls throw IssuerError. */
export function digicertBackend(settings: DigicertSettings, services: Omit<DigicertParts, 'settings'>): Backend {
  const parts: DigicertParts = { settings, ...services };
  let ready = false;
  return {
    backend: 'digicert',
    capabilities: { ...CAPABILITIES, ...(services.endOf && { validityOverride: true }) },
    async issue(request, decision, signal) {
      if (!ready) await readProfile(parts, signal);
      // An error may have come from a profile that was changed.
      ready = false;
      const answer = await place(parts, request, services.endOf?.(request, decision), signal);
      ready = true;
      return answer;
    },
    poll: async (reference, signal) => pickUp(parts, orderOf(reference), signal),
    find: (request, signal, since) => findAtDigicert(parts, request, since, signal),
    revoke: (order, signal) => revoke(parts, order, signal),
    release: (order, signal) => release(parts, order, signal),
    check: (signal) => check(parts, signal),
    close: services.client.close,
  };
}

const REASONS: Readonly<Record<RevocationReason, string>> = {
  unspecified: 'unspecified',
  keyCompromise: 'key_compromise',
  cACompromise: 'ca_compromise',
  affiliationChanged: 'affiliation_changed',
  superseded: 'superseded',
  cessationOfOperation: 'cessation_of_operation',
  certificateHold: 'certificate_hold',
  privilegeWithdrawn: 'privilege_withdrawn',
  aACompromise: 'aa_compromise',
};

type Revoked = Pick<RevocationOrder, 'serial' | 'certificate'>;

/** One certificate, by serial number and thumbprint. A seat is never named: that would revoke everything of it. */
const pathOf = ({ serial, certificate }: Revoked, more: string): string =>
  `/mpki/api/v1/certificate/${serial.toUpperCase()}${more}?thumbprint_sha256=${hash('sha256', certificate, 'hex').toUpperCase()}`;

async function revoke(parts: DigicertParts, order: RevocationOrder, signal: AbortSignal): Promise<void> {
  const json = { revocation_reason: REASONS[order.reason] };
  const call = { method: 'PUT', path: pathOf(order, '/revoke'), json, idempotent: true } as const;
  const reply = await callDigicert(parts, call, signal);
  if (reply.status < 300 || (await standing(parts, order, signal)) === 'revoked') return;
  throw digicertFault(`the revocation of ${order.serial}`, reply, parts);
}

async function release(parts: DigicertParts, order: Revoked, signal: AbortSignal): Promise<void> {
  const call = { method: 'DELETE', path: pathOf(order, '/revoke'), idempotent: true } as const;
  const reply = await callDigicert(parts, call, signal);
  if (reply.status < 300 || (await standing(parts, order, signal)) === 'issued') return;
  throw digicertFault(`the release of ${order.serial}`, reply, parts);
}

/** What DigiCert says the certificate is, in lower case. */
async function standing(parts: DigicertParts, order: Revoked, signal: AbortSignal): Promise<string | undefined> {
  const call = { method: 'GET', path: pathOf(order, ''), idempotent: true } as const;
  const { status, json } = await callDigicert(parts, call, signal);
  return status === 200 ? textField(json, 'status')?.toLowerCase() : undefined;
}

async function check(parts: DigicertParts, signal: AbortSignal): Promise<{ ok: boolean; detail: string }> {
  try {
    await readProfile(parts, signal);
    return { ok: true, detail: 'the profile is active' };
  } catch (error) {
    if (error instanceof IssuerError) return { ok: false, detail: error.adminText };
    throw error;
  }
}
