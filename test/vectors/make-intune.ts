/**
 * Writes intune/*.json: the HTTP requests that the sources of Microsoft's published Java and C# libraries show, byte for
 * byte in the places where libraries differ. Words in braces, such as `{token}`, stand for what differs each time.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `expect` holds the status and members of the answer; `token` is the resource that the call needs a token for. */
type Vector = {
  source: string;
  client: string;
  why: string;
  token?: 'graph' | 'aadGraph' | 'intune';
  request: { method: string; host: 'login' | 'graph' | 'aadGraph' | 'services'; path: string };
  headers: Record<string, string>;
  body?: string;
  expect: { status: number; members?: Record<string, unknown> };
};

const SOURCE = 'microsoft/Intune-Resource-Access src/CsrValidation, read in 2026; written by make-intune.ts';
const JAVA = "Microsoft's Java library";
const CSHARP = "Microsoft's C# library";
const SCEP = '/RACerts/ScepRequestValidationFEService/Gateway/StatelessScepRequestValidationService/ScepActions';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const CREDENTIAL = 'client_id={clientId}&client_secret={clientSecret}&grant_type=client_credentials';
const INTUNE_SCOPE = 'https%3A%2F%2Fapi.manage.microsoft.com%2F%2F.default';

const javaHeaders = (version: string): Record<string, string> => ({
  authorization: 'Bearer {token}',
  'content-type': 'application/json',
  'client-request-id': '{guid}',
  'api-version': version,
  UserAgent: 'openndes tests',
});
const csharpHeaders = (version: string): Record<string, string> => ({
  authorization: 'Bearer {token}',
  'content-type': 'application/json; charset=utf-8',
  'client-request-id': '{guid}',
  'api-version': version,
});

/** JSON as the C# library sends it: over several lines, ended as on Windows. */
const indented = (value: object): string => JSON.stringify(value, null, 2).replaceAll('\n', '\r\n');

const request = { transactionId: '{transaction}', certificateRequest: '{csr}', callerInfo: 'openndes tests' };
const success = {
  transactionId: '{transaction}',
  certificateRequest: '{csr}',
  certificateThumbprint: '0123456789ABCDEF0123456789ABCDEF01234567',
  certificateSerialNumber: '5F00A1',
  certificateExpirationDateUtc: '2030-01-31T12:00:00.000+00:00',
  issuingCertificateAuthority: 'CN=Issuing CA',
  callerInfo: 'openndes tests',
};
const failure = {
  transactionId: '{transaction}',
  certificateRequest: '{csr}',
  hResult: 2147500037,
  errorDescription: 'The CA is down.',
  callerInfo: 'openndes tests',
};

const CONNECTOR = '/RACerts/PkiConnectorFEService/CertificateAuthorityRequests';
const result = { requestContext: '{context}', succeeded: true };

const post = (path: string) => ({ method: 'POST', host: 'services', path }) as const;
const login = (path: string, method = 'POST') => ({ method, host: 'login', path }) as const;
const CODE = { status: 200, members: { code: 'Success' } };

