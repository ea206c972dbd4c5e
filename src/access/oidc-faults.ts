/** Why a login at a provider failed: what happened, and what to do about it. */
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';

/** `what` has no full stop. Neither has a secret in it. */
export type LoginFault = { what: string; remedy: string };

/** A login that failed for a known reason. */
export class OidcError extends Error {
  override readonly name = 'OidcError';
  /** See LoginFault. */
  readonly fault: LoginFault;

  constructor(fault: LoginFault, options?: ErrorOptions) {
    super(`${fault.what}. ${fault.remedy}`, options);
    this.fault = fault;
  }
}

const AGAIN = 'Begin again at /admin/login.';
const MOST = 300;

/** By the code of the provider (RFC 6749 4.1.2.1 and 5.2). */
const REMEDIES: Readonly<Record<string, string>> = {
  access_denied: 'Log in with another account, or have this one assigned to the app at the provider.',
  invalid_client:
    'The credential of the app is wrong or has ended: give `admin.oidc.clientSecret`, or the certificate, anew.',
  unauthorized_client: 'Allow the authorization code flow for the app at the provider.',
  invalid_grant: `The code was used before or is too old. ${AGAIN}`,
  redirect_uri_mismatch: 'Register `admin.publicUrl` with /admin/login/oidc/callback as redirect URI at the provider.',
  login_required: AGAIN,
  temporarily_unavailable: 'Come again in a moment.',
  server_error: 'Come again in a moment, or look into the log of the provider.',
};

/** The fault of an error of the library. */
export function oidcFault(error: unknown, issuer: string): LoginFault {
  if (error instanceof OidcError) return error.fault;
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)
    return ofProvider(error, issuer);
  const deepest = rootOf(error);
  if (error instanceof ClientError)
    return {
      what: `the answer of ${issuer} is not accepted: ${plain(deepest.message)}`,
      remedy: `${AGAIN} If it happens each time, compare \`admin.oidc\` and the clock of this server with the provider.`,
    };
  return {
    what: `${issuer} could not be asked: ${plain(deepest.message)}`,
    remedy:
      'Check `admin.oidc.issuer`, name resolution and firewall. For a private CA start with NODE_EXTRA_CA_CERTS, behind a proxy with NODE_USE_ENV_PROXY=1 and HTTPS_PROXY.',
  };
}

function ofProvider(error: AuthorizationResponseError | ResponseBodyError, issuer: string): LoginFault {
  const { error: code, error_description: description } = error;
  return {
    what: `${issuer} answered ${plain(code)}${description === undefined ? '' : `: ${plain(description)}`}`,
    remedy: REMEDIES[code] ?? AGAIN,
  };
}

/** What went wrong at the bottom of it. */
function rootOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}

const plain = (text: string): string => text.replaceAll(/\p{C}/gu, ' ').slice(0, MOST);
