/** One web service of AD CS, at one URL and with one login. */
import type { RandomBytes } from '../../core/environment.ts';
import type { BackendClient } from '../backend-client.ts';
import { type AuthorizeSoap, soapCall } from './soap12.ts';
import { type SoapOutcome, soapOutcome } from './soap12-replies.ts';

/** `client`: of this URL, which stands in each message too. `action`: of every message. `name`: for errors. */
export type SoapServiceParts = {
  name: string;
  url: string;
  action: string;
  client: BackendClient;
  authorize: AuthorizeSoap;
  random: RandomBytes;
};

/** `body`: XML. `doing`: for errors. An order is not sent again when its outcome is unknown. Throws IssuerError where there is no SOAP. */
export type SendSoap = (
  body: string,
  doing: string,
  signal: AbortSignal,
  kind?: 'question' | 'order',
) => Promise<SoapOutcome>;

/** Sends messages to the service. */
export const soapService =
  ({ name, url, action, client, authorize, random }: SoapServiceParts): SendSoap =>
  async (body, doing, signal, kind = 'question') => {
    const authorization = await authorize(signal);
    const call = soapCall({ action, to: url, body }, authorization, { random, idempotent: kind === 'question' });
    const what = `${name} (${client.host}), ${doing}`;
    return soapOutcome(await client.call(call, signal), { what, secrets: call.secrets ?? [] });
  };
