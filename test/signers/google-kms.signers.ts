/**
 * Keys in Google Cloud KMS, as a strict fake has it: it takes only requests of the documented form, with their CRC-32C and a
 * token that a service account got. Not verified with Google.
 */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, privateEncrypt, constants, verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { keyRing, openKey } from '../../src/app/key-ring.ts';
import { IssuerError } from '../../src/core/errors.ts';
import type { SignatureInput } from '../../src/core/keys.ts';
import { ecdsaSignature } from '../../src/keys/ecdsa-signature.ts';
import { crc32c } from '../../src/keys/kms/crc32c.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { keyProviderContract } from '../../src/testing/key-provider-contract.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';
import { ecdsaOfHash, pkcs1OfHash, pssOfHash, type Sha2 } from './hash-signer.ts';
import { type Asked, fake, type Told } from './https-fake.ts';
import { refusalOf } from './refusal.ts';
import { enrolledWith } from './remote-ca.ts';

type Version = {
  key: SoftwareKey;
  algorithm: string;
  fault?: Told;
  change?: (body: Record<string, unknown>) => object;
};
const RING = 'projects/pki/locations/europe-west3/keyRings/ca/cryptoKeys';
const nameOf = (name: string): string => `${RING}/${name}/cryptoKeyVersions/1`;
const VERSIONS: Record<string, Version> = {
  p256: { key: ecKey('at Google'), algorithm: 'EC_SIGN_P256_SHA256' },
  p384: { key: ecKey('at Google too', 'P-384'), algorithm: 'EC_SIGN_P384_SHA384' },
  rsa: { key: rsaKey('at Google'), algorithm: 'RSA_SIGN_PKCS1_2048_SHA256' },
  raw: { key: rsaKey('at Google raw'), algorithm: 'RSA_SIGN_RAW_PKCS1_2048' },
  pss: { key: rsaKey('at Google pss'), algorithm: 'RSA_SIGN_PSS_2048_SHA256' },
  decrypts: { key: rsaKey('at Google'), algorithm: 'RSA_DECRYPT_OAEP_2048_SHA256' },
};
const account = generateKeyPairSync('rsa', { modulusLength: 2048 });
const calls: string[] = [];
const refused = (code: number, status: string, message: string): Told => ({
  status: code,
  body: { error: { code, message, status } },
});

