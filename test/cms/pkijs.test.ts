/** Messages written by pkijs are opened here, and our messages are opened by pkijs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest, KeyTransport } from '../../src/core/keys.ts';
import { scepAttributes } from '../kit/forge.ts';
import { client, context, everyLegacy, ra } from '../kit/pki.ts';
import * as second from '../kit/pkijs.ts';
import { CSR, opened, requestMessage, TRANSACTION_ID } from '../kit/requests.ts';

const HASHES: Readonly<Record<string, Digest>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};
const withLegacy = context({ legacy: everyLegacy });

for (const [hash, digest] of Object.entries(HASHES))
  for (const oaep of [undefined, ...Object.keys(HASHES)])
    for (const keyLength of [128, 192, 256])
      test(`P25 a pkiMessage by pkijs: ${hash}, AES-${keyLength}, ${oaep ? `OAEP ${oaep}` : 'PKCS#1 v1.5'}`, async () => {
        const envelope = await second.writeEnveloped({ content: CSR, to: ra, oaep, keyLength });
        // pkijs does not sort the attributes.
        const attributes = scepAttributes().toReversed();
        const message = await second.writeSigned({ content: envelope, by: client, hash, attributes });
        const { content, header, replyTo } = await opened(message, withLegacy);
        assert.deepEqual(Buffer.from(content.csr.der), Buffer.from(CSR));
        assert.equal(header.transactionId, TRANSACTION_ID);
        assert.equal(header.digest, digest);
        assert.equal(replyTo.cipher, `aes-${keyLength}-cbc`);
        const transport: KeyTransport = oaep
          ? { scheme: 'oaep', hash: HASHES[oaep]!, mgf1Hash: HASHES[oaep]! }
          : { scheme: 'pkcs1' };
        assert.deepEqual(replyTo.transport, transport);
      });

for (const [hash, digest] of Object.entries(HASHES))
  for (const cipher of ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'])
    for (const transport of [{ scheme: 'pkcs1' }, { scheme: 'oaep', hash: digest, mgf1Hash: digest }] as const)
      test(`a request of our client is opened by pkijs: ${hash}, ${cipher}, ${transport.scheme}`, async () => {
        const signed = second.readSigned(await requestMessage({ digest, cipher, transport }));
        assert.ok(await second.verifies(signed));
        const plaintext = await second.decrypted(second.readEnveloped(second.contentOf(signed)), ra);
        assert.deepEqual(Buffer.from(plaintext), Buffer.from(CSR));
      });

test('pkijs rejects a changed request, so its acceptance proves something', async () => {
  const message = Buffer.from(await requestMessage());
  message[message.length - 1]! ^= 1;
  assert.equal(await second.verifies(second.readSigned(message)), false);
});
