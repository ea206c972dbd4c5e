/** What the fakes of web services of Windows share: SOAP 1.2 with WS-Addressing and WS-Security as WCF wants it, and its faults. */
import type { ServerResponse } from 'node:http';
import { readXml, type XmlElement } from '../../../src/backends/strict-xml.ts';
import type { Got } from '../https-ca.ts';

/** An account of the domain. */
export const ADCS_ACCOUNT = { user: 'EXAMPLE\\svc-openndes', password: 'p<&>"ä$ssword' };

const S = 'http://www.w3.org/2003/05/soap-envelope';
const A = 'http://www.w3.org/2005/08/addressing';
const U = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
/** WS-Security. */
export const O = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const PASSWORD_TEXT = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText';

/** What a fake answers with in place of what was asked. */
export class SoapFault extends Error {
  readonly status: number;
  readonly body: string;
  constructor(body: string, status = 500) {
    super(body);
    this.body = body;
    this.status = status;
  }
}

/** A whole message. `body`: XML. */
export const envelope = (body: string, action: string): string =>
  `<s:Envelope xmlns:s="${S}" xmlns:a="${A}"><s:Header><a:Action s:mustUnderstand="1">${action}</a:Action></s:Header><s:Body>${body}</s:Body></s:Envelope>`;

/** A fault of WCF. `code`: of SOAP; `subcode`: its local name; `detail`: XML. */
export const soapFault = (code: 'Sender' | 'Receiver', text: string, subcode = '', detail = ''): string =>
  envelope(
    `<s:Fault><s:Code><s:Value>s:${code}</s:Value>${subcode && `<s:Subcode><s:Value xmlns:x="urn:x">x:${subcode}</s:Value></s:Subcode>`}</s:Code><s:Reason><s:Text xml:lang="en-US">${text}</s:Text></s:Reason>${detail && `<s:Detail>${detail}</s:Detail>`}</s:Fault>`,
    'http://www.w3.org/2005/08/addressing/soap/fault',
  );

/** For a message that a specification does not permit. */
export const refuse = (text: string): never => {
  throw new SoapFault(soapFault('Sender', text, 'BadRequest'));
};

/** The one element of this name and namespace directly below. */
export function only(element: XmlElement, name: string, namespace: string): XmlElement {
  const found = element.children.filter((each) => each.name === name && each.namespace === namespace);
  return found.length === 1 ? found[0]! : refuse(`${found.length} elements ${name} in ${element.name}`);
}

/** `account`, `certificate`, `ticket`: the path of the service for each login. */
export type SoapPlace = { action: string; account: string; certificate: string; ticket?: string; now: () => Date };

/** The body of a message. Throws SoapFault for one that WCF would not take. */
export function soapBodyIn(got: Got, place: SoapPlace): XmlElement {
  if (!/^application\/soap\+xml; ?charset=utf-8$/.test(String(got.headers['content-type'])))
    throw new SoapFault('', 415);
  const root = readXml(got.body);
  if (root.name !== 'Envelope' || root.namespace !== S) refuse('no SOAP 1.2');
  const header = only(root, 'Header', S);
  authenticate(header, got, place);
  if (only(header, 'Action', A).text !== place.action)
    throw new SoapFault(soapFault('Sender', 'The action cannot be processed', 'ActionNotSupported'));
  if (!/<a:Action s:mustUnderstand="1">/.test(got.body) || !/<a:To s:mustUnderstand="1">/.test(got.body))
    refuse('headers without mustUnderstand');
  const id = only(header, 'MessageID', A).text;
  if (!/^urn:uuid:[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(id)) refuse('the MessageID');
  if (only(only(header, 'ReplyTo', A), 'Address', A).text !== `${A}/anonymous`) refuse('the ReplyTo');
  if (only(header, 'To', A).text !== `https://${got.headers.host}${got.path}`)
    throw new SoapFault(soapFault('Sender', 'The message with To cannot be processed', 'DestinationUnreachable'));
  return only(root, 'Body', S);
}

function authenticate(header: XmlElement, { path, client, body, headers }: Got, place: SoapPlace): void {
  const securities = header.children.filter(({ name }) => name === 'Security');
  if (path === place.certificate) {
    if (client === undefined) throw new SoapFault('no client certificate', 403);
    if (securities.length > 0) refuse('WS-Security beside a client certificate');
    return;
  }
  if (path === place.ticket) {
    if (!headers.authorization?.startsWith('Negotiate ')) throw new SoapFault('no ticket', 401);
    if (securities.length > 0) refuse('WS-Security beside a ticket');
    return;
  }
  if (path !== place.account) throw new SoapFault('<html>404</html>', 404);
  const security = only(header, 'Security', O);
  const stamp = only(security, 'Timestamp', U);
  const [created, expires] = ['Created', 'Expires'].map((name) => new Date(only(stamp, name, U).text).getTime());
  const now = place.now().getTime();
  if (Math.abs(created! - now) > 300_000 || expires! <= now)
    throw new SoapFault(soapFault('Sender', 'The message has expired', 'InvalidSecurity'));
  if (!/<u:Timestamp u:Id="[\w-]+">/.test(body) || !/<o:UsernameToken u:Id="[\w-]+">/.test(body))
    refuse('no Id of utility');
  const login = only(security, 'UsernameToken', O);
  const password = only(login, 'Password', O);
  if (password.attributes.get('Type') !== PASSWORD_TEXT) refuse('the type of the password');
  if (only(login, 'Username', O).text !== ADCS_ACCOUNT.user || password.text !== ADCS_ACCOUNT.password)
    throw new SoapFault(
      soapFault('Sender', 'At least one security token could not be validated.', 'FailedAuthentication'),
    );
}

/** One answer; `type` other than that of SOAP 1.2. */
export type SoapAnswer = { status: number; body: string; type?: string };

/** Answers with what is made, with the fault that it throws, or with a fault of the sender for whatever else it throws. */
export const soapAnswers =
  (make: (got: Got) => Promise<SoapAnswer>) =>
  (got: Got, response: ServerResponse): void =>
    void make(got)
      .catch(
        (error: unknown): SoapAnswer =>
          error instanceof SoapFault
            ? { status: error.status, body: error.body }
            : { status: 500, body: soapFault('Sender', String(error), 'BadRequest') },
      )
      .then(({ status, body, type = 'application/soap+xml; charset=utf-8' }) =>
        response.writeHead(status, { 'content-type': type }).end(body),
      );
