/** What MS-WSTEP asks of a CES: a certificate, or what became of a request that waits. */
import { escapedXml } from '../strict-xml.ts';
import { BASE64_TOKEN, REQUEST_TYPE, TOKEN, WSTEP_NAMESPACE } from './wstep-names.ts';

const { trust, security, authorization, enrollment, instance } = WSTEP_NAMESPACE;

const requestSecurityToken = (type: string, children: readonly string[]): string =>
  `<RequestSecurityToken PreferredLanguage="en-US" xmlns="${trust}"><TokenType>${TOKEN.x509}</TokenType><RequestType>${type}</RequestType>${children.join('')}</RequestSecurityToken>`;

const token = (kind: string, der: Uint8Array): string =>
  `<BinarySecurityToken ValueType="${kind}" EncodingType="${BASE64_TOKEN}" xmlns="${security}">${Buffer.from(der).toString('base64')}</BinarySecurityToken>`;

const NO_ID = `<RequestID xsi:nil="true" xmlns:xsi="${instance}" xmlns="${enrollment}"/>`;

/** An order with the request of a device as it is. Beside it there is room for the name of a template, and for no end. */
export const pkcs10Order = (csr: Uint8Array, template: string): string =>
  requestSecurityToken(REQUEST_TYPE.issue, [
    token(TOKEN.pkcs10, csr),
    `<AdditionalContext xmlns="${authorization}"><ContextItem Name="CertificateTemplate"><Value>${escapedXml(template)}</Value></ContextItem></AdditionalContext>`,
    NO_ID,
  ]);

/** An order in CMC, which says everything itself. */
export const cmcOrder = (cmc: Uint8Array): string =>
  requestSecurityToken(REQUEST_TYPE.issue, [token(TOKEN.pkcs7, cmc), NO_ID]);

/** The question for a request, by its number at the CA. */
export const statusQuestion = (requestId: string): string =>
  requestSecurityToken(REQUEST_TYPE.status, [`<RequestID xmlns="${enrollment}">${escapedXml(requestId)}</RequestID>`]);
