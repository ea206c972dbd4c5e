/** Turns Entra ID's error responses into IntuneUnreachable: the AADSTS codes, with the setting to change. */
import type { Clock } from '../core/environment.ts';
import { IntuneUnreachable } from './unreachable.ts';
import type { OutboundReply } from '../outbound/https-client.ts';
import { retryAfterMs } from '../outbound/asked-pause.ts';
import { httpFault, remedyFor } from './http-faults.ts';
import { parseObject, redacted, textField } from '../outbound/untrusted-json.ts';

/** Codes caused by a wrong setting: meaning and remedy. docs/intune.md is generated from this table. */
export const ENTRA_CODES: Readonly<Record<string, { meaning: string; remedy: string }>> = {
  AADSTS7000215: {
    meaning: 'the client secret is wrong',
    remedy: 'Give the value of the secret, not its id; make a new one if the value is lost.',
  },
  AADSTS7000222: {
    meaning: 'the client secret has expired',
    remedy: 'Make a new client secret in the app registration and put it into the configuration.',
  },
  AADSTS700016: {
    meaning: 'the tenant does not know this app',
    remedy: 'Look at `clientId`; the app must be registered in this tenant or have its consent.',
  },
  AADSTS90002: { meaning: 'there is no such tenant in this cloud', remedy: 'Look at `tenant` and at `cloud`.' },
  AADSTS900023: {
    meaning: 'the tenant is neither a GUID nor a domain name',
    remedy: 'Look at `tenant`.',
  },
  AADSTS500011: {
    meaning: 'the tenant does not know the resource',
    remedy: 'Look at `cloud` and at the Intune licence of the tenant.',
  },
  AADSTS53003: {
    meaning: 'a policy of the tenant blocks the app, or its kind of credential',
    remedy:
      'Allow the app from the address of this server in conditional access for workload identities. Where the tenant forbids client secrets (tenantAppManagementPolicy), use `federated`, `managedIdentity` or `certificate`.',
  },
  AADSTS700027: {
    meaning: 'the certificate is not registered for the app, or has ended',
    remedy: 'Upload the certificate of `certificate.file` to the app registration, and look at its dates.',
  },
  AADSTS700024: {
    meaning: 'the assertion is not valid at this time',
    remedy: 'Look at the clock of this machine, and at what renews the file of `federated`.',
  },
  AADSTS70025: {
    meaning: 'the app has no federated credential',
    remedy: 'Add one to the app registration, with issuer, subject and audience of the assertion.',
  },
  AADSTS700211: {
    meaning: 'no federated credential of the app has the issuer of the assertion',
    remedy: 'Compare `iss` of the assertion with the issuer of the federated credential: every character counts.',
  },
  AADSTS700212: {
    meaning: 'no federated credential of the app has the audience of the assertion',
    remedy: 'Set the audience of the federated credential as docs/intune.md says.',
  },
  AADSTS700213: {
    meaning: 'no federated credential of the app has the subject of the assertion',
    remedy: 'Compare `sub` of the assertion with the subject of the federated credential: letter case counts.',
  },
  AADSTS50166: {
    meaning: 'Entra ID cannot read the keys of the issuer of the assertion',
    remedy: 'The issuer must publish its OpenID configuration where Entra ID can reach it.',
  },
  AADSTS50013: {
    meaning: 'the signature of the assertion is wrong',
    remedy: 'The issuer must publish the key that signs: look at its JWKS after a key change.',
  },
  AADSTS7000112: { meaning: 'the app is disabled in the tenant', remedy: 'Enable sign-in of the enterprise app.' },
};

const SIGN_IN_LOG = 'Look at the sign-in log of the app (service principal sign-ins) in the Entra admin center.';

/**
 * The error for a token request that Entra answered with an OAuth error (RFC 6749 5.2) or another HTTP error. `sent`:
 * the credential of the request.
 */
export function entraFault(reply: OutboundReply, clock: Clock, sent: readonly string[]): IntuneUnreachable {
  const body = parseObject(reply.text);
  const error = textField(body, 'error');
  if (error === undefined) return httpFault({ hop: 'token', reply, clock, sent });
  const code = /AADSTS\d+/.exec(textField(body, 'error_description') ?? '')?.[0];
  const row = code === undefined ? undefined : ENTRA_CODES[code];
  const isTemporary = reply.status === 429 || reply.status >= 500;
  const status = isTemporary ? `HTTP ${reply.status}` : undefined;
  return new IntuneUnreachable({
    hop: 'token',
    what: `Entra ID gave no token: ${[status, redacted(error, sent), code, row?.meaning].filter(Boolean).join(', ')}`,
    remedy: row?.remedy ?? (isTemporary ? remedyFor('token', reply.status) : SIGN_IN_LOG),
    retryable: isTemporary,
    status: reply.status,
    activityId: /^[0-9a-f-]{36}$/i.exec(textField(body, 'trace_id') ?? '')?.[0],
    retryAfterMs: retryAfterMs(reply.headers['retry-after'], clock),
  });
}
