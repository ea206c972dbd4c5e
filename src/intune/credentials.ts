/** The credential of the app registration: each kind as what is sent to Entra, read again for each token. */
import { handleType, IterableBackoff, retry } from 'cockatiel';
import { ConfigError } from '../core/errors.ts';
import { type CertificateOfApp, signedAssertion, type SigningContext } from './signed-assertion.ts';
import { checkedAssertion } from './workload-assertion.ts';
import type { PlatformIdentity } from './platform-identity.ts';
import type { EntraCredential } from './token.ts';
import { IntuneUnreachable } from './unreachable.ts';

/** Exactly one of these. The functions read files; they throw ConfigError, which names the file. */
export type CredentialOptions = {
  /** The assertion of a workload identity, from a file that the platform renews. `file` names it in errors. */
  federated?: { file: string; read: () => string } | undefined;
  managedIdentity?: PlatformIdentity | undefined;
  /** `read` is asked for each token. */
  certificate?: { read: () => Promise<CertificateOfApp> } | undefined;
  clientSecret?: string | undefined;
};

/** `audience`: of the assertion of a workload. */
export type CredentialContext = SigningContext & { audience: string };

const KINDS = ['federated', 'managedIdentity', 'certificate', 'clientSecret'] as const;

/** Throws ConfigError unless exactly one kind is there. */
export function assertOneCredential(options: { readonly [kind in (typeof KINDS)[number]]?: unknown }): void {
  const given = KINDS.filter((kind) => options[kind] !== undefined);
  if (given.length === 1) return;
  throw new ConfigError(
    given.length === 0 ? 'has no credential' : `has ${given.length} credentials: ${given.join(', ')}`,
    'Give exactly one: `federated`, `managedIdentity`, `certificate` or, last, `clientSecret`.',
  );
}

/** What is sent to Entra for one token. Throws IntuneUnreachable with hop `token` when the credential cannot be used. */
export async function entraCredential(
  options: CredentialOptions,
  context: CredentialContext,
): Promise<EntraCredential> {
  try {
    return await retry(handleType(ConfigError), READ_AGAIN).execute(() => credentialNow(options, context));
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const { message, remedy } = cause;
    const what = `no token was asked for: ${message}`;
    throw new IntuneUnreachable({ hop: 'token', what, remedy, retryable: false, cause });
  }
}

async function credentialNow(
  { federated, certificate, clientSecret = '' }: CredentialOptions,
  context: CredentialContext,
): Promise<EntraCredential> {
  if (federated) return { clientAssertion: checkedAssertion(federated, context) };
  if (certificate) return { clientAssertion: await signedAssertion(await certificate.read(), context) };
  return { clientSecret };
}

/** Files may be replaced at this moment: one may be half written, or a certificate be there without its key. */
const READ_AGAIN = { maxAttempts: 3, backoff: new IterableBackoff([100, 300, 600]) };
