/** Opens keys in the key management services of clouds. */
import { ConfigError, IssuerError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import { keyOpenDeadline } from '../embed/system.ts';
import { type AwsSdk, awsSigner, readAwsKeyUri } from '../keys/kms/aws-kms.ts';
import { azureSigner, readAzureKeyUri } from '../keys/kms/azure-kms.ts';
import { googleSigner, readGoogleKeyUri } from '../keys/kms/google-kms.ts';
import { httpsClient } from '../outbound/https-client.ts';
import { azureCredential } from './azure-credential.ts';
import { googleCredential } from './google-credential.ts';
import { kmsCalls } from './kms-calls.ts';
import type { KeyUri } from '../keys/key-uri.ts';
import type { RemoteSigner } from '../keys/remote-key.ts';
import { digestFor } from '../pkix/signature.ts';
import { optionalPackage } from './optional-package.ts';

/** Throws ConfigError. */
export async function openAwsKey(uri: KeyUri): Promise<RemoteSigner> {
  const read = readAwsKeyUri(uri);
  const sdk = optionalPackage('@aws-sdk/client-kms', { for: 'keys with the scheme `awskms:`' }) as AwsSdk;
  return explained(() => awsSigner(read, sdk, keyOpenDeadline()));
}

/** Milliseconds of one exchange. */
const CALL_MS = 5_000;

/** Throws ConfigError. */
export async function openAzureKey(uri: KeyUri): Promise<RemoteSigner> {
  const read = readAzureKeyUri(uri);
  const credential = azureCredential(read.resource);
  const { exchange, close } = httpsClient({ timeoutMs: CALL_MS });
  const call = kmsCalls('Azure Key Vault', exchange, credential.fetch);
  return closing([close, credential.close], () => azureSigner(read, call, keyOpenDeadline()));
}

/** Throws ConfigError. */
export async function openGoogleKey(uri: KeyUri): Promise<RemoteSigner> {
  const read = readGoogleKeyUri(uri);
  const { exchange, close } = httpsClient({ timeoutMs: CALL_MS });
  return closing([close], async () => {
    const call = kmsCalls('Google Cloud KMS', exchange, googleCredential(exchange));
    return googleSigner(read, call, keyOpenDeadline());
  });
}

/** A signer that closes these connections, which are closed too when it cannot be opened. */
async function closing(connections: readonly (() => Promise<void>)[], open: () => Promise<RemoteSigner>) {
  const close = async (): Promise<void> => void (await Promise.all(connections.map((each) => each())));
  try {
    return { ...(await explained(open)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const TRIAL = Buffer.from('openndes asks whether this key signs');

/** Has a key that is for signing sign once, so that a missing right or a disabled key is found before a device asks. Throws ConfigError. */
export async function assertSigns(key: KeyProvider): Promise<void> {
  const trial = { data: TRIAL, digest: digestFor(key.kind), scheme: 'pkcs1' } as const;
  if (!key.decrypt) await explained(async () => key.sign(trial));
}

/** Throws ConfigError for what the work throws. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const code = cause instanceof IssuerError ? cause.code : 'unavailable';
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(text, REMEDIES.get(code) ?? LOOK, { cause });
  }
}

const LOOK = 'Look at the network, at the place of the key, and at its region.';
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['throttled', 'Wait, or have the quota raised: docs/signers.md has the usual ones.'],
  [
    'unauthorised',
    'Give the identity of openndes the right to read the public key and to sign: docs/signers.md names it.',
  ],
  ['misconfigured', 'Enable the key, or name another one.'],
]);
