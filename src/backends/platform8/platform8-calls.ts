/** The calls of the SOAP services of DigiCert PKI Platform 8. */
import type { BackendClient } from '../backend-client.ts';
import type { XmlElement } from '../strict-xml.ts';
import { envelope, type SoapMessage } from './platform8-envelopes.ts';
import { bodyOf } from './platform8-replies.ts';

/** `doing`: what is asked, for errors. An order is not idempotent. Returns the body of the reply; throws IssuerError. */
export type SendPlatform8 = (
  message: SoapMessage,
  doing: string,
  signal: AbortSignal,
  idempotent?: boolean,
) => Promise<XmlElement>;

/** Calls by this client, which has the RA certificate. */
export const soapOver =
  (client: BackendClient): SendPlatform8 =>
  async (message, doing, signal, idempotent = true) => {
    const headers = {
      'content-type': 'text/xml; charset=utf-8',
      soapaction: `"${message.action}"`,
      'user-agent': 'openndes',
    };
    const { path } = message;
    const call = { method: 'POST', path, headers, body: envelope(message), accepts: 'text/xml', idempotent } as const;
    return bodyOf(await client.call(call, signal), doing);
  };
