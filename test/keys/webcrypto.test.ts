import assert from 'node:assert/strict';
import { createPublicKey, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { Crypto } from '@peculiar/webcrypto';
import type { KeyProvider, KeyTransport } from '../../src/core/keys.ts';
import { generateKey, type SoftwareKey } from '../../src/keys/software.ts';
import { webCryptoKey } from '../../src/keys/webcrypto.ts';
import { keyProviderContract } from '../../src/testing/key-provider-contract.ts';
import { openssl, withoutOpenssl } from '../kit/openssl.ts';

type Algorithm = { name: string; hash?: string; namedCurve?: string };
const SIGNING: Algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const PSS: Algorithm = { name: 'RSA-PSS', hash: 'SHA-256' };
const OAEP_SHA1: Algorithm = { name: 'RSA-OAEP', hash: 'SHA-1' };
const OAEP_SHA256: Algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' };
const PKCS1: Algorithm = { name: 'RSAES-PKCS1-v1_5', hash: 'SHA-256' };
const oaep = (hash: 'sha1' | 'sha256'): KeyTransport => ({ scheme: 'oaep', hash, mgf1Hash: hash });

const software = { rsa: generateKey('rsa-2048'), p256: generateKey('p256'), p384: generateKey('p384') };

async function provider(
  subtle: Pick<webcrypto.SubtleCrypto, 'importKey' | 'exportKey' | 'sign' | 'decrypt'>,
  key: SoftwareKey,
  algorithms: readonly Algorithm[],
  onDecryptionFailure: (cause: unknown) => void = () => {},
) {
  const pkcs8 = key.privateKey.export({ format: 'der', type: 'pkcs8' });
  const privateKeys = await Promise.all(
    algorithms.map((algorithm) => subtle.importKey('pkcs8', pkcs8, algorithm, false, [usage(algorithm)])),
  );
  const publicUsages: webcrypto.KeyUsage[] = usage(algorithms[0]!) === 'sign' ? ['verify'] : ['encrypt'];
  const publicKey = await subtle.importKey('spki', key.spki, algorithms[0]!, true, publicUsages);
  return webCryptoKey({ subtle, privateKeys, publicKey, onDecryptionFailure });
}

const usage = ({ name }: Algorithm): 'sign' | 'decrypt' => (/OAEP|ES-PKCS1/.test(name) ? 'decrypt' : 'sign');

// The types of @peculiar/webcrypto are those of browsers; the objects are the same.
const peculiar = new Crypto().subtle as unknown as webcrypto.SubtleCrypto;
const ENGINES = [
  { name: '@peculiar/webcrypto', subtle: peculiar, pkcs1: true },
  { name: 'Node WebCrypto', subtle: webcrypto.subtle, pkcs1: false },
];

for (const { name, subtle, pkcs1 } of ENGINES) {
  keyProviderContract({
    name: `${name} RSA`,
    make: () => provider(subtle, software.rsa, [SIGNING, PSS, OAEP_SHA1, OAEP_SHA256, ...(pkcs1 ? [PKCS1] : [])]),
    digests: ['sha256'],
    transports: [oaep('sha1'), oaep('sha256'), ...(pkcs1 ? [{ scheme: 'pkcs1' } as const] : [])],
  });
  for (const [curve, key] of [
    ['P-256', software.p256],
    ['P-384', software.p384],
  ] as const)
    keyProviderContract({
      name: `${name} ${curve}`,
      make: () => provider(subtle, key, [{ name: 'ECDSA', namedCurve: curve }]),
      digests: ['sha1', 'sha256', 'sha384', 'sha512'],
      transports: [],
    });
}

test('the default engine is @peculiar/webcrypto', async () => {
  const pkcs8 = software.rsa.privateKey.export({ format: 'der', type: 'pkcs8' });
  const privateKey = await peculiar.importKey('pkcs8', pkcs8, SIGNING, false, ['sign']);
  const publicKey = await peculiar.importKey('spki', software.rsa.spki, SIGNING, true, ['verify']);
  const key = await webCryptoKey({ privateKeys: [privateKey], publicKey, onDecryptionFailure: () => {} });
  const input = { data: Buffer.from('data'), digest: 'sha256', scheme: 'pkcs1' } as const;
  assert.deepEqual(Buffer.from(await key.sign(input)), Buffer.from(await software.rsa.sign(input)));
});

test('the error of an engine that fails to decrypt goes to `onDecryptionFailure` only', async () => {
  const causes: unknown[] = [];
  const { subtle } = webcrypto;
  const key = await provider(
    {
      importKey: subtle.importKey.bind(subtle),
      sign: subtle.sign.bind(subtle),
      exportKey: subtle.exportKey.bind(subtle),
      decrypt: () => Promise.reject(new Error('the HSM is away')),
    },
    software.rsa,
    [OAEP_SHA256],
    (cause) => causes.push(cause),
  );
  assert.equal((await key.decrypt!(new Uint8Array(256), oaep('sha256'))).length, 0);
  assert.match(String(causes[0]), /the HSM is away/);
});

test('an algorithm without a key is a TypeError that names it', async () => {
  const key = await provider(webcrypto.subtle, software.rsa, [SIGNING, OAEP_SHA256]);
  await assert.rejects(async () => key.sign({ data: Buffer.of(1), digest: 'sha512', scheme: 'pkcs1' }), {
    name: 'TypeError',
    message: /sha512/,
  });
  const pss = { data: Buffer.of(1), digest: 'sha256', scheme: 'pss' } as const;
  await assert.rejects(async () => key.sign(pss), { name: 'TypeError', message: /RSA-PSS with sha256/ });
  const decrypt = async (transport: KeyTransport) => key.decrypt!(new Uint8Array(256), transport);
  await assert.rejects(decrypt({ scheme: 'pkcs1' }), { name: 'TypeError', message: /RSAES-PKCS1-v1_5/ });
  await assert.rejects(decrypt(oaep('sha1')), { name: 'TypeError', message: /sha1/ });
  const mixed: KeyTransport = { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha1' };
  await assert.rejects(decrypt(mixed), { name: 'TypeError', message: /sha256 and MGF1 with sha1/ });
});

test('ECDSA does not sign with SHA-224, which WebCrypto does not have', async () => {
  const key = await provider(webcrypto.subtle, software.p256, [{ name: 'ECDSA', namedCurve: 'P-256' }]);
  await assert.rejects(async () => key.sign({ data: Buffer.of(1), digest: 'sha224', scheme: 'pkcs1' }), TypeError);
});

const PSS_SIGNERS: readonly (readonly [string, () => KeyProvider | Promise<KeyProvider>])[] = [
  ['a software key', () => software.rsa],
  ...ENGINES.map(({ name, subtle }) => [name, () => provider(subtle, software.rsa, [PSS])] as const),
];
for (const [name, make] of PSS_SIGNERS)
  test(`the openssl command verifies a PSS signature of ${name}`, { skip: withoutOpenssl }, async () => {
    const data = Buffer.from('to be signed');
    const signature = await (await make()).sign({ data, digest: 'sha256', scheme: 'pss' });
    const key = createPublicKey(software.rsa.privateKey).export({ type: 'spki', format: 'pem' });
    const options = ['rsa_padding_mode:pss', 'rsa_pss_saltlen:digest', 'rsa_mgf1_md:sha256'];
    const verify = 'pkeyutl -verify -pubin -inkey key -rawin -digest sha256 -in data -sigfile signature'.split(' ');
    const args = [...verify, ...options.flatMap((option) => ['-pkeyopt', option])];
    openssl(args, { key, data, signature });
    assert.throws(() => openssl(args, { key, data: 'other data', signature }));
  });
