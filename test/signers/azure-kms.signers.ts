/**
 * Keys in Azure Key Vault, as a strict fake has it: it takes only requests of the documented form with a token for its
 * resource. Not verified with Azure.
 */
import assert from 'node:assert/strict';
import { constants, privateDecrypt, X509Certificate } from 'node:crypto';
import { after, beforeEach, test } from 'node:test';
import { keyRing, openKey } from '../../src/app/key-ring.ts';
import { IssuerError } from '../../src/core/errors.ts';
import type { SignatureInput } from '../../src/core/keys.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { keyProviderContract } from '../../src/testing/key-provider-contract.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';
import { ecdsaOfHash, pkcs1OfHash, pssOfHash, type Sha2 } from './hash-signer.ts';
import { type Asked, fake, type Told } from './https-fake.ts';
import { refusalOf } from './refusal.ts';
import { enrolledWith } from './remote-ca.ts';

type VaultKey = { key: SoftwareKey; ops: string[]; fault?: Told };
const KEYS: Record<string, VaultKey> = {
  p256: { key: ecKey('in a vault'), ops: ['sign', 'verify'] },
  p384: { key: ecKey('in a vault too', 'P-384'), ops: ['sign', 'verify'] },
  p521: { key: ecKey('in a vault last', 'P-521'), ops: ['sign', 'verify'] },
  rsa: { key: rsaKey('in a vault'), ops: ['sign', 'verify', 'decrypt', 'encrypt'] },
  ca: { key: rsaKey('of a CA in a vault'), ops: ['sign'] },
  wrap: { key: rsaKey('in a vault that wraps'), ops: ['wrapKey'] },
};
const VERSION = '0f9c3b7e11112222333344445555666a';
const calls: string[] = [];
let valid = 'token-1';

const refused = (status: number, code: string, message: string, innererror?: object): Told => ({
  status,
  body: { error: { code, message, ...(innererror && { innererror }) } },
});

function identity({ path, headers }: Asked): Told {
  const query = new URL(path, 'http://fake').searchParams;
  assert.equal(headers['x-identity-header'], 'the header');
  assert.equal(query.get('resource'), 'https://vault.azure.net');
  calls.push('token');
  return { body: { access_token: valid, expires_in: '3600', token_type: 'Bearer' } };
}

function vault(asked: Asked): Told {
  const url = new URL(asked.path, 'http://fake');
  if (url.pathname === '/identity') return identity(asked);
  const [, name = '', version, operation] = /^\/keys\/([\w-]+)(?:\/(\w+))?(?:\/(\w+))?$/.exec(url.pathname) ?? [];
  if (asked.headers.authorization !== `Bearer ${valid}`) return refused(401, 'Unauthorized', 'no token');
  if (url.searchParams.get('api-version') !== '7.4') return refused(400, 'BadParameter', 'no api-version');
  const found = KEYS[name];
  if (!found || (version !== undefined && version !== VERSION)) return refused(404, 'KeyNotFound', `no key ${name}`);
  if (found.fault) return found.fault;
  const kid = `${origin}/keys/${name}/${VERSION}`;
  if (asked.method === 'GET' && operation === undefined) {
    const jwk = found.key.privateKey.export({ format: 'jwk' });
    const { n, e, crv, x, y } = jwk;
    const kty = `${jwk.kty}-HSM`;
    return { body: { key: { kid, kty, key_ops: found.ops, n, e, crv, x, y }, attributes: { enabled: true } } };
  }
  if (asked.method !== 'POST' || version === undefined) return refused(400, 'BadParameter', 'no operation');
  calls.push(`${name} ${operation} ${String(asked.body['alg'])}`);
  if (!found.ops.includes(operation ?? '')) return refused(403, 'Forbidden', 'the operation is not allowed');
  const result = (operation === 'sign' ? signed : decrypted)(found.key, asked.body);
  return result ? { body: { kid, value: result.toString('base64url') } } : refused(400, 'BadParameter', 'Bad padding.');
}

const octetsIn = (body: Asked['body']): Buffer => Buffer.from(String(body['value']), 'base64url');

function signed(key: SoftwareKey, body: Asked['body']): Buffer {
  const alg = String(body['alg']);
  const digest = `sha${alg.slice(2)}` as Sha2;
  const hash = octetsIn(body);
  assert.equal(hash.length, Number(alg.slice(2)) / 8);
  if (alg.startsWith('ES')) return ecdsaOfHash(key, hash);
  return (alg.startsWith('PS') ? pssOfHash : pkcs1OfHash)(key, digest, hash);
}

