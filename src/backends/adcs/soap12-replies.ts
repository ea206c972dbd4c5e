/** What a web service of AD CS answers: the body of SOAP 1.2, or a fault. */
import { IssuerError, type IssuerErrorCode } from '../../core/errors.ts';
import { redacted } from '../../outbound/untrusted-json.ts';
import type { BackendReply } from '../backend-call.ts';
import { backendFault } from '../backend-fault.ts';
import { elementsNamed, readXml, type XmlElement } from '../strict-xml.ts';
import { hresultFault } from './adcs-hresults.ts';
import { WSTEP_NAMESPACE } from './wstep-names.ts';

/** `what`: whom and for what, for errors. `secrets`: as sent. */
export type SoapQuestion = { what: string; secrets: readonly string[] };

/** Statuses with which IIS answers in place of the service. */
const STATUSES: ReadonlyMap<number, readonly [IssuerErrorCode, string]> = new Map([
  [
    401,
    ['unauthorised', 'The service does not accept the account, or wants another kind of login: see the end of its URL'],
  ],
  [403, ['unauthorised', 'The service wants a client certificate, or refuses the one that it got']],
  [404, ['misconfigured', 'There is no service at this URL']],
  [413, ['invalid', 'The request is longer than the service takes']],
  [415, ['misconfigured', 'The service at this URL does not speak SOAP 1.2']],
]);

/** The body of a message, or what a fault means. */
export type SoapOutcome = { body: XmlElement } | { fault: IssuerError };

/** Throws IssuerError for another status, and for a document that is no SOAP 1.2. */
export function soapOutcome({ status, octets, headers }: BackendReply, { what, secrets }: SoapQuestion): SoapOutcome {
  const known = STATUSES.get(status);
  if (known)
    throw backendFault(known[0], `${what}: HTTP ${status}. ${known[1]}.`, { retryable: known[0] !== 'invalid' });
  if (!/^(application\/soap\+xml|text\/xml)\b/i.test(headers['content-type'] ?? ''))
    throw backendFault('unknown-outcome', `${what}: HTTP ${status} without SOAP`);
  const { soap } = WSTEP_NAMESPACE;
  const root = readable(octets, what);
  const [body, second] = root.children.filter(({ namespace, name }) => namespace === soap && name === 'Body');
  if (root.namespace !== soap || root.name !== 'Envelope' || !body || second)
    throw backendFault('unknown-outcome', `${what}: HTTP ${status} without SOAP 1.2`);
  const fault = body.children.find(({ namespace, name }) => namespace === soap && name === 'Fault');
  if (fault) return { fault: faultOf(fault, { what, secrets }) };
  if (status !== 200) throw backendFault('unknown-outcome', `${what}: HTTP ${status}`);
  return { body };
}

/** What became of an order whose answer cannot be read is not known. */
function readable(octets: Buffer, what: string): XmlElement {
  try {
    return readXml(octets.toString('utf8'));
  } catch (error) {
    if (!(error instanceof IssuerError)) throw error;
    throw backendFault('unknown-outcome', `${what}: ${error.adminText}`);
  }
}

/** The one element of this name directly below; undefined for none, and for more than one. */
export function onlyChild(element: XmlElement | undefined, name: string, namespace: string): XmlElement | undefined {
  const [found, second] = element?.children.filter((each) => each.name === name && each.namespace === namespace) ?? [];
  return second ? undefined : found;
}

/** What subcodes of faults mean that say nothing about the request. Their local names. */
const SUBCODES: ReadonlyMap<string, readonly [IssuerErrorCode, string]> = new Map(
  [
    ...['FailedAuthentication', 'InvalidSecurity', 'InvalidSecurityToken', 'FailedCheck', 'BadContextToken'].map(
      (name) => [name, 'unauthorised', 'Compare the account, its password, and the clocks of both servers'] as const,
    ),
    ...['ActionNotSupported', 'DestinationUnreachable', 'EndpointUnavailable'].map(
      (name) => [name, 'misconfigured', 'Write the URL exactly as the service has it'] as const,
    ),
  ].map(([name, code, remedy]) => [name, [code, remedy]]),
);

function faultOf(fault: XmlElement, { what, secrets }: SoapQuestion): IssuerError {
  const { soap, enrollment } = WSTEP_NAMESPACE;
  const said = redacted(elementsNamed(fault, 'Text', [soap])[0]?.text.trim() ?? '', secrets);
  const [detail] = elementsNamed(fault, 'CertificateEnrollmentWSDetail', [enrollment]);
  if (detail) return detailed(detail, what, said);
  const code = onlyChild(fault, 'Code', soap);
  const value = (of: XmlElement | undefined): string => local(onlyChild(of, 'Value', soap)?.text ?? '');
  const known = SUBCODES.get(value(onlyChild(code, 'Subcode', soap)));
  if (known) return backendFault(known[0], `${what}: ${said || 'refused'}. ${known[1]}.`, { retryable: true });
  // A fault of the receiver says nothing about the request, which the CA may have taken.
  const isSender = value(code) === 'Sender';
  return backendFault(isSender ? 'rejected' : 'unknown-outcome', `${what}: ${said || 'a fault without words'}`);
}

const local = (qualified: string): string => qualified.trim().replace(/^.*:/, '');

/** MS-WSTEP 3.1.4.1.3.7. */
function detailed(detail: XmlElement, what: string, said: string): IssuerError {
  const text = (name: string): string => onlyChild(detail, name, WSTEP_NAMESPACE.enrollment)?.text.trim() ?? '';
  const isFinal = /^(true|1)$/.test(text('InvalidRequest'));
  const code = /^-?\d{1,10}$/.test(text('ErrorCode')) ? Number(text('ErrorCode')) >>> 0 : 0;
  if (code !== 0) return hresultFault(code, { what, said, isFinal });
  return backendFault(isFinal ? 'rejected' : 'unknown-outcome', `${what}: ${said || 'a fault without words'}`);
}
