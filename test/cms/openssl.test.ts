/** Messages written by the openssl command are read, verified and decrypted here. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { readDerOrBer } from '../../src/cms/content-info.ts';
import { chooseRecipient, openEnvelopedData, readEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { readSignedData, verifySigner } from '../../src/cms/signed-data.ts';
import type { Digest, KeyTransport } from '../../src/core/keys.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { subjectKeyIdentifier } from '../../src/pkix/extensions.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { forge } from '../kit/forge.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { cmsEncrypt, cmsSign, withoutOpenssl } from '../kit/openssl.ts';
import { certificateFor, client, context, everyLegacy, type Keyed, ra, random, registration } from '../kit/pki.ts';
import { CSR, opened } from '../kit/requests.ts';

const oaep = (hash: Digest, mgf1Hash: Digest): KeyTransport => ({ scheme: 'oaep', hash, mgf1Hash });
const keyOptions = (...options: string[]): string[] => options.flatMap((option) => ['-keyopt', option]);
const oaepOptions = (label: string, mask: string): string[] =>
  keyOptions('rsa_padding_mode:oaep', `rsa_oaep_md:${label}`, `rsa_mgf1_md:${mask}`);

const TRANSPORTS: readonly [KeyTransport, string[]][] = [
  [{ scheme: 'pkcs1' }, []],
  [oaep('sha1', 'sha1'), keyOptions('rsa_padding_mode:oaep')],
  [oaep('sha256', 'sha256'), oaepOptions('sha256', 'sha256')],
  [oaep('sha256', 'sha1'), oaepOptions('sha256', 'sha1')],
  [oaep('sha1', 'sha512'), oaepOptions('sha1', 'sha512')],
  [oaep('sha384', 'sha384'), oaepOptions('sha384', 'sha384')],
  [oaep('sha512', 'sha512'), oaepOptions('sha512', 'sha512')],
];
const CIPHERS: readonly [string, string][] = [
  ['aes-128-cbc', '-aes128'],
  ['aes-192-cbc', '-aes192'],
  ['aes-256-cbc', '-aes256'],
  ['des-ede3-cbc', '-des3'],
];
// Single DES is in the legacy provider of OpenSSL 3, which not every build has. test/kit/forge.ts tests it for E06.

describe('EnvelopedData by openssl', { skip: withoutOpenssl }, () => {
  for (const [cipher, cipherOption] of CIPHERS)
    for (const [transport, transportOptions] of TRANSPORTS)
      for (const form of [[], ['-stream'], ['-keyid']])
        test(`E01 E03 E04 P25 ${cipher}, ${Object.values(transport).join(' ')} ${form.join(' ')}`, async () => {
          const envelope = cmsEncrypt(CSR, ra, ...transportOptions, cipherOption, ...form);
          const { content, replyTo } = await opened(forge({ content: envelope }), context({ legacy: everyLegacy }));
          assert.deepEqual(Buffer.from(content.csr.der), Buffer.from(CSR));
          assert.deepEqual([replyTo.cipher, replyTo.transport], [cipher, transport]);
        });

  for (const size of [0, 1, 15, 16, 17, 5000])
    test(`content of ${size} octets`, async () => {
      const content = randomBytes(size);
      const enveloped = readDerOrBer(cmsEncrypt(content, ra, '-aes128'), readEnvelopedData);
      const { recipient, key } = chooseRecipient(enveloped, registration.recipients)!;
      const cipher = enveloped.cipher!;
      const transport = recipient.transport!;
      const plaintext = await openEnvelopedData(
        { ...enveloped, cipher },
        { recipient: { ...recipient, transport }, key },
        random,
      );
      assert.deepEqual(Buffer.from(plaintext), content);
    });
});

/** `-keyid` needs the extension in the certificate. */
const withKeyIdentifier = async (key: SoftwareKey): Promise<Keyed> => ({
  key,
  certificate: await certificateFor(key.spki, { extensions: [subjectKeyIdentifier(key.spki)] }),
});
const SIGNERS: Readonly<Record<string, Keyed>> = {
  RSA: await withKeyIdentifier(client.key),
  ECDSA: await withKeyIdentifier(ecKey('client')),
};
const FORMS: readonly string[][] = [[], ['-keyid'], ['-stream'], ['-nocerts'], ['-nosmimecap']];

describe('SignedData by openssl', { skip: withoutOpenssl }, () => {
  for (const [type, signer] of Object.entries(SIGNERS))
    for (const digest of ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'])
      for (const form of FORMS)
        test(`P02 P05 P12 ${type}, ${digest} ${form.join(' ')}`, () => verifiesAs(digest, signer, ...form));

  for (const digest of ['sha1', 'sha256', 'sha512'])
    test(`P05 RSASSA-PSS, ${digest}`, () =>
      verifiesAs(digest, client, ...keyOptions('rsa_padding_mode:pss', 'rsa_pss_saltlen:digest')));
});

function verifiesAs(digest: string, signer: Keyed, ...options: string[]): void {
  const content = randomBytes(100);
  const data = readDerOrBer(cmsSign(content, signer, '-md', digest, ...options), readSignedData);
  assert.deepEqual(Buffer.from(data.content!), content);
  assert.deepEqual(data.crls, []);
  const [info] = data.signers;
  assert.equal(info!.digest, digest);
  assert.ok(verifySigner(data, info!, readPublicKey(signer.key.spki)));
  assert.ok(!verifySigner(data, info!, readPublicKey(rsaKey('other').spki)), 'another key');
  assert.ok(!verifySigner({ ...data, content: randomBytes(100) }, info!, readPublicKey(signer.key.spki)));
}
