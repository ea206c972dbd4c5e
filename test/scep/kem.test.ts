/** Requests that are encrypted to the ML-KEM key of the RA: they open, and every fault inside is one and the same refusal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { generateKemKey, generateKey } from '../../src/keys/software.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { recipientOf } from '../../src/client/ca-operations.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { rsaKey } from '../kit/keys.ts';
import { client, clientFor, context, everyLegacy, issuing, ra, raFor, root } from '../kit/pki.ts';
import { opened, openedAny, refused, REQUEST_PLAN, requestMessage } from '../kit/requests.ts';

const kem = await raFor(generateKemKey(), 'CN=Test KEM RA', 'kem');
const retired = await raFor(generateKemKey(), 'CN=Old KEM RA', 'kem');
const authority = registrationAuthority(ra, [], ra, [kem, retired]);
const by = context({}, authority);
const message = (different: Parameters<typeof requestMessage>[0] = {}) =>
  requestMessage({ recipient: kem.certificate, cipher: 'aes-256-cbc', ...different });

test('a request to the ML-KEM key opens; the reply to an RSA signer is OAEP and AES-256', async () => {
  const { header, replyTo } = await opened(await message(), by);
  assert.deepEqual(Buffer.from(header.recipient!), Buffer.from(kem.certificate));
  assert.deepEqual(
    [replyTo.cipher, replyTo.transport],
    ['aes-256-cbc', { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha256' }],
  );
});

test('a request to a retired ML-KEM key opens, and one to the RSA key does as before', async () => {
  await opened(await message({ recipient: retired.certificate }), by);
  const { replyTo } = await opened(await requestMessage(), by);
  assert.deepEqual(replyTo.transport, { scheme: 'pkcs1' });
});

test('where the RA has no ML-KEM key the message is not for it', async () => {
  const { detail } = await refused(await message(), 'request_refused');
  assert.equal(detail, 'the message is not encrypted to this RA');
});

test('what the envelope holds does not matter: a broken request, another type of content, random octets are one refusal', async () => {
  const csr = await writeCertificationRequest(REQUEST_PLAN, client.key);
  const texts = new Set<string>();
  for (const content of [Buffer.alloc(700, 1), Buffer.from(csr).subarray(0, 300), Buffer.from('30030201', 'hex')])
    texts.add((await refused(await message({ content }), 'request_refused', by)).detail);
  assert.equal(texts.size, 1);
});

test('a request that is encrypted to another ML-KEM key under this name is refused as a broken one', async () => {
  const other = generateKemKey();
  const wrong = context({}, registrationAuthority(ra, [], ra, [{ ...kem, key: { ...other, spki: kem.key.spki } }]));
  const broken = await refused(await message({ content: Buffer.alloc(700, 1) }), 'request_refused', by);
  const { detail } = await refused(await message(), 'request_refused', wrong);
  assert.equal(detail, broken.detail);
});

test('3DES has no key wrap for ML-KEM: badAlg, also where it is legacy', async () => {
  const rules = context({ legacy: everyLegacy }, authority);
  await refused(await message({ cipher: 'des-ede3-cbc' }), 'algorithm_refused', rules);
  await openedAny(await requestMessage({ cipher: 'des-ede3-cbc' }), rules);
});

test('an RSA key is no `kem`, and an ML-KEM key no RA of its own', async () => {
  assert.throws(() => registrationAuthority(ra, [], ra, [ra]), ConfigError);
  assert.throws(() => registrationAuthority(kem), ConfigError);
  await assert.rejects(raFor(generateKemKey()), { message: /needs an RSA key/ });
  await assert.rejects(raFor(rsaKey('no kem'), 'CN=x', 'kem'), { message: /needs an ML-KEM key/ });
});

test('the client encrypts to the ML-KEM certificate wherever it is in GetCACert', () => {
  for (const list of [
    [ra.certificate, kem.certificate, issuing.certificate, root.certificate],
    [kem.certificate, ra.certificate, issuing.certificate],
  ])
    assert.deepEqual(Buffer.from(recipientOf(list)), Buffer.from(kem.certificate));
});

test('an ML-DSA request under a transient RSA key comes by encapsulation too', async () => {
  const key = generateKey('ml-dsa-65');
  const content = await writeCertificationRequest(REQUEST_PLAN, key);
  const signer = await clientFor(rsaKey('transient'));
  const { content: inside } = await opened(await message({ content, signer }), by);
  assert.equal(inside.csr.key.type, 'ml-dsa-65');
});
