/**
 * A fake of the Certificate Enrollment Web Service of AD CS, made after MS-WSTEP and MS-WCCE. It refuses what these do not permit. No Windows was asked
 * whether it is like this.
 */
import type { ServerResponse } from 'node:http';
import { explicit } from '../../../src/asn1/tags.ts';
import { encode, oid, octetString, sequence, setOf, smallInteger } from '../../../src/asn1/writer.ts';
import { elementsNamed, readXml, type XmlElement } from '../../../src/backends/strict-xml.ts';
import type { Got } from '../https-ca.ts';
import { certified, CHAIN, type Signer } from './certified.ts';
import { readCmc } from './read-cmc.ts';
import { NOW } from '../../kit/pki.ts';

/** An account that may enrol, and a template that is published. */
export const ADCS_ACCOUNT = { user: 'EXAMPLE\\svc-openndes', password: 'p<&>"ä$ssword' };
export const ADCS_TEMPLATE = 'OpenNDESDevice';
/** The path of the service that takes accounts, and of the one that takes client certificates. */
export const CES_PATH = '/Example_CES_UsernamePassword/service.svc/CES';
export const CES_CERTIFICATE_PATH = '/Example_CES_Certificate/service.svc/CES';

const DAY = 86_400_000;
const S = 'http://www.w3.org/2003/05/soap-envelope';
const A = 'http://www.w3.org/2005/08/addressing';
const U = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const O = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const TRUST = 'http://docs.oasis-open.org/ws-sx/ws-trust/200512';
const ENROLLMENT = 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment';
const CONTEXT = 'http://schemas.xmlsoap.org/ws/2006/12/authorization';
const X509 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3';
const PASSWORD_TEXT = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText';

/** One request in the database of the fake CA. */
export type CesRequest = {
  csr: Buffer;
  form: 'pkcs10' | 'cmc';
  attributes: Record<string, string>;
  state: 'waits' | 'issued' | 'denied';
  certificate?: Uint8Array;
};

/** What a test sets, and what the fake keeps. */
export type FakeCes = {
  /** The template demands the approval of a manager. */
  waits: boolean;
  /** EDITF_ATTRIBUTEENDDATE. */
  heedsEnd: boolean;
  /** The reply has the certificate in CMC alone. */
  cmcOnly: boolean;
  /** Answered to the next messages. */
  answers: { status: number; body: string; type?: string }[];
  /** By RequestID. */
  requests: Map<string, CesRequest>;
  answer: (got: Got, response: ServerResponse) => void;
};

/** What the fake answers with in place of a certificate. */
class SoapFault extends Error {
  readonly status: number;
  readonly body: string;
  constructor(body: string, status = 500) {
    super(body);
    this.body = body;
    this.status = status;
  }
}

const envelope = (body: string, action: string): string =>
  `<s:Envelope xmlns:s="${S}" xmlns:a="${A}"><s:Header><a:Action s:mustUnderstand="1">${action}</a:Action></s:Header><s:Body>${body}</s:Body></s:Envelope>`;

/** A fault of WCF. `code`: of SOAP; `subcode`: its local name; `detail`: XML. */
export const cesFault = (code: 'Sender' | 'Receiver', text: string, subcode = '', detail = ''): string =>
  envelope(
    `<s:Fault><s:Code><s:Value>s:${code}</s:Value>${subcode && `<s:Subcode><s:Value xmlns:x="urn:x">x:${subcode}</s:Value></s:Subcode>`}</s:Code><s:Reason><s:Text xml:lang="en-US">${text}</s:Text></s:Reason>${detail && `<s:Detail>${detail}</s:Detail>`}</s:Fault>`,
    `${ENROLLMENT}/RequestSecurityTokenCertificateEnrollmentWSDetailFault`,
  );

/** A fault of the CA. `hresult`: unsigned. `nil` where it is undefined. */
export const caFault = (hresult: number | undefined, invalid: boolean, text = 'Denied by Policy Module'): string => {
  const xsi = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"';
  const code = hresult === undefined ? `<ErrorCode i:nil="true" ${xsi}/>` : `<ErrorCode>${hresult | 0}</ErrorCode>`;
  return cesFault(
    'Receiver',
    text,
    '',
    `<CertificateEnrollmentWSDetail xmlns="${ENROLLMENT}"><BinaryResponse i:nil="true" ${xsi}/>${code}<InvalidRequest>${invalid}</InvalidRequest><RequestID>0</RequestID></CertificateEnrollmentWSDetail>`,
  );
};

