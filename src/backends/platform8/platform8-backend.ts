/** DigiCert PKI Platform 8 as the issuer of an authority: SOAP with an RA certificate, as Intune's connector asks it. */
import type { Clock } from '../../core/environment.ts';
import { IssuerError } from '../../core/errors.ts';
import {
  type IssuancePending,
  type Issued,
  type IssuerCapabilities,
  type OrderReason,
  REVOCATION_REASONS,
  type RevocationReason,
} from '../../core/issuer.ts';
import type { Backend } from '../backend.ts';
import type { BackendClient } from '../backend-client.ts';
import { seatOf } from '../digicert/digicert-attributes.ts';
import { certificateFor } from '../given-certificates.ts';
import { keyHashOf, type OpenOrder, orderOf, referenceOf } from '../open-order.ts';
import { type WantedEnd, wholeDays } from '../wanted-certificate.ts';
import type { XmlElement } from '../strict-xml.ts';
import { changeMessage, orderMessage, policyMessage, searchMessage, statusMessage } from './platform8-envelopes.ts';
import { soapOver } from './platform8-calls.ts';
import { assertValidityOverride, DAYS_PAIR, policyAttributes } from './platform8-policy.ts';
import { tokenIn } from './platform8-replies.ts';
import { searchPlatform8 } from './platform8-search.ts';
import type { Platform8Settings } from './platform8-settings.ts';
import { type PolicyAttribute, platform8Names, valuesFor } from './platform8-values.ts';

/**
 * `client`: with the RA certificate. `chain`: the CA and the ones above it, DER, as configured. `endOf`: what an order says about the end of
 * its certificate; absent where the profile at DigiCert decides.
 */
export type Platform8Services = {
  client: BackendClient;
  clock: Clock;
  endOf?: WantedEnd | undefined;
  chain: readonly Uint8Array[];
};

const CAPABILITIES: IssuerCapabilities = {
  sanFromRequest: true,
  pending: true,
  find: true,
  revokeReasons: Object.keys(REVOCATION_REASONS) as RevocationReason[],
};

/** Seconds until an order that waits is asked about again. */
const WAIT_SECONDS = 300;

/** The policy of the profile is read before the first order, and again before the one that follows an error. Calls throw IssuerError. */
export function platform8Backend(
  settings: Platform8Settings,
  { client, clock, endOf, chain }: Platform8Services,
): Backend {
  const { profileOid } = settings;
  let known: readonly PolicyAttribute[] | undefined;

  const send = soapOver(client);

  async function policy(signal: AbortSignal): Promise<PolicyAttribute[]> {
    const reply = await send(policyMessage(profileOid), 'the policy', signal);
    const attributes = policyAttributes(reply);
    if (endOf) assertValidityOverride(reply);
    return attributes;
  }

  function answered(body: XmlElement, order: Omit<OpenOrder, 'id'>): Issued | IssuancePending {
    const token = tokenIn(body);
    if ('pending' in token)
      return { kind: 'pending', reference: referenceOf({ ...order, id: token.pending }), retryAfter: WAIT_SECONDS };
    const certificate = certificateFor(order.keyHash, token.certificates, 'DigiCert PKI Platform');
    return { kind: 'issued', certificate, chain };
  }

  async function change(serial: string, reason: OrderReason, signal: AbortSignal): Promise<void> {
    await send(changeMessage(serial, reason), `the revocation of ${serial}`, signal).catch((error: unknown) => {
      if (!(error instanceof IssuerError && /already/i.test(error.message))) throw error;
    });
  }

  return {
    backend: 'digicert-platform8',
    capabilities: { ...CAPABILITIES, ...(endOf && { validityOverride: true }) },
    async issue(request, decision, signal) {
      const { csr, requestKey } = request;
      const holder = seatOf(csr, settings.seat);
      const attributes = known ?? (await policy(signal));
      known = undefined;
      const order = { holder, keyHash: keyHashOf(csr.spki), since: clock() };
      const validity = endOf && wholeDays(endOf(request, decision), order.since);
      const values = [
        ...valuesFor(platform8Names(csr), holder, attributes),
        ...(validity ? [{ name: DAYS_PAIR, value: String(validity.days) }] : []),
      ];
      const message = orderMessage({ profileOid, transaction: requestKey.slice(0, 40), csr: csr.der, values });
      const answer = answered(await send(message, 'an order', signal, false), order);
      known = attributes;
      return answer.kind === 'issued' && validity ? { ...answer, wantedEnd: validity.end } : answer;
    },
    async poll(reference, signal) {
      const order = orderOf(reference);
      return answered(await send(statusMessage(profileOid, order.id), `the order ${order.id}`, signal), order);
    },
    async find({ csr, renews }, signal, since) {
      const seat = seatOf(csr, settings.seat);
      const sought = { keyHash: keyHashOf(csr.spki), since, but: renews?.certificate };
      const pageFrom = (start: number) => send(searchMessage(profileOid, seat, start), 'a search', signal);
      const certificate = await searchPlatform8(pageFrom, sought);
      return certificate && { kind: 'issued', certificate, chain };
    },
    revoke: ({ serial, reason }, signal) => change(serial, reason, signal),
    release: ({ serial }, signal) => change(serial, 'removeFromCRL', signal),
    async check(signal) {
      try {
        await policy(signal);
        return { ok: true, detail: 'the profile can be read' };
      } catch (error) {
        if (error instanceof IssuerError) return { ok: false, detail: error.adminText };
        throw error;
      }
    },
    close: client.close,
  };
}