function decrypted({ privateKey }: SoftwareKey, body: Asked['body']): Buffer | undefined {
  const alg = String(body['alg']);
  const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: alg === 'RSA-OAEP-256' ? 'sha256' : 'sha1' };
  const pkcs1 = { padding: constants.RSA_PKCS1_PADDING };
  try {
    return privateDecrypt({ key: privateKey, ...(alg === 'RSA1_5' ? pkcs1 : oaep) }, octetsIn(body));
  } catch {
    return undefined;
  }
}

const origin = await fake(vault);
for (const name of Object.keys(process.env)) if (/^(AZURE|IDENTITY)_/.test(name)) delete process.env[name];
Object.assign(process.env, { IDENTITY_ENDPOINT: `${origin}/identity`, IDENTITY_HEADER: 'the header' });

const WHAT = 'the key of the issuing CA';
const uriOf = (name: string): string => `azurekms:${origin}/keys/${name}?resource=https://vault.azure.net`;
const keys = keyRing();
after(() => keys.close());
const open = (name: string) => keys.open({ uri: uriOf(name), what: WHAT });
const INPUT: SignatureInput = { data: Buffer.from('to be signed'), digest: 'sha256', scheme: 'pkcs1' };
beforeEach(() => void calls.splice(0));

for (const [name, digests] of [
  ['p256', ['sha256']],
  ['p384', ['sha384']],
  ['p521', ['sha512']],
  ['rsa', ['sha256', 'sha384', 'sha512']],
] as const)
  keyProviderContract({
    name: `Azure Key Vault ${name}`,
    make: () => open(name),
    digests,
    transports:
      name === 'rsa'
        ? [
            { scheme: 'pkcs1' },
            { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' },
            { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha256' },
          ]
        : [],
  });

test('a signature is one call, and the token is kept', async () => {
  const key = await open('ca');
  await key.sign(INPUT);
  await key.sign({ ...INPUT, digest: 'sha512', scheme: 'pss' });
  // The first signature shows at the start that there is a right to sign.
  assert.deepEqual(calls, ['token', 'ca sign RS256', 'ca sign RS256', 'ca sign PS512']);
});

test('a token that is refused is replaced', async () => {
  const key = await open('p256');
  calls.splice(0);
  valid = 'token-2';
  await key.sign(INPUT);
  assert.deepEqual(calls, ['token', 'p256 sign ES256']);
});

const refusal = (name: string): Promise<string> => refusalOf(() => openKey({ uri: uriOf(name), what: WHAT }));

test('a key that is not there, that does not sign, or that is disabled stops with a sentence and a remedy', async () => {
  assert.match(await refusal('none'), /Azure Key Vault: HTTP 404, KeyNotFound: no key none.*name another one/);
  assert.match(await refusal('wrap'), /neither signs nor decrypts/);
  const inner = { code: 'KeyDisabled' };
  KEYS['p384']!.fault = refused(403, 'Forbidden', 'Operation sign is not allowed on a disabled key.', inner);
  assert.match(await refusal('p384'), /HTTP 403, Forbidden KeyDisabled.*Enable the key/);
  KEYS['p384']!.fault = refused(403, 'Forbidden', 'Caller is not authorized to perform action on resource.');
  assert.match(await refusal('p384'), /not authorized.*the right to read the public key and to sign/);
  delete KEYS['p384']!.fault;
});

test('a vault that throttles says when to come again, and a fault of a key in use clears by itself', async () => {
  const key = await open('p384');
  const fault = refused(429, 'Throttled', 'Too many requests');
  KEYS['p384']!.fault = { ...fault, headers: { 'retry-after': '7' } };
  await assert.rejects(
    async () => key.sign({ ...INPUT, digest: 'sha384' }),
    (error) => {
      assert.ok(error instanceof IssuerError);
      assert.deepEqual([error.code, error.retryAfter], ['throttled', 7]);
      return true;
    },
  );
  assert.match(key.standing!()!, /HTTP 429, Throttled/);
  delete KEYS['p384']!.fault;
  await until(() => key.standing!() === undefined, 'the key to work again');
});

test('an answer about another version of the key is not used', async () => {
  const key = await open('p256');
  KEYS['p256']!.fault = { body: { kid: `${origin}/keys/p256/0000`, value: 'AAAA' } };
  await assert.rejects(async () => key.sign(INPUT), /Azure Key Vault: HTTP 200/);
  delete KEYS['p256']!.fault;
});

test('a started server enrols devices with the CA key in the vault, with one call for each', async (t) => {
  const { ca, certificate, again } = await enrolledWith(t, uriOf('p256'));
  calls.splice(0);
  await again();
  assert.deepEqual(calls, ['p256 sign ES256']);
  assert.ok(new X509Certificate(certificate).verify(new X509Certificate(ca).publicKey));
});
