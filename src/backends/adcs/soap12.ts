/** SOAP 1.2 over HTTPS, as the web services of AD CS speak it. */
import type { Clock, RandomBytes } from '../../core/environment.ts';
import type { BackendCall } from '../backend-call.ts';
import { escapedXml } from '../strict-xml.ts';
import type { AdcsLogin } from './ces-settings.ts';
import { PASSWORD_TEXT, WSTEP_NAMESPACE } from './wstep-names.ts';

/** What shows a service who asks. A client certificate needs none of it: it is part of the connection. */
export type SoapAuthorization = {
  /** The header `Security`, XML. */
  security?: string;
  /** Headers of HTTP. */
  headers?: Readonly<Record<string, string>>;
  /** What must be in no error. */
  secrets?: readonly string[];
};

/** Makes it for one message. */
export type AuthorizeSoap = (signal: AbortSignal) => Promise<SoapAuthorization>;

/** Milliseconds, as clients of Windows write it. */
const MESSAGE_LIFE = 300_000;

const SECURITY = `<o:Security s:mustUnderstand="1" xmlns:o="${WSTEP_NAMESPACE.security}">`;

/** WS-Security with a UsernameToken, which TLS protects. The time of the message must be near that of the service: five minutes. */
export const byUsernameToken =
  ({ user, password }: AdcsLogin, clock: Clock): AuthorizeSoap =>
  async () => {
    const now = clock();
    const end = new Date(now.getTime() + MESSAGE_LIFE);
    const timestamp = `<u:Timestamp u:Id="_0"><u:Created>${now.toISOString()}</u:Created><u:Expires>${end.toISOString()}</u:Expires></u:Timestamp>`;
    const token = `<o:UsernameToken u:Id="_1"><o:Username>${escapedXml(user)}</o:Username><o:Password Type="${PASSWORD_TEXT}">${escapedXml(password)}</o:Password></o:UsernameToken>`;
    return { security: `${SECURITY}${timestamp}${token}</o:Security>`, secrets: [password, escapedXml(password)] };
  };

/** For a service that knows its clients by their certificates. */
export const byClientCertificate: AuthorizeSoap = async () => ({});

/** `to`: the URL of the service. `body`: XML. */
export type Soap12Message = { action: string; to: string; body: string };

/** The call of a message. It is sent again when its outcome is unknown only when it is idempotent. */
export function soapCall(
  { action, to, body }: Soap12Message,
  { security = '', headers = {}, secrets = [] }: SoapAuthorization,
  { random, idempotent }: { random: RandomBytes; idempotent: boolean },
): BackendCall {
  const { soap, addressing, utility } = WSTEP_NAMESPACE;
  const header = [
    `<a:Action s:mustUnderstand="1">${action}</a:Action>`,
    `<a:MessageID>urn:uuid:${randomUuid(random)}</a:MessageID>`,
    `<a:ReplyTo><a:Address>${addressing}/anonymous</a:Address></a:ReplyTo>`,
    `<a:To s:mustUnderstand="1">${escapedXml(to)}</a:To>`,
    security,
  ];
  return {
    method: 'POST',
    path: '',
    headers: { 'content-type': 'application/soap+xml; charset=utf-8', ...headers },
    body: `<s:Envelope xmlns:s="${soap}" xmlns:a="${addressing}" xmlns:u="${utility}"><s:Header>${header.join('')}</s:Header><s:Body>${body}</s:Body></s:Envelope>`,
    accepts: 'application/soap+xml',
    idempotent,
    secrets,
  };
}

/** Version 4 (RFC 9562 5.4). */
function randomUuid(random: RandomBytes): string {
  const octets = Buffer.from(random(16));
  octets.writeUInt8((octets.readUInt8(6) & 0x0f) | 0x40, 6);
  octets.writeUInt8((octets.readUInt8(8) & 0x3f) | 0x80, 8);
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