const refuse = (text: string): never => {
  throw new SoapFault(cesFault('Sender', text, 'BadRequest'));
};

/** A full PKI response of CMC with certificates, and a signer that nobody looks at. */
const cmcResponse = (certificates: readonly Uint8Array[]): Uint8Array =>
  sequence(
    oid('1.2.840.113549.1.7.2'),
    encode(
      explicit(0),
      sequence(
        smallInteger(3),
        setOf(sequence(oid('2.16.840.1.101.3.4.2.1'))),
        sequence(
          oid('1.3.6.1.5.5.7.12.3'),
          encode(explicit(0), octetString(sequence(sequence(), sequence(), sequence()))),
        ),
        encode(explicit(0), ...certificates),
        setOf(),
      ),
    ),
  );

const lines = (der: Uint8Array): string =>
  Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&&#xD;\n');

const token = (der: Uint8Array, kind: string): string =>
  `<BinarySecurityToken ValueType="${kind}" EncodingType="${O}#base64binary" xmlns="${O}">${lines(der)}</BinarySecurityToken>`;

/** The one element of this name and namespace directly below. */
function only(element: XmlElement, name: string, namespace: string): XmlElement {
  const found = element.children.filter((each) => each.name === name && each.namespace === namespace);
  return found.length === 1 ? found[0]! : refuse(`${found.length} elements ${name} in ${element.name}`);
}

