/** Keys in AWS KMS. Its SDK has credentials, signatures of requests and retries; it is given, and never imported here. */
import { ConfigError, IssuerError } from '../../core/errors.ts';
import type { SignatureInput } from '../../core/keys.ts';
import { readKeyKind } from '../../pkix/public-key.ts';
import { givenDigest, hashed } from '../hashed.ts';
import { type KeyFaultCode, keyFault } from '../key-fault.ts';
import { assertKnown, type KeyUri } from '../key-uri.ts';
import type { RemoteSigner } from '../remote-key.ts';
import { assertSafeUrl } from './safe-url.ts';

/** What is used of `@aws-sdk/client-kms`. */
export type AwsSdk = {
  KMSClient: new (
    settings: object,
  ) => {
    send(command: object, options: { abortSignal: AbortSignal }): Promise<object>;
    destroy(): void;
  };
  GetPublicKeyCommand: new (input: { KeyId: string }) => object;
  SignCommand: new (input: object) => object;
};

/** `keyId`: ARN or id of a key, or ARN or name of an alias. Without a region the SDK looks for one. */
export type AwsKeyUri = { keyId: string; region?: string; endpoint?: string };

const ARN = /^arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]+):\d{12}:(key|alias)\/[\w/-]+$/;
const ID = /^(alias\/[\w/-]+|(mrk-)?[0-9a-f-]{32,36})$/;

/** `awskms:ARN`, `awskms:alias/NAME` or `awskms:ID`. Throws ConfigError. */
export function readAwsKeyUri({ path: keyId, query }: KeyUri): AwsKeyUri {
  assertKnown(query, ['region', 'endpoint'], 'awskms');
  const arn = ARN.exec(keyId)?.groups;
  if (!arn && !ID.test(keyId))
    throw new ConfigError(
      'an `awskms:` key that is no ARN, no id of a key and no alias',
      'Write it like `awskms:arn:aws:kms:eu-central-1:111122223333:key/0f9c3b7e-…` or `awskms:alias/issuing-ca?region=eu-central-1`.',
    );
  const region = query.get('region') ?? arn?.['region'];
  const endpoint = query.get('endpoint');
  if (endpoint !== undefined) assertSafeUrl(endpoint, '`endpoint` of an `awskms:` key');
  return { keyId, ...(region !== undefined && { region }), ...(endpoint !== undefined && { endpoint }) };
}

type PublicKeyAnswer = { KeyId?: string; PublicKey?: Uint8Array; KeyUsage?: string; SigningAlgorithms?: string[] };

/**
 * Asks for the public key; signs with the key that an alias names now, until it is opened again. Throws IssuerError, and ConfigError
 * for a key that does not sign.
 */
export async function awsSigner(uri: AwsKeyUri, sdk: AwsSdk, signal: AbortSignal): Promise<RemoteSigner> {
  const { keyId, ...settings } = uri;
  const client = new sdk.KMSClient({ ...settings, maxAttempts: 2 });
  const call = async (command: object, abortSignal: AbortSignal): Promise<object> =>
    client.send(command, { abortSignal }).catch((error: unknown) => {
      throw faultOf(error, abortSignal);
    });
  try {
    const answer: PublicKeyAnswer = await call(new sdk.GetPublicKeyCommand({ KeyId: keyId }), signal);
    const { KeyId = keyId, PublicKey: spki, KeyUsage: usage, SigningAlgorithms: algorithms = [] } = answer;
    if (!spki || usage !== 'SIGN_VERIFY')
      throw new ConfigError(`an AWS KMS key for ${usage ?? 'nothing'}`, 'Make a key with the usage SIGN_VERIFY.');
    const named = algorithmOf(readKeyKind(spki).type, algorithms);
    return {
      spki,
      async sign(input, abortSignal) {
        const SigningAlgorithm = named(input);
        const Message = hashed(input.data, givenDigest(input));
        const order = new sdk.SignCommand({ KeyId, Message, MessageType: 'DIGEST', SigningAlgorithm });
        const { Signature } = (await call(order, abortSignal)) as { Signature?: Uint8Array };
        return Signature ?? new Uint8Array();
      },
      close: async () => client.destroy(),
    };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

const SCHEMES = { pkcs1: 'RSASSA_PKCS1_V1_5', pss: 'RSASSA_PSS' } as const;

/** The name of an algorithm. It throws TypeError for one that the key does not have. */
const algorithmOf =
  (type: string, offered: readonly string[]) =>
  ({ digest, scheme }: SignatureInput): string => {
    const name = `${type === 'rsa' ? SCHEMES[scheme] : 'ECDSA'}_${digest?.toUpperCase().replace('SHA', 'SHA_')}`;
    if (!offered.includes(name)) throw new TypeError(`the AWS KMS key does not sign with ${name}`);
    return name;
  };

/** Names of exceptions. Others are a service that does not answer, or an error of its own. */
const CODES: Readonly<Record<string, KeyFaultCode>> = {
  DisabledException: 'misconfigured',
  KMSInvalidStateException: 'misconfigured',
  NotFoundException: 'misconfigured',
  InvalidKeyUsageException: 'misconfigured',
  AccessDeniedException: 'unauthorised',
  UnrecognizedClientException: 'unauthorised',
  InvalidSignatureException: 'unauthorised',
  ExpiredTokenException: 'unauthorised',
  IncompleteSignature: 'unauthorised',
  CredentialsProviderError: 'unauthorised',
  ThrottlingException: 'throttled',
  LimitExceededException: 'throttled',
};

/** The name and the text of the SDK, which has no credential. */
function faultOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof IssuerError) return signal.reason ?? error;
  const { name, message } = error as Error;
  return keyFault(CODES[name] ?? 'unavailable', `AWS KMS: ${name}: ${message}`, { cause: error });
}
