import assert from 'node:assert/strict';
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { test } from 'node:test';
import { isCiphertextOf, transportCapacity } from '../../src/cms/key-transport.ts';
import { DIGESTS } from '../../src/cms/algorithms.ts';
import type { KeyTransport } from '../../src/core/keys.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { rsaKey } from '../kit/keys.ts';
import { client, context, raFor } from '../kit/pki.ts';
import { refuses } from '../kit/requests.ts';
import { forge, forgeEnvelope, keyTransRecipientInfo, nameOf } from '../kit/forge.ts';
import { keyTransportIdentifier } from '../../src/cms/algorithms.ts';

const TRANSPORTS: readonly KeyTransport[] = [
  { scheme: 'pkcs1' },
  ...DIGESTS.map(({ digest }) => ({ scheme: 'oaep', hash: digest, mgf1Hash: digest }) as const),
];
const key = createPublicKey(client.key.privateKey);
const encrypt = (transport: KeyTransport, message: Uint8Array): Uint8Array =>
  transport.scheme === 'pkcs1'
    ? publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, message)
    : publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: transport.hash }, message);

for (const transport of TRANSPORTS)
  test(`the capacity is the longest message that OpenSSL encrypts: ${Object.values(transport).join(' ')}`, () => {
    const most = transportCapacity(client.key.kind, transport);
    assert.ok(isCiphertextOf(client.key.spki, encrypt(transport, Buffer.alloc(most))));
    assert.throws(() => encrypt(transport, Buffer.alloc(most + 1)));
  });

test('a ciphertext is as long as the modulus, and from 2 to two less than it', () => {
  const modulus = Buffer.from(key.export({ format: 'jwk' }).n!, 'base64url');
  const below = Buffer.from(modulus);
  below[255]! -= 2;
  const small = (last: number): Buffer => Buffer.from([...Buffer.alloc(255), last]);
  assert.equal(isCiphertextOf(client.key.spki, below), true);
  assert.equal(isCiphertextOf(client.key.spki, small(2)), true);
  below[255]! += 1;
  assert.equal(isCiphertextOf(client.key.spki, below), false);
  assert.equal(isCiphertextOf(client.key.spki, small(1)), false);
  assert.equal(isCiphertextOf(client.key.spki, small(0)), false);
  assert.equal(isCiphertextOf(client.key.spki, modulus), false);
  assert.equal(isCiphertextOf(client.key.spki, Buffer.alloc(256, 0xff)), false);
  assert.equal(isCiphertextOf(client.key.spki, below.subarray(1)), false);
  assert.equal(isCiphertextOf(client.key.spki, Buffer.concat([Buffer.of(0), below])), false);
});

test('E03 a message whose OAEP hash is too long for the key of the RA is refused', async () => {
  const small = await raFor(rsaKey('small ra', 1024));
  const transport = { scheme: 'oaep', hash: 'sha512', mgf1Hash: 'sha512' } as const;
  assert.ok(transportCapacity(small.key.kind, transport) < 0);
  const info = keyTransRecipientInfo(nameOf(small.certificate), keyTransportIdentifier(transport), Buffer.alloc(128));
  const message = forge({ content: forgeEnvelope({ recipients: () => [info] }) });
  await refuses(message, 'request_refused', context({}, registrationAuthority(small)));
});