/** `signer`: other than the CA of the tests, and its time. */
export function fakeCes(signer?: Signer): FakeCes {
  const now = signer?.now ?? NOW;

  function authenticate(header: XmlElement, { path, client, body }: Got): void {
    const securities = header.children.filter(({ name }) => name === 'Security');
    if (path === CES_CERTIFICATE_PATH) {
      if (client === undefined) throw new SoapFault('no client certificate', 403);
      if (securities.length > 0) refuse('WS-Security beside a client certificate');
      return;
    }
    if (path !== CES_PATH) throw new SoapFault('<html>404</html>', 404);
    const security = only(header, 'Security', O);
    const stamp = only(security, 'Timestamp', U);
    const [created, expires] = ['Created', 'Expires'].map((name) => new Date(only(stamp, name, U).text).getTime());
    if (Math.abs(created! - now.getTime()) > 300_000 || expires! <= now.getTime())
      throw new SoapFault(cesFault('Sender', 'The message has expired', 'InvalidSecurity'));
    if (!/<u:Timestamp u:Id="[\w-]+">/.test(body) || !/<o:UsernameToken u:Id="[\w-]+">/.test(body))
      refuse('no Id of utility');
    const login = only(security, 'UsernameToken', O);
    const password = only(login, 'Password', O);
    if (password.attributes.get('Type') !== PASSWORD_TEXT) refuse('the type of the password');
    if (only(login, 'Username', O).text !== ADCS_ACCOUNT.user || password.text !== ADCS_ACCOUNT.password)
      throw new SoapFault(
        cesFault('Sender', 'At least one security token could not be validated.', 'FailedAuthentication'),
      );
  }

  function bodyIn(got: Got): XmlElement {
    if (!/^application\/soap\+xml; ?charset=utf-8$/.test(String(got.headers['content-type'])))
      throw new SoapFault('', 415);
    const root = readXml(got.body);
    if (root.name !== 'Envelope' || root.namespace !== S) refuse('no SOAP 1.2');
    const header = only(root, 'Header', S);
    authenticate(header, got);
    if (only(header, 'Action', A).text !== `${ENROLLMENT}/RST/wstep`)
      throw new SoapFault(cesFault('Sender', 'The action cannot be processed', 'ActionNotSupported'));
    if (!/<a:Action s:mustUnderstand="1">/.test(got.body) || !/<a:To s:mustUnderstand="1">/.test(got.body))
      refuse('headers without mustUnderstand');
    if (
      !/^urn:uuid:[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(
        only(header, 'MessageID', A).text,
      )
    )
      refuse('the MessageID');
    if (only(only(header, 'ReplyTo', A), 'Address', A).text !== `${A}/anonymous`) refuse('the ReplyTo');
    if (only(header, 'To', A).text !== `https://${got.headers.host}${got.path}`)
      throw new SoapFault(cesFault('Sender', 'The message with To cannot be processed', 'DestinationUnreachable'));
    const request = only(only(root, 'Body', S), 'RequestSecurityToken', TRUST);
    if (only(request, 'TokenType', TRUST).text !== X509) refuse('the TokenType');
    return request;
  }

  function requestIn(request: XmlElement): Omit<CesRequest, 'state'> {
    const binary = only(request, 'BinarySecurityToken', O);
    if (binary.attributes.get('EncodingType') !== `${O}#base64binary`) refuse('the EncodingType');
    const der = Buffer.from(binary.text, 'base64');
    if (binary.attributes.get('ValueType') === `${O}#PKCS7`) {
      const { csr, attributes } = readCmc(der);
      return { csr, attributes, form: 'cmc' };
    }
    if (binary.attributes.get('ValueType') !== `${ENROLLMENT}#PKCS10`) refuse('the ValueType');
    const items = elementsNamed(request, 'ContextItem', [CONTEXT]);
    const attributes = Object.fromEntries(
      items.map((item) => [item.attributes.get('Name') ?? '', only(item, 'Value', CONTEXT).text]),
    );
    return { csr: der, attributes, form: 'pkcs10' };
  }

  async function issue(request: CesRequest): Promise<void> {
    const { ExpirationDate } = request.attributes;
    const until =
      fake.heedsEnd && ExpirationDate !== undefined ? new Date(ExpirationDate) : new Date(now.getTime() + 90 * DAY);
    request.certificate ??= await certified(request.csr, { notAfter: until }, signer);
    request.state = 'issued';
  }

  function stateOf(id: string): string {
    const request = fake.requests.get(id);
    if (!request) throw new SoapFault(caFault(0x8009_4002, true, 'The request does not exist.'));
    if (request.state === 'denied') throw new SoapFault(caFault(0x8009_4014, true, 'Denied by EXAMPLE\\ann'));
    const { certificate } = request;
    const inside = certificate
      ? `${token(cmcResponse([...CHAIN.toReversed(), certificate]), `${O}#PKCS7`)}${fake.cmcOnly ? '' : `<RequestedSecurityToken>${token(certificate, X509)}</RequestedSecurityToken>`}`
      : `${token(cmcResponse(CHAIN), `${O}#PKCS7`)}<RequestedSecurityToken><SecurityTokenReference xmlns="${O}"><Reference URI="https://elsewhere.example/CES"/></SecurityTokenReference></RequestedSecurityToken>`;
    const said = certificate ? 'Issued' : 'Taken Under Submission';
    return envelope(
      `<RequestSecurityTokenResponseCollection xmlns="${TRUST}"><RequestSecurityTokenResponse><TokenType>${X509}</TokenType><DispositionMessage xml:lang="en-US" xmlns="${ENROLLMENT}">${said}</DispositionMessage>${inside}<RequestID xmlns="${ENROLLMENT}">${id}</RequestID></RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection>`,
      `${ENROLLMENT}/RSTRC/wstep`,
    );
  }

  async function answered(got: Got): Promise<string> {
    const request = bodyIn(got);
    const type = only(request, 'RequestType', TRUST).text;
    if (type === `${ENROLLMENT}/QueryTokenStatus`) return stateOf(only(request, 'RequestID', ENROLLMENT).text);
    if (type !== `${TRUST}/Issue`) refuse('the RequestType');
    const asked: CesRequest = { ...requestIn(request), state: 'waits' };
    if (asked.attributes['CertificateTemplate'] !== ADCS_TEMPLATE) throw new SoapFault(caFault(0x8009_4800, true));
    const id = String(61 + fake.requests.size);
    fake.requests.set(id, asked);
    if (!fake.waits) await issue(asked);
    return stateOf(id);
  }

  async function reply(got: Got): Promise<{ status: number; body: string; type?: string }> {
    const prepared = fake.answers.shift();
    if (prepared) return prepared;
    try {
      return { status: 200, body: await answered(got) };
    } catch (error) {
      if (error instanceof SoapFault) return { status: error.status, body: error.body };
      return { status: 500, body: cesFault('Sender', String(error), 'BadRequest') };
    }
  }

  const fake: FakeCes = {
    waits: false,
    heedsEnd: true,
    cmcOnly: false,
    answers: [],
    requests: new Map(),
    answer: (got, response) =>
      void reply(got).then(({ status, body, type = 'application/soap+xml; charset=utf-8' }) =>
        response.writeHead(status, { 'content-type': type }).end(body),
      ),
  };
  return fake;
}

/** A manager of the CA decides about all requests that wait. */
export async function decide(fake: FakeCes, state: 'issued' | 'denied', signer?: Signer): Promise<void> {
  for (const request of fake.requests.values())
    if (request.state === 'waits') {
      request.state = state;
      if (state === 'issued') request.certificate ??= await certified(request.csr, {}, signer);
    }
}
