/** An enterprise CA of Windows (AD CS) as the issuer of an authority, through its Certificate Enrollment Web Service: MS-WSTEP. */
import type { Clock, RandomBytes } from '../../core/environment.ts';
import { IssuerError, type IssuerErrorCode } from '../../core/errors.ts';
import type { IssuancePending, Issued, IssuerCapabilities } from '../../core/issuer.ts';
import type { Backend } from '../backend.ts';
import type { BackendClient } from '../backend-client.ts';
import { keyHashOf, type OpenOrder, orderOf, referenceOf } from '../open-order.ts';
import { wantedCertificates, type WantedPlace } from '../wanted-certificate.ts';
import type { CesSettings } from './ces-settings.ts';
import { cmcRequest } from './cmc-request.ts';
import { owedRevocation } from './owed-revocation.ts';
import type { AuthorizeSoap } from './soap12.ts';
import type { SoapOutcome } from './soap12-replies.ts';
import { soapService } from './soap12-service.ts';
import type { TemplateWatch } from './template-watch.ts';
import { WSTEP_ACTION } from './wstep-names.ts';
import { wstepAnswer } from './wstep-replies.ts';
import { cmcOrder, pkcs10Order, statusQuestion } from './wstep-requests.ts';

/** `client`: of the URL in the settings, with the client certificate where that is the login. */
export type CesServices = {
  client: BackendClient;
  authorize: AuthorizeSoap;
  clock: Clock;
  random: RandomBytes;
  place: WantedPlace;
  /** Where a policy service is asked which templates there are. */
  templates?: TemplateWatch;
};

/** Seconds until a request that waits for a manager of the CA is asked about again. */
const WAIT_SECONDS = 300;
/** Beside the number of a request, in the reference of an order: numbers are of the CA, whichever way it is asked. */
const HOLDER = 'adcs';
/** The number of a request that no CA has: it is the last one. */
const NO_REQUEST = '2147483647';

/** The backend. Its calls throw IssuerError, and `issue` Refusal as `planLeaf`. Throws ConfigError for a place that does not fit. */
export function cesBackend(settings: CesSettings, services: CesServices): Backend {
  const { client, clock, place, templates } = services;
  const ordersEnd = settings.request === 'cmc' && settings.expirationDate;
  const wanted = wantedCertificates(place, clock);
  const chain = [place.certificate, ...place.chain];
  const ca = `AD CS (${client.host})`;
  const send = soapService({ ...services, name: 'AD CS', url: settings.url, action: WSTEP_ACTION });

  function answered(outcome: SoapOutcome, keyHash: string, doing: string): Issued | IssuancePending {
    if ('fault' in outcome) throw outcome.fault;
    const { requestId, ...made } = wstepAnswer(outcome.body, keyHash, `${ca}, ${doing}`);
    if ('certificate' in made)
      return { kind: 'issued', chain, ...made, ...(requestId !== undefined && { reference: requestId }) };
    return { kind: 'pending', reference: referenceTo({ id: requestId ?? '', keyHash }), retryAfter: WAIT_SECONDS };
  }

  return {
    backend: 'adcs-ces',
    capabilities: capabilitiesOf(ordersEnd),
    async issue({ csr, ...request }, decision, signal) {
      const wantedEnd = ordersEnd ? wanted({ csr, ...request }, decision).notAfter : undefined;
      await templates?.assertFit(signal);
      const body = orderFor(csr.der, settings, wantedEnd);
      const answer = answered(await send(body, 'an order', signal, 'order'), keyHashOf(csr.spki), 'an order');
      return answer.kind === 'issued' && wantedEnd ? { ...answer, wantedEnd } : answer;
    },
    async poll(reference, signal) {
      const { id, keyHash } = orderOf(reference);
      const doing = `the request ${id}`;
      return answered(await send(statusQuestion(id), doing, signal), keyHash, doing);
    },
    revoke: async ({ serial }) => {
      throw owedRevocation(serial, 'the enrolment web service');
    },
    async check(signal) {
      try {
        assertUsable(await send(statusQuestion(NO_REQUEST), 'a question', signal));
        const found = await templates?.look(signal);
        return { ok: true, ...found, detail: found ? `${WELL}; ${found.detail}` : WELL };
      } catch (error) {
        if (error instanceof IssuerError) return { ok: false, detail: error.adminText };
        throw error;
      }
    },
    close: client.close,
  };
}

const capabilitiesOf = (validityOverride: boolean): IssuerCapabilities => ({
  sanFromCsr: true,
  pending: true,
  ...(validityOverride && { validityOverride }),
});

const referenceTo = (order: Omit<OpenOrder, 'holder'>): string => referenceOf({ ...order, holder: HOLDER });

/** The request of the device is in it octet by octet, in both forms. */
const orderFor = (csr: Uint8Array, { request, template }: CesSettings, end: Date | undefined): string =>
  request === 'pkcs10'
    ? pkcs10Order(csr, template)
    : cmcOrder(cmcRequest(csr, { CertificateTemplate: template, ...(end && { ExpirationDate: end.toUTCString() }) }));

/** Faults with which the service cannot be used. Every other one is an answer about the request that does not exist. */
const UNUSABLE: readonly IssuerErrorCode[] = ['unauthorised', 'misconfigured', 'unavailable', 'throttled'];

function assertUsable(outcome: SoapOutcome): void {
  if ('fault' in outcome && UNUSABLE.includes(outcome.fault.code)) throw outcome.fault;
}

const WELL = 'the service accepts the account, and the CA answers';
