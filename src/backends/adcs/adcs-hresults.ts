/** HRESULTs of MS-WCCE about which an administrator can do something, in words, whichever language the CA speaks. */
import type { IssuerError, IssuerErrorCode } from '../../core/errors.ts';
import { backendFault } from '../backend-fault.ts';

type Meaning = readonly [IssuerErrorCode, name: string, text: string];

const FROM_DIRECTORY = 'from Active Directory: choose Supply in the request';
const NO_SIGNATURES = 'set `number of authorized signatures` to 0';

const MEANINGS: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [
    0x8009_4001,
    ['rejected', 'CERTSRV_E_BAD_REQUESTSUBJECT', 'the subject is invalid, or one of its parts is too long'],
  ],
  [0x8009_4002, ['rejected', 'CERTSRV_E_NO_REQUEST', 'the CA has no request with this number']],
  [0x8009_4003, ['conflict', 'CERTSRV_E_BAD_REQUESTSTATUS', 'the state of the request does not permit this']],
  [0x8009_4005, ['misconfigured', 'CERTSRV_E_INVALID_CA_CERTIFICATE', 'the certificate of the CA itself is invalid']],
  [0x8009_4006, ['unavailable', 'CERTSRV_E_SERVER_SUSPENDED', 'the CA is suspended while its database is restored']],
  [0x8009_400f, ['throttled', 'CERTSRV_E_NO_DB_SESSIONS', 'the CA has too many open sessions of its database']],
  [
    0x8009_4011,
    [
      'unauthorised',
      'CERTSRV_E_ENROLL_DENIED',
      'the account may not request certificates at this CA: give it Request Certificates',
    ],
  ],
  [
    0x8009_4012,
    [
      'unauthorised',
      'CERTSRV_E_TEMPLATE_DENIED',
      'the account may not enrol for this template: give it Read and Enroll',
    ],
  ],
  [0x8009_4014, ['rejected', 'CERTSRV_E_ADMIN_DENIED_REQUEST', 'an administrator of the CA has denied the request']],
  [
    0x8009_4800,
    [
      'misconfigured',
      'CERTSRV_E_UNSUPPORTED_CERT_TYPE',
      'the CA does not issue this template: publish it there, and give its name and not its display name',
    ],
  ],
  [0x8009_4801, ['misconfigured', 'CERTSRV_E_NO_CERT_TYPE', 'the request names no template']],
  [
    0x8009_4802,
    [
      'misconfigured',
      'CERTSRV_E_TEMPLATE_CONFLICT',
      'the request of the device names another template than the configuration',
    ],
  ],
  [
    0x8009_4803,
    [
      'rejected',
      'CERTSRV_E_SUBJECT_ALT_NAME_REQUIRED',
      'the template demands a subjectAltName, and the request has none',
    ],
  ],
  [
    0x8009_4804,
    [
      'misconfigured',
      'CERTSRV_E_ARCHIVED_KEY_REQUIRED',
      'the template archives private keys, which no device sends: switch it off',
    ],
  ],
  [0x8009_4805, ['misconfigured', 'CERTSRV_E_SMIME_REQUIRED', 'the template demands S/MIME capabilities']],
  [
    0x8009_4806,
    ['misconfigured', 'CERTSRV_E_BAD_RENEWAL_SUBJECT', 'the template demands a signature of an enrolment agent'],
  ],
  [0x8009_4808, ['misconfigured', 'CERTSRV_E_TEMPLATE_POLICY_REQUIRED', 'the template lacks a policy for signatures']],
  [
    0x8009_4809,
    [
      'misconfigured',
      'CERTSRV_E_SIGNATURE_POLICY_REQUIRED',
      `the template demands a signature with a policy: ${NO_SIGNATURES}`,
    ],
  ],
  [
    0x8009_480a,
    ['misconfigured', 'CERTSRV_E_SIGNATURE_COUNT', `the template demands more signatures: ${NO_SIGNATURES}`],
  ],
  [0x8009_480d, ['misconfigured', 'CERTSRV_E_SUBJECT_UPN_REQUIRED', `the template takes the UPN ${FROM_DIRECTORY}`]],
  [
    0x8009_480e,
    ['misconfigured', 'CERTSRV_E_SUBJECT_DIRECTORY_GUID_REQUIRED', `the template takes a GUID ${FROM_DIRECTORY}`],
  ],
  [
    0x8009_480f,
    ['misconfigured', 'CERTSRV_E_SUBJECT_DNS_REQUIRED', `the template takes the DNS name ${FROM_DIRECTORY}`],
  ],
  [0x8009_4811, ['rejected', 'CERTSRV_E_KEY_LENGTH', 'the key is shorter than the template demands']],
  [
    0x8009_4812,
    ['misconfigured', 'CERTSRV_E_SUBJECT_EMAIL_REQUIRED', `the template takes the mail address ${FROM_DIRECTORY}`],
  ],
  [
    0x8009_2013,
    [
      'unavailable',
      'CRYPT_E_REVOCATION_OFFLINE',
      'the CA cannot read a revocation list above it: publish the list of its root',
    ],
  ],
  [
    0x8009_2012,
    ['unavailable', 'CRYPT_E_NO_REVOCATION_CHECK', 'the CA cannot check whether its own certificate is revoked'],
  ],
  [
    0x8009_200e,
    ['misconfigured', 'CRYPT_E_NO_SIGNER', 'the CA takes no CMC without a signature: try `request: pkcs10`'],
  ],
  [0x8007_052e, ['unauthorised', 'ERROR_LOGON_FAILURE', 'the name or the password of the account is wrong']],
  [0x8007_0005, ['unauthorised', 'E_ACCESSDENIED', 'the CA refuses the account, or the service may not act for it']],
  [0x8007_0057, ['invalid', 'E_INVALIDARG', 'the CA does not understand the request']],
  [0x8007_000d, ['invalid', 'ERROR_INVALID_DATA', 'the CA cannot read the request, or its state does not permit this']],
  [
    0x8007_06ba,
    [
      'unavailable',
      'RPC_S_SERVER_UNAVAILABLE',
      'the service does not reach the CA: does the CA run, and is the firewall open?',
    ],
  ],
  [0x8007_06be, ['unknown-outcome', 'RPC_S_CALL_FAILED', 'the connection to the CA ended during the call']],
]);

/** `what`: what was asked of whom. `said`: the words of the CA, without secrets. `isFinal`: the CA has denied the request itself. */
export type HresultOptions = { what: string; said?: string; isFinal?: boolean };

/** The error for a code of the CA, as an unsigned number. One that is not listed is a refusal. */
export function hresultFault(hresult: number, { what, said = '', isFinal = false }: HresultOptions): IssuerError {
  const [code, name, text] = MEANINGS.get(hresult) ?? ['rejected', 'HRESULT', 'the CA refuses the request'];
  const number = `0x${hresult.toString(16).padStart(8, '0')}`;
  const words = said === '' ? '' : `. The CA says: ${said}`;
  return backendFault(code, `${what}: ${name} (${number}): ${text}${words}`, isFinal ? { retryable: false } : {});
}
