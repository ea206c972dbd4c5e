/** `awskms:` URIs, and how the errors of the SDK are understood. The SDK itself is in `npm run signers`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, IssuerError } from '../../src/core/errors.ts';
import { readKeyUri } from '../../src/keys/key-uri.ts';
import { type AwsSdk, awsSigner, readAwsKeyUri } from '../../src/keys/kms/aws-kms.ts';
import { ecKey } from '../kit/keys.ts';

const read = (uri: string) => readAwsKeyUri(readKeyUri(uri));
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/0f9c3b7e-1111-2222-3333-444455556666';

test('the region is that of the ARN, or the one that is written', () => {
  assert.deepEqual(read(`awskms:${ARN}`), { keyId: ARN, region: 'eu-central-1' });
  assert.deepEqual(read('awskms:alias/issuing-ca?region=us-east-1'), {
    keyId: 'alias/issuing-ca',
    region: 'us-east-1',
  });
  assert.deepEqual(read('awskms:mrk-0f9c3b7e111122223333444455556666'), {
    keyId: 'mrk-0f9c3b7e111122223333444455556666',
  });
  const endpoint = 'https://vpce-1.kms.eu-central-1.vpce.amazonaws.com';
  assert.equal(read(`awskms:${ARN}?endpoint=${encodeURIComponent(endpoint)}`).endpoint, endpoint);
});

for (const [name, uri, expected] of [
  ['no key', 'awskms:', /no ARN, no id of a key and no alias/],
  ['an ARN of another service', 'awskms:arn:aws:s3:eu-central-1:111122223333:key/a', /no ARN/],
  ['an unknown attribute', `awskms:${ARN}?secret=x`, /no attribute `secret`/],
  ['an endpoint without TLS', `awskms:${ARN}?endpoint=http://kms.example`, /no URL with https/],
  ['an endpoint with a password', `awskms:${ARN}?endpoint=https://a:b@kms.example`, /without a password/],
] as const)
  test(`${name} is refused`, () =>
    assert.throws(
      () => read(uri),
      (error) => error instanceof ConfigError && expected.test(error.message),
    ));

const key = ecKey('in AWS');
const ANSWER = { KeyId: ARN, PublicKey: key.spki, KeyUsage: 'SIGN_VERIFY', SigningAlgorithms: ['ECDSA_SHA_256'] };

/** A command as an SDK makes it: its input. */
const Command = function (this: object, input: object) {
  Object.assign(this, input);
} as unknown as new (
  input: object,
) => object;

/** An SDK that answers the public key, and to an order to sign what the test says. Commands are their inputs. */
function sdkThat(answer: (order: Record<string, unknown>) => object) {
  const orders: Record<string, unknown>[] = [];
  class KMSClient {
    async send(command: object): Promise<object> {
      if (!('Message' in command)) return ANSWER;
      orders.push({ ...command });
      return answer({ ...command });
    }
    destroy(): void {}
  }
  const sdk: AwsSdk = { KMSClient, GetPublicKeyCommand: Command, SignCommand: Command };
  return { sdk, orders };
}
const named = (name: string) => Object.assign(new Error('of the service'), { name });
const signal = AbortSignal.timeout(60_000);

test('a signature is one order with the hash, the algorithm and the key that was opened', async () => {
  const { sdk, orders } = sdkThat(() => ({ Signature: Uint8Array.of(1) }));
  const signer = await awsSigner(read(`awskms:alias/ca`), sdk, signal);
  await signer.sign({ data: Buffer.from('abc'), digest: 'sha256', scheme: 'pkcs1' }, signal);
  const Message = Buffer.from('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'hex');
  assert.deepEqual(orders, [{ KeyId: ARN, Message, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' }]);
});

for (const [name, code] of [
  ['DisabledException', 'misconfigured'],
  ['NotFoundException', 'misconfigured'],
  ['AccessDeniedException', 'unauthorised'],
  ['CredentialsProviderError', 'unauthorised'],
  ['ThrottlingException', 'throttled'],
  ['KMSInternalException', 'unavailable'],
  ['TimeoutError', 'unavailable'],
] as const)
  test(`${name} is ${code}, and can succeed later`, async () => {
    const { sdk } = sdkThat(() => {
      throw named(name);
    });
    const signer = await awsSigner(read(`awskms:${ARN}`), sdk, signal);
    const signing = signer.sign({ data: Buffer.from('abc'), digest: 'sha256', scheme: 'pkcs1' }, signal);
    await assert.rejects(signing, (error) => {
      assert.ok(error instanceof IssuerError);
      assert.deepEqual([error.code, error.retryable], [code, true]);
      assert.equal(error.adminText, `AWS KMS: ${name}: of the service`);
      return true;
    });
  });
