/**
 * A fake of the Certificate Enrollment Web Service of AD CS, made after MS-WSTEP and MS-WCCE. It refuses what these do not permit. No Windows was asked
 * whether it is like this.
 */
import type { ServerResponse } from 'node:http';
import { explicit } from '../../../src/asn1/tags.ts';
import { encode, oid, octetString, sequence, setOf, smallInteger } from '../../../src/asn1/writer.ts';
import { elementsNamed, type XmlElement } from '../../../src/backends/strict-xml.ts';
import type { Got } from '../https-ca.ts';
import { certified, CHAIN, type Signer } from './certified.ts';
import { envelope, O, only, refuse, SoapFault, soapAnswers, soapBodyIn, soapFault } from './fake-windows-soap.ts';
import { readCmc } from './read-cmc.ts';
import { NOW } from '../../kit/pki.ts';

/** A template that is published. */
export const ADCS_TEMPLATE = 'OpenNDESDevice';
/** The path of the service that takes accounts, and of the one that takes client certificates. */
export const CES_PATH = '/Example_CES_UsernamePassword/service.svc/CES';
export const CES_CERTIFICATE_PATH = '/Example_CES_Certificate/service.svc/CES';
/** That of the service behind IIS that asks for tickets. */
export const CES_KERBEROS_PATH = '/Example_CES_Kerberos/service.svc/CES';

const DAY = 86_400_000;
const TRUST = 'http://docs.oasis-open.org/ws-sx/ws-trust/200512';
const ENROLLMENT = 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment';
const CONTEXT = 'http://schemas.xmlsoap.org/ws/2006/12/authorization';
const X509 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3';

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
  /** For how many days the template certifies. */
  days: number;
  /** The reply has the certificate in CMC alone. */
  cmcOnly: boolean;
  /** Answered to the next messages. */
  answers: { status: number; body: string; type?: string }[];
  /** By RequestID. */
  requests: Map<string, CesRequest>;
  answer: (got: Got, response: ServerResponse) => void;
};

/** A fault of the CA. `hresult`: unsigned. `nil` where it is undefined. */
export const caFault = (hresult: number | undefined, invalid: boolean, text = 'Denied by Policy Module'): string => {
  const xsi = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"';
  const code = hresult === undefined ? `<ErrorCode i:nil="true" ${xsi}/>` : `<ErrorCode>${hresult | 0}</ErrorCode>`;
  return soapFault(
    'Receiver',
    text,
    '',
    `<CertificateEnrollmentWSDetail xmlns="${ENROLLMENT}"><BinaryResponse i:nil="true" ${xsi}/>${code}<InvalidRequest>${invalid}</InvalidRequest><RequestID>0</RequestID></CertificateEnrollmentWSDetail>`,
  );
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

/** `signer`: other than the CA of the tests. `now`: the time of the service. */
export function fakeCes(signer?: Signer, now = (): Date => NOW): FakeCes {
  function bodyIn(got: Got): XmlElement {
    const body = soapBodyIn(got, {
      action: `${ENROLLMENT}/RST/wstep`,
      account: CES_PATH,
      certificate: CES_CERTIFICATE_PATH,
      ticket: CES_KERBEROS_PATH,
      now,
    });
    const request = only(body, 'RequestSecurityToken', TRUST);
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
      fake.heedsEnd && ExpirationDate !== undefined
        ? new Date(ExpirationDate)
        : new Date(now().getTime() + fake.days * DAY);
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

  const fake: FakeCes = {
    waits: false,
    heedsEnd: true,
    days: 90,
    cmcOnly: false,
    answers: [],
    requests: new Map(),
    answer: soapAnswers(async (got) => fake.answers.shift() ?? { status: 200, body: await answered(got) }),
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
