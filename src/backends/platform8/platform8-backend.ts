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
import type { XmlElement } from '../strict-xml.ts';
import {
  changeMessage,
  envelope,
  orderMessage,
  policyMessage,
  searchMessage,
  type SoapMessage,
  statusMessage,
} from './platform8-envelopes.ts';
import { policyAttributes } from './platform8-policy.ts';
import { bodyOf, tokenIn } from './platform8-replies.ts';
import { searchPlatform8 } from './platform8-search.ts';
import type { Platform8Settings } from './platform8-settings.ts';
import { type PolicyAttribute, platform8Names, valuesFor } from './platform8-values.ts';

/** `client`: with the RA certificate. `chain`: the CA and the ones above it, DER, as configured. */
export type Platform8Services = { client: BackendClient; clock: Clock; chain: readonly Uint8Array[] };

const CAPABILITIES: IssuerCapabilities = {
  sanFromRequest: true,
  pending: true,
  find: true,
  revokeReasons: Object.keys(REVOCATION_REASONS) as RevocationReason[],
};

/** Seconds until an order that waits is asked about again. */
const WAIT_SECONDS = 300;

/** The policy of the profile is read before the first order, and again before the one that follows an error. Calls throw IssuerError. */
export function platform8Backend(settings: Platform8Settings, { client, clock, chain }: Platform8Services): Backend {
  const { profileOid } = settings;
  let known: readonly PolicyAttribute[] | undefined;

  async function send(
    message: SoapMessage,
    doing: string,
    signal: AbortSignal,
    idempotent = true,
  ): Promise<XmlElement> {
    const headers = {
      'content-type': 'text/xml; charset=utf-8',
      soapaction: `"${message.action}"`,
      'user-agent': 'openndes',
    };
    const { path } = message;
    const call = { method: 'POST', path, headers, body: envelope(message), accepts: 'text/xml', idempotent } as const;
    return bodyOf(await client.call(call, signal), doing);
  }

  const policy = async (signal: AbortSignal): Promise<PolicyAttribute[]> =>
    policyAttributes(await send(policyMessage(profileOid), 'the policy', signal));

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
    capabilities: CAPABILITIES,
    async issue({ csr, requestKey }, _, signal) {
      const holder = seatOf(csr, settings.seat);
      const attributes = known ?? (await policy(signal));
      known = undefined;
      const order = { holder, keyHash: keyHashOf(csr.spki), since: clock() };
      const values = valuesFor(platform8Names(csr), holder, attributes);
      const message = orderMessage({ profileOid, transaction: requestKey.slice(0, 40), csr: csr.der, values });
      const answer = answered(await send(message, 'an order', signal, false), order);
      known = attributes;
      return answer;
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