function token({ body }: Asked): Told {
  assert.equal(body['grant_type'], 'urn:ietf:params:oauth:grant-type:jwt-bearer');
  const [header = '', claims = '', signature = ''] = String(body['assertion']).split('.');
  const text = Buffer.from(`${header}.${claims}`);
  assert.ok(verify('sha256', text, account.publicKey, Buffer.from(signature, 'base64url')));
  const { iss, scope, aud, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<
    string,
    unknown
  >;
  assert.deepEqual([iss, scope, aud], ['ca@pki', 'https://www.googleapis.com/auth/cloudkms', `${origin}/token`]);
  assert.equal(Number(exp) - Number(iat), 3600);
  calls.push('token');
  return { body: { access_token: 'ya29.token', expires_in: 3599, token_type: 'Bearer' } };
}

function kms(asked: Asked): Told {
  if (asked.path === '/token') return token(asked);
  if (asked.headers.authorization !== 'Bearer ya29.token') return refused(401, 'UNAUTHENTICATED', 'no token');
  const [, name = '', operation] =
    /^\/v1\/(.+\/cryptoKeyVersions\/\d+)(\/publicKey|:asymmetricSign)$/.exec(asked.path) ?? [];
  const version = Object.entries(VERSIONS).find(([each]) => nameOf(each) === name)?.[1];
  if (!version) return refused(404, 'NOT_FOUND', `${name} not found.`);
  if (version.fault) return version.fault;
  const { key, algorithm } = version;
  const answer = (body: Record<string, unknown>): Told => ({ body: version.change?.(body) ?? body });
  if (operation === '/publicKey') {
    assert.equal(asked.method, 'GET');
    const pem = createPublicKey(key.privateKey).export({ format: 'pem', type: 'spki' }).toString();
    return answer({ name, pem, pemCrc32c: String(crc32c(Buffer.from(pem))), algorithm, protectionLevel: 'HSM' });
  }
  assert.equal(asked.method, 'POST');
  calls.push(`sign ${algorithm}`);
  const raw = algorithm.includes('RAW');
  const octets = Buffer.from(String(raw ? asked.body['data'] : Object.values(asked.body['digest'] ?? {})[0]), 'base64');
  assert.equal(asked.body[raw ? 'dataCrc32c' : 'digestCrc32c'], String(crc32c(octets)));
  const signature = signed(version, octets, asked.body);
  const verified = { [raw ? 'verifiedDataCrc32c' : 'verifiedDigestCrc32c']: true };
  const crc = { signatureCrc32c: String(crc32c(signature)) };
  return answer({ name, signature: signature.toString('base64'), ...crc, ...verified, protectionLevel: 'HSM' });
}

function signed({ key, algorithm }: Version, octets: Buffer, body: Asked['body']): Buffer {
  if (algorithm.includes('RAW'))
    return privateEncrypt({ key: key.privateKey, padding: constants.RSA_PKCS1_PADDING }, octets);
  const digest = `sha${algorithm.slice(-3)}` as Sha2;
  assert.deepEqual(Object.keys(body['digest'] ?? {}), [digest]);
  if (key.kind.type === 'ec') return Buffer.from(ecdsaSignature(ecdsaOfHash(key, octets)));
  return (algorithm.includes('PSS') ? pssOfHash : pkcs1OfHash)(key, digest, octets);
}

const origin = await fake(kms);
const folder = mkdtempSync(join(tmpdir(), 'openndes-signers-'));
after(() => rmSync(folder, { recursive: true }));
const credentials = join(folder, 'account.json');
const file = {
  type: 'service_account',
  client_email: 'ca@pki',
  private_key_id: 'k1',
  private_key: account.privateKey.export({ format: 'pem', type: 'pkcs8' }),
  token_uri: `${origin}/token`,
};
writeFileSync(credentials, JSON.stringify(file), { mode: 0o600 });
process.env['GOOGLE_APPLICATION_CREDENTIALS'] = credentials;

const WHAT = 'the key of the issuing CA';
const uriOf = (name: string): string => `gcpkms:${nameOf(name)}?endpoint=${origin}`;
const keys = keyRing();
after(() => keys.close());
const open = (name: string) => keys.open({ uri: uriOf(name), what: WHAT });
const INPUT: SignatureInput = { data: Buffer.from('to be signed'), digest: 'sha256', scheme: 'pkcs1' };

for (const [name, digests, schemes] of [
  ['p256', ['sha256'], ['pkcs1']],
  ['p384', ['sha384'], ['pkcs1']],
  ['rsa', ['sha256'], ['pkcs1']],
  ['raw', ['sha256', 'sha384', 'sha512'], ['pkcs1']],
] as const)
  keyProviderContract({ name: `Google KMS ${name}`, make: () => open(name), digests, schemes, transports: [] });

test('a signature is one call, and the token is kept', async () => {
  const key = await open('p256');
  calls.splice(0);
  await key.sign(INPUT);
  await key.sign(INPUT);
  assert.deepEqual(calls, ['sign EC_SIGN_P256_SHA256', 'sign EC_SIGN_P256_SHA256']);
});

const refusal = (name: string): Promise<string> => refusalOf(() => openKey({ uri: uriOf(name), what: WHAT }));

test('a version that is not there, is disabled, may not be used or does not sign certificates stops with a sentence', async () => {
  assert.match(await refusal('none'), /Google Cloud KMS: HTTP 404, NOT_FOUND: .* not found.*name another one/);
  assert.match(await refusal('decrypts'), /the algorithm RSA_DECRYPT_OAEP_2048_SHA256.*EC_SIGN_P256_SHA256/);
  assert.match(await refusal('pss'), /does not sign pkcs1 with sha256/);
  VERSIONS['p384']!.fault = refused(400, 'FAILED_PRECONDITION', 'is not enabled, current state is: DISABLED.');
  assert.match(await refusal('p384'), /HTTP 400, FAILED_PRECONDITION: .*DISABLED.*Enable the key/);
  VERSIONS['p384']!.fault = refused(
    403,
    'PERMISSION_DENIED',
    "Permission 'cloudkms.cryptoKeyVersions.useToSign' denied",
  );
  assert.match(await refusal('p384'), /useToSign.*the right to read the public key and to sign/);
  delete VERSIONS['p384']!.fault;
});

for (const [name, change, expected] of [
  ['about another key', { name: nameOf('p384') }, /about another key/],
  ['with another signature than its CRC-32C', { signature: 'AAAA' }, /changed on its way/],
  ['without its CRC-32C', { signatureCrc32c: undefined }, /changed on its way/],
  ['to octets that it did not compare', { verifiedDigestCrc32c: false }, /did not compare/],
] as const)
  test(`an answer ${name} is not used, and the key works again after it`, async () => {
    const key = await open('p256');
    VERSIONS['p256']!.change = (body) => ({ ...body, ...change });
    await assert.rejects(
      async () => key.sign(INPUT),
      (error) => {
        assert.ok(error instanceof IssuerError);
        assert.match(error.message, expected);
        return true;
      },
    );
    delete VERSIONS['p256']!.change;
    await until(() => key.standing!() === undefined, 'the key to work again');
  });

test('a public key that was changed on its way is not used', async () => {
  VERSIONS['p256']!.change = (body) => ({ ...body, pemCrc32c: '1' });
  assert.match(await refusal('p256'), /changed on its way/);
  delete VERSIONS['p256']!.change;
});

test('credentials of another kind than a service account are named', async () => {
  const other = join(folder, 'other.json');
  writeFileSync(other, JSON.stringify({ ...file, type: 'external_account' }), { mode: 0o600 });
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = other;
  assert.match(
    await refusal('p256'),
    /other\.json: credentials of the type external_account, and not a service account/,
  );
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = credentials;
});

test('a started server enrols a device with the CA key at Google', async (t) => {
  const { ca, certificate } = await enrolledWith(t, uriOf('p256'));
  assert.ok(new X509Certificate(certificate).verify(new X509Certificate(ca).publicKey));
});
