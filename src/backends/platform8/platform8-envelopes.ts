/** The SOAP 1.1 messages of DigiCert PKI Platform 8 (pki-ws). */
import type { OrderReason } from '../../core/issuer.ts';
import { escapedXml } from '../strict-xml.ts';

/** The namespaces of the service. */
export const NAMESPACE = {
  soap: 'http://schemas.xmlsoap.org/soap/envelope/',
  trust: 'http://docs.oasis-open.org/ws-sx/ws-trust/200512/',
  enrollment: 'http://schemas.verisign.com/pkiservices/2009/07/enrollment',
  policy: 'http://schemas.verisign.com/pkiservices/2009/07/policy',
  management: 'http://schemas.verisign.com/pkiservices/2009/07/management',
} as const;

const BASE = 'http://schemas.verisign.com/pkiservices/2009/07';
const TOKEN_PROFILE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0';
const BASE64 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd#base64binary';

/** One message: where it is sent, its SOAPAction and its body. */
export type SoapMessage = { path: string; action: string; body: string };

/** A name and a value that a profile asks for. */
export type NamedValue = { name: string; value: string };

const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;
const text = (name: string, value: string): string => element(name, escapedXml(value));

/** The whole document. */
export const envelope = ({ body }: SoapMessage): string =>
  `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="${NAMESPACE.soap}"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;

const tokenRequest = (children: readonly string[]): SoapMessage => ({
  path: '/pki-ws/enrollmentService',
  action: `${NAMESPACE.enrollment}/requestSecurityToken`,
  body: `<wst:RequestSecurityToken xmlns:wst="${NAMESPACE.trust}"><enr:requestVSSecurityToken xmlns:enr="${NAMESPACE.enrollment}" preferredLanguage="en-us">${children.join('')}</enr:requestVSSecurityToken></wst:RequestSecurityToken>`,
});

/** An order. `transaction`: at most 40 characters. */
export type TokenOrder = {
  profileOid: string;
  transaction: string;
  csr: Uint8Array;
  values: readonly NamedValue[];
};

/** Asks for a certificate and its chain. */
export const orderMessage = ({ profileOid, transaction, csr, values }: TokenOrder): SoapMessage =>
  tokenRequest([
    text('enr:certificateProfileID', profileOid),
    text('enr:clientTransactionID', transaction),
    text('enr:tokenType', `${TOKEN_PROFILE}#PKCS7`),
    text('enr:requestType', `${NAMESPACE.trust}Issue`),
    `<enr:binarySecurityToken ValueType="${BASE}/PKCS10" EncodingType="${BASE64}">${Buffer.from(csr).toString('base64')}</enr:binarySecurityToken>`,
    ...values.map(({ name, value }) => element('enr:nameValuePair', text('enr:name', name) + text('enr:value', value))),
    text('enr:version', '2.0'),
  ]);

/** Asks what became of an order that waits. */
export const statusMessage = (profileOid: string, pending: string): SoapMessage =>
  tokenRequest([
    text('enr:certificateProfileID', profileOid),
    text('enr:tokenType', `${TOKEN_PROFILE}#PKCS7`),
    text('enr:requestType', `${BASE}/QueryTokenStatus`),
    text('enr:pendingTokenReferenceID', pending),
    text('enr:version', '2.0'),
  ]);

/** Asks what a profile demands. */
export const policyMessage = (profileOid: string): SoapMessage => ({
  path: '/pki-ws/policyService',
  action: `${NAMESPACE.policy}/requestPolicies`,
  body: `<pol:getPolicies xmlns:pol="${NAMESPACE.policy}"><pol:version>1.0</pol:version>${element(
    'pol:requestFilter',
    element('pol:policyIDs', text('pol:oid', profileOid)),
  )}</pol:getPolicies>`,
});

/** Asks for the valid certificates of a seat, from this one on. */
export const searchMessage = (profileOid: string, seat: string, start: number): SoapMessage => ({
  path: '/pki-ws/certificateManagementService',
  action: `${NAMESPACE.management}/searchCertificate`,
  body: `<mgt:searchCertificateRequest xmlns:mgt="${NAMESPACE.management}">${[
    text('mgt:seatId', seat),
    text('mgt:profileOID', profileOid),
    text('mgt:status', 'VALID'),
    text('mgt:startIndex', String(start)),
    text('mgt:version', '1.0'),
  ].join('')}</mgt:searchCertificateRequest>`,
});

const REASONS: Readonly<Partial<Record<OrderReason, string>>> = {
  keyCompromise: 'KeyCompromise',
  cACompromise: 'CACompromise',
  affiliationChanged: 'AffiliationChanged',
  cessationOfOperation: 'CessationOfOperation',
  privilegeWithdrawn: 'PrivilegeWithdrawn',
  aACompromise: 'AACompromise',
  superseded: 'Superseded',
};
const OPERATIONS: Readonly<Partial<Record<OrderReason, string>>> = {
  certificateHold: 'Suspend',
  removeFromCRL: 'Resume',
};

/** Revokes, suspends or resumes one certificate by its serial number. A seat is never named: that would revoke everything of it. */
export const changeMessage = (serial: string, reason: OrderReason): SoapMessage => ({
  path: '/pki-ws/certificateManagementService',
  action: `${NAMESPACE.management}/updateCertificateStatus`,
  body: `<mgt:updateCertificateStatusRequest xmlns:mgt="${NAMESPACE.management}">${[
    text('mgt:version', '1.0'),
    ...(OPERATIONS[reason] === undefined ? [text('mgt:revocationReason', REASONS[reason] ?? 'Unspecified')] : []),
    text('mgt:certificateSerialNumber', serial),
    text('mgt:operationType', OPERATIONS[reason] ?? 'Revoke'),
  ].join('')}</mgt:updateCertificateStatusRequest>`,
});
