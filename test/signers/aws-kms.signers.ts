/** Keys in AWS KMS, as the emulator ministack has it: the contract of keys, faults, and a server whose CA key is there. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { keyRing, openKey } from '../../src/app/key-ring.ts';
import { IssuerError } from '../../src/core/errors.ts';
import type { SignatureInput } from '../../src/core/keys.ts';
import { keyProviderContract } from '../../src/testing/key-provider-contract.ts';
import { freePort } from '../kit/ports.ts';
import { until } from '../kit/until.ts';
import { emulator } from './emulator.ts';
import { enrolledWith } from './remote-ca.ts';
import { refusalOf } from './refusal.ts';

const port = await freePort();
const endpoint = `http://127.0.0.1:${port}`;
await emulator({
  program: join(import.meta.dirname, 'target/bin/ministack'),
  env: { GATEWAY_PORT: String(port) },
  ready: endpoint,
  install:
    'python3 -m venv test/signers/target && test/signers/target/bin/pip install -r test/signers/requirements.txt',
});
Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });

/** The client of the administrator: openndes makes no keys. */
type Sdk = Record<string, new (input: object) => object> & {
  KMSClient: new (
    settings: object,
  ) => { send: (command: object) => Promise<{ KeyMetadata?: { Arn: string } }>; destroy: () => void };
};
const sdk = createRequire(import.meta.url)('@aws-sdk/client-kms') as Sdk;
const admin = new sdk.KMSClient({ region: 'eu-central-1', endpoint });
after(() => admin.destroy());
const order = (name: string, input: object) => admin.send(new sdk[name]!(input));

async function newKey(KeySpec: string, KeyUsage = 'SIGN_VERIFY'): Promise<string> {
  const { KeyMetadata } = await order('CreateKeyCommand', { KeySpec, KeyUsage });
  return KeyMetadata!.Arn;
}
const uriOf = (key: string): string => `awskms:${key}?endpoint=${endpoint}`;
const WHAT = 'the key of the issuing CA';
const keys = keyRing();
after(() => keys.close());
const open = (key: string) => keys.open({ uri: uriOf(key), what: WHAT });

const INPUT: SignatureInput = { data: Buffer.from('to be signed'), digest: 'sha256', scheme: 'pkcs1' };

for (const [spec, digests] of [
  ['ECC_NIST_P256', ['sha256']],
  ['ECC_NIST_P384', ['sha384']],
  ['ECC_NIST_P521', ['sha512']],
  ['RSA_2048', ['sha256', 'sha384', 'sha512']],
  ['RSA_3072', ['sha256']],
] as const)
  keyProviderContract({ name: `AWS KMS ${spec}`, make: async () => open(await newKey(spec)), digests, transports: [] });

test('an alias is opened with its region, and goes on with the key that it named', async () => {
  const [first, second] = [await newKey('ECC_NIST_P256'), await newKey('ECC_NIST_P256')];
  await order('CreateAliasCommand', { AliasName: 'alias/issuing', TargetKeyId: first });
  const uri = `awskms:alias/issuing?region=eu-central-1&endpoint=${endpoint}`;
  const key = await keys.open({ uri, what: WHAT });
  await order('UpdateAliasCommand', { AliasName: 'alias/issuing', TargetKeyId: second });
  await key.sign(INPUT);
});

const refusal = (key: string): Promise<string> => refusalOf(() => openKey({ uri: uriOf(key), what: WHAT }));

test('a key that is not there, is disabled or does not sign stops with a sentence and a remedy', async () => {
  assert.match(await refusal('arn:aws:kms:eu-central-1:000000000000:key/none'), /NotFoundException.*name another one/);
  const disabled = await newKey('ECC_NIST_P256');
  await order('DisableKeyCommand', { KeyId: disabled });
  assert.match(await refusal(disabled), /DisabledException.*Enable the key/);
  assert.match(await refusal(await newKey('RSA_2048', 'ENCRYPT_DECRYPT')), /ENCRYPT_DECRYPT.*usage SIGN_VERIFY/);
});

test('a service that is away stops with a sentence', async () => {
  const uri = `awskms:arn:aws:kms:eu-central-1:000000000000:key/none?endpoint=http://127.0.0.1:${await freePort()}`;
  await assert.rejects(openKey({ uri, what: WHAT }), { name: 'ConfigError', message: /ECONNREFUSED/ });
});

test('a key that is disabled while it is in use fails with its reason, and works again when it is enabled', async () => {
  const arn = await newKey('ECC_NIST_P256');
  const key = await open(arn);
  await order('DisableKeyCommand', { KeyId: arn });
  await assert.rejects(
    async () => key.sign(INPUT),
    (error) => error instanceof IssuerError && error.code === 'misconfigured',
  );
  assert.match(key.standing!()!, /^AWS KMS: DisabledException: .* is disabled\., since 20/);
  await order('EnableKeyCommand', { KeyId: arn });
  await until(() => key.standing!() === undefined, 'the key to work again');
  await key.sign(INPUT);
});

test('a digest that the key does not sign with is refused before the service is asked', async () => {
  const key = await open(await newKey('ECC_NIST_P256'));
  await assert.rejects(async () => key.sign({ ...INPUT, digest: 'sha384' }), /does not sign with ECDSA_SHA_384/);
});

test('a started server enrols a device with the CA key in AWS KMS', async (t) => {
  const arn = await newKey('ECC_NIST_P256');
  const { ca, certificate } = await enrolledWith(t, uriOf(arn));
  assert.ok(new X509Certificate(certificate).verify(new X509Certificate(ca).publicKey));
});
