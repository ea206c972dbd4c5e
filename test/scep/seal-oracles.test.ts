/** Every CertRep that can be sealed, judged by the openssl command, by pkijs and by our own client. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { readCertRep } from '../../src/client/reply.ts';
import { cipherByName } from '../../src/cms/algorithms.ts';
import { readEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { readSignedData } from '../../src/cms/signed-data.ts';
import type { Digest, KeyTransport } from '../../src/core/keys.ts';
import { REFUSALS } from '../../src/core/errors.ts';
import { cmsDecrypt, cmsVerify, openssl, withoutOpenssl } from '../kit/openssl.ts';
import { client, ra } from '../kit/pki.ts';
import * as second from '../kit/pkijs.ts';
import { attributesOf, CHAIN, expected, PLAIN, sealed, stringOf } from '../kit/replies.ts';

const DIGESTS: readonly Digest[] = ['sha1', 'sha256', 'sha384', 'sha512'];
const CIPHERS = ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'des-ede3-cbc'] as const;
const TRANSPORTS: readonly KeyTransport[] = [
  { scheme: 'pkcs1' },
  { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' },
  { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha256' },
];
const words = (transport: KeyTransport): string => Object.values(transport).join(' ');

for (const digest of DIGESTS)
  for (const cipher of CIPHERS)
    for (const transport of TRANSPORTS)
      describe(`SUCCESS, ${digest}, ${cipher}, ${words(transport)}`, async () => {
        const message = await sealed('success', { digest, cipher, transport });
        const envelope = second.contentOf(second.readSigned(message));

        test('R01 openssl verifies and decrypts it, and finds the leaf first', { skip: withoutOpenssl }, () => {
          const degenerate = cmsDecrypt(cmsVerify(message), client);
          const printed = openssl(['pkcs7', '-inform', 'DER', '-in', 'p7', '-print_certs'], { p7: degenerate });
          const certificates = printed.toString().match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? [];
          const raws = certificates.map((pem) => new X509Certificate(pem).raw);
          assert.deepEqual(raws, CHAIN);
        });

        test('R01 R07 pkijs verifies it and reads what was asked for', async () => {
          const signed = second.readSigned(message);
          assert.ok(await second.verifies(signed));
          assert.equal(stringOf(attributesOf(message)('pkiStatus'))?.text, '0');
          const [recipient] = second.readEnveloped(envelope).recipientInfos;
          assert.equal((recipient!.value as { version: number }).version, 0);
        });

        // pkijs does not know 3DES (OID 1.2.840.113549.3.7): openssl and our client decrypt it.
        test('pkijs decrypts it', { skip: cipher === 'des-ede3-cbc' && 'pkijs has no 3DES' }, async () => {
          const degenerate = second.readSigned(await second.decrypted(second.readEnveloped(envelope), client));
          assert.deepEqual(second.certificatesOf(degenerate), CHAIN);
        });

        test('our client reads it', async () => {
          const reply = await readCertRep(message, expected);
          assert.equal(reply.status, 'success');
          assert.deepEqual(reply.status === 'success' && reply.certificates.map((der) => Buffer.from(der)), CHAIN);
        });

        test('digest, cipher and key transport are those of the request', () => {
          const { recipients, cipher: used } = readEnvelopedData(envelope);
          assert.deepEqual(recipients[0]!.transport, transport);
          assert.equal(used, cipherByName(cipher));
          assert.equal(readSignedData(message).signers[0]!.digest, digest);
        });
      });

for (const digest of DIGESTS)
  for (const status of ['request_refused', 'pending'] as const)
    describe(`${status === 'pending' ? 'PENDING' : 'FAILURE'}, ${digest}`, async () => {
      const message = await sealed(status, { ...PLAIN, digest });

      test('R03 openssl verifies it: the content is one octet 0x00', { skip: withoutOpenssl }, () =>
        assert.deepEqual(cmsVerify(message), Buffer.of(0)),
      );

      test('R03 pkijs verifies its signature, and finds the certificate of the signer', async () => {
        const signed = second.readSigned(message);
        assert.ok(await second.verifies(signed));
        assert.deepEqual(Buffer.from(second.contentOf(signed)), Buffer.of(0));
        assert.deepEqual(second.certificatesOf(signed), [Buffer.from(ra.certificate)]);
      });

      test('our client reads it', async () => {
        const reply = await readCertRep(message, expected);
        const { text: words, hresult } = REFUSALS.request_refused;
        assert.deepEqual(
          reply,
          status === 'pending' ? { status } : { status: 'failure', failInfo: 'badRequest', text: words, hresult },
        );
      });
    });
