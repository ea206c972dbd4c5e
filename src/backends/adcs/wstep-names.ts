/** The names of SOAP 1.2, WS-Addressing, WS-Security and WS-Trust as MS-WSTEP and MS-XCEP use them. */

const OASIS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
const WINDOWS_PKI = 'http://schemas.microsoft.com/windows/pki/2009/01';

/** Namespaces (MS-WSTEP 2.2.1). That of WS-Trust has no slash at its end. */
export const WSTEP_NAMESPACE = {
  soap: 'http://www.w3.org/2003/05/soap-envelope',
  addressing: 'http://www.w3.org/2005/08/addressing',
  utility: `${OASIS}-wssecurity-utility-1.0.xsd`,
  security: `${OASIS}-wssecurity-secext-1.0.xsd`,
  trust: 'http://docs.oasis-open.org/ws-sx/ws-trust/200512',
  authorization: 'http://schemas.xmlsoap.org/ws/2006/12/authorization',
  enrollment: `${WINDOWS_PKI}/enrollment`,
  instance: 'http://www.w3.org/2001/XMLSchema-instance',
} as const;

/** The action of every message (3.1.4.2.1). */
export const WSTEP_ACTION = `${WINDOWS_PKI}/enrollment/RST/wstep`;

/** RequestType (3.1.4.1.2.7). */
export const REQUEST_TYPE = {
  issue: `${WSTEP_NAMESPACE.trust}/Issue`,
  status: `${WINDOWS_PKI}/enrollment/QueryTokenStatus`,
} as const;

/** What a token holds: a certificate; CMS; a request of PKCS #10. */
export const TOKEN = {
  x509: `${OASIS}-x509-token-profile-1.0#X509v3`,
  pkcs7: `${WSTEP_NAMESPACE.security}#PKCS7`,
  pkcs10: `${WINDOWS_PKI}/enrollment#PKCS10`,
} as const;

/** The only EncodingType. */
export const BASE64_TOKEN = `${WSTEP_NAMESPACE.security}#base64binary`;

/** The Type of a password that is sent as it is. */
export const PASSWORD_TEXT = `${OASIS}-username-token-profile-1.0#PasswordText`;