const VECTORS: Readonly<Record<string, Omit<Vector, 'source'>>> = {
  'java-instance-discovery': {
    client: JAVA,
    why: 'MSAL for Java asks which aliases the authority has before its first token',
    request: login(
      '/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2Flogin.microsoftonline.com%2F{tenant}%2Foauth2%2Fv2.0%2Fauthorize',
      'GET',
    ),
    headers: { 'client-request-id': '{guid}', 'return-client-request-id': 'true' },
    expect: { status: 200 },
  },
  'java-token': {
    client: JAVA,
    why: 'MSAL for Java adds three scopes of OpenID Connect to every request',
    request: login('/{tenant}/oauth2/v2.0/token'),
    headers: { ...FORM, 'client-request-id': '{guid}', 'return-client-request-id': 'true' },
    body: `scope=${INTUNE_SCOPE}+openid+profile+offline_access&client_info=1&${CREDENTIAL}`,
    expect: { status: 200, members: { token_type: 'Bearer', expires_in: 3600 } },
  },
  'csharp-token': {
    client: CSHARP,
    why: 'a token request without scopes of OpenID Connect and without client_info',
    request: login('/{tenant}/oauth2/v2.0/token'),
    headers: FORM,
    body: `${CREDENTIAL}&scope=${INTUNE_SCOPE}`,
    expect: { status: 200, members: { token_type: 'Bearer' } },
  },
  'csharp-token-v1': {
    client: CSHARP,
    why: 'after a failure of MSAL the library asks the first version of the endpoint, for Azure AD Graph',
    request: login('/{tenant}/oauth2/token'),
    headers: FORM,
    body: `resource=https%3A%2F%2Fgraph.windows.net%2F&client_info=1&${CREDENTIAL}`,
    expect: { status: 200, members: { token_type: 'Bearer', expires_in: '3600' } },
  },
  'csharp-token-v1-wrong-secret': {
    client: CSHARP,
    why: 'a wrong secret shows as such at the first version of the endpoint too',
    request: login('/{tenant}/oauth2/token'),
    headers: FORM,
    body: 'resource=https%3A%2F%2Fapi.manage.microsoft.com%2F&client_id={clientId}&client_secret=wrong&grant_type=client_credentials',
    expect: { status: 401, members: { error: 'invalid_client', error_codes: [7000215] } },
  },
  'legacy-discovery': {
    client: `${JAVA} and ${CSHARP}, before MSAL`,
    why: 'the services are looked up in Azure AD Graph',
    token: 'aadGraph',
    request: {
      method: 'GET',
      host: 'aadGraph',
      path: '/{tenant}/servicePrincipalsByAppId/0000000a-0000-0000-c000-000000000000/serviceEndpoints?api-version=1.6',
    },
    headers: { authorization: 'Bearer {token}', 'client-request-id': '{guid}' },
    expect: { status: 200 },
  },
  discovery: {
    client: `${JAVA} and ${CSHARP}`,
    why: 'the services are looked up in Microsoft Graph',
    token: 'graph',
    request: {
      method: 'GET',
      host: 'graph',
      path: '/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints',
    },
    headers: { authorization: 'Bearer {token}', 'client-request-id': '{guid}' },
    expect: { status: 200 },
  },
  'java-validate': {
    client: JAVA,
    why: 'JSON on one line, and a header that is called UserAgent',
    token: 'intune',
    request: post(`${SCEP}/validateRequest`),
    headers: javaHeaders('2018-02-20'),
    body: JSON.stringify({ request }),
    expect: CODE,
  },
  'csharp-validate': {
    client: CSHARP,
    why: 'JSON over several lines, and a charset in the content type',
    token: 'intune',
    request: post(`${SCEP}/validateRequest`),
    headers: csharpHeaders('2018-02-20'),
    body: indented({ request }),
    expect: CODE,
  },
  'java-success': {
    client: JAVA,
    why: 'the two members for the CA are empty when the caller gives none',
    token: 'intune',
    request: post(`${SCEP}/successNotification`),
    headers: javaHeaders('2018-02-20'),
    body: JSON.stringify({ notification: { ...success, caConfiguration: '', certificateAuthority: '' } }),
    expect: CODE,
  },
  'csharp-success': {
    client: CSHARP,
    why: 'the two members for the CA are null when the caller gives none',
    token: 'intune',
    request: post(`${SCEP}/successNotification`),
    headers: csharpHeaders('2018-02-20'),
    body: indented({ notification: { ...success, caConfiguration: null, certificateAuthority: null } }),
    expect: CODE,
  },
  'csharp-success-old': {
    client: `${CSHARP}, first release`,
    why: 'the two members for the CA are absent',
    token: 'intune',
    request: post(`${SCEP}/successNotification`),
    headers: csharpHeaders('5018-02-20'),
    body: indented({ notification: success }),
    expect: CODE,
  },
  'java-failure': {
    client: JAVA,
    why: 'an HRESULT as a positive number',
    token: 'intune',
    request: post(`${SCEP}/failureNotification`),
    headers: javaHeaders('2018-02-20'),
    body: JSON.stringify({ notification: failure }),
    expect: CODE,
  },
  'csharp-failure': {
    client: CSHARP,
    why: 'an HRESULT as a positive number, over several lines',
    token: 'intune',
    request: post(`${SCEP}/failureNotification`),
    headers: csharpHeaders('2018-02-20'),
    body: indented({ notification: failure }),
    expect: CODE,
  },
  'java-download': {
    client: JAVA,
    why: 'a filter for the issuer that is null, and the same headers as for a validation',
    token: 'intune',
    request: post(`${CONNECTOR}/downloadRevocationRequests`),
    headers: javaHeaders('5019-05-05'),
    body: JSON.stringify({ downloadParameters: { maxRequests: 100, issuerName: null } }),
    expect: { status: 200 },
  },
  'csharp-download': {
    client: CSHARP,
    why: 'two filters that are null, names with a capital, over several lines',
    token: 'intune',
    request: post(`${CONNECTOR}/downloadRevocationRequests`),
    headers: csharpHeaders('5019-05-05'),
    body: indented({ downloadParameters: { CertificateProviderName: null, MaxRequests: 100, IssuerName: null } }),
    expect: { status: 200 },
  },
  'java-upload': {
    client: JAVA,
    why: 'error codes as digits in text',
    token: 'intune',
    request: post(`${CONNECTOR}/uploadRevocationResults`),
    headers: javaHeaders('5019-05-05'),
    body: JSON.stringify({
      results: [
        { ...result, errorCode: '0' },
        { ...result, succeeded: false, errorCode: '4004', errorMessage: 'not found' },
      ],
    }),
    expect: { status: 200, members: { value: true } },
  },
  'csharp-upload': {
    client: CSHARP,
    why: 'error codes by their names, and a message that is null',
    token: 'intune',
    request: post(`${CONNECTOR}/uploadRevocationResults`),
    headers: csharpHeaders('5019-05-05'),
    body: indented({
      results: [
        { RequestContext: '{context}', Succeeded: true, ErrorCode: 'None', ErrorMessage: null },
        { RequestContext: '{context}', Succeeded: false, ErrorCode: 'CertificateNotFoundError', ErrorMessage: null },
      ],
    }),
    expect: { status: 200, members: { value: true } },
  },
};

for (const [name, vector] of Object.entries(VECTORS))
  writeFileSync(
    join(import.meta.dirname, 'intune', `${name}.json`),
    `${JSON.stringify({ source: SOURCE, ...vector }, null, 2)}\n`,
  );
