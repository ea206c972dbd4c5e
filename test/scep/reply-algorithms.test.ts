/** A request that openssl and pkijs made, and the algorithms of its reply by their OIDs, read by openssl and pkijs. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import type { BaseBlock } from 'asn1js';
import * as pkijs from 'pkijs';
import { messageCodec } from '../../src/scep/codec.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { endpointUnderTest } from '../kit/endpoint-under-test.ts';
import { allows } from '../kit/policy.ts';
import { scepAttributes } from '../kit/forge.ts';
import { rsaKey } from '../kit/keys.ts';
import { cmsDecrypt, cmsEncrypt, cmsVerify, openssl, withoutOpenssl } from '../kit/openssl.ts';
import { client, clock, context, everyLegacy, ra, raFor, random, registration } from '../kit/pki.ts';
import * as second from '../kit/pkijs.ts';
import { CSR } from '../kit/requests.ts';

const withLegacy = context({ legacy: everyLegacy }).rules;
const serviceOf = async (by = registration) => {
  const codec = messageCodec({ ra: by, rules: withLegacy, clock, random });
  return (await endpointUnderTest(allows('none'), { codec })).service;
};

/** A PKCSReq: its envelope by openssl with these options, its signature by pkijs with this hash. */
const request = (hash: string, ...options: string[]): Promise<Uint8Array> =>
  second.writeSigned({ content: cmsEncrypt(CSR, ra, ...options), by: client, hash, attributes: scepAttributes() });

/** The certificate that openssl finds in a reply, after it verified and decrypted it. */
function certificateIn(reply: Uint8Array): X509Certificate {
  const p7 = cmsDecrypt(cmsVerify(reply), client);
  const printed = openssl(['pkcs7', '-inform', 'DER', '-in', 'p7', '-print_certs'], { p7 }).toString();
  const [pem, ...others] = printed.match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? [];
  assert.equal(others.length, 0);
  return new X509Certificate(pem!);
}

/** OIDs of what a reply is made with. */
type Used = { digest: string; signature: string; cipher: string; transport: string; oaepHash?: string };
function usedIn(reply: Uint8Array): Used {
  const signed = second.readSigned(reply);
  const { recipientInfos, encryptedContentInfo } = second.readEnveloped(second.contentOf(signed));
  const recipient: unknown = recipientInfos[0]!.value;
  assert.ok(recipient instanceof pkijs.KeyTransRecipientInfo);
  const { keyEncryptionAlgorithm } = recipient;
  const transport = keyEncryptionAlgorithm.algorithmId;
  const schema = keyEncryptionAlgorithm.algorithmParams as BaseBlock;
  const [signer] = signed.signerInfos;
  return {
    digest: signer!.digestAlgorithm.algorithmId,
    signature: signer!.signatureAlgorithm.algorithmId,
    cipher: encryptedContentInfo.contentEncryptionAlgorithm.algorithmId,
    transport,
    ...(transport !== RSA && {
      oaepHash: new pkijs.RSAESOAEPParams({ schema }).hashAlgorithm.algorithmId,
    }),
  };
}

const RSA = '1.2.840.113549.1.1.1';
const OAEP = '1.2.840.113549.1.1.7';
const SHA1 = '1.3.14.3.2.26';
const SHA256 = '2.16.840.1.101.3.4.2.1';
const SHA384 = '2.16.840.1.101.3.4.2.2';
const SHA512 = '2.16.840.1.101.3.4.2.3';
const AES128 = '2.16.840.1.101.3.4.1.2';
const plain: Used = { digest: SHA256, signature: RSA, cipher: AES128, transport: RSA };
const oaep = (hash: string): string[] =>
  ['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`].flatMap((option) => ['-keyopt', option]);

/** Title: the hash of pkijs, the options of openssl, and what the reply has to be made with. */
const CASES: Readonly<Record<string, [string, string[], Used]>> = {
  'E04 AES-128 is answered in AES-128': ['SHA-256', ['-aes128'], plain],
  'E04 AES-192 is answered in AES-192': ['SHA-256', ['-aes192'], { ...plain, cipher: '2.16.840.1.101.3.4.1.22' }],
  'E04 AES-256 is answered in AES-256': ['SHA-256', ['-aes256'], { ...plain, cipher: '2.16.840.1.101.3.4.1.42' }],
  'E05 3DES is answered in 3DES': ['SHA-256', ['-des3'], { ...plain, cipher: '1.2.840.113549.3.7' }],
  'P02 SHA-1 is answered with SHA-1': ['SHA-1', ['-aes128'], { ...plain, digest: SHA1 }],
  'P02 SHA-384 is answered with SHA-384': ['SHA-384', ['-aes128'], { ...plain, digest: SHA384 }],
  'P02 SHA-512 is answered with SHA-512': ['SHA-512', ['-aes128'], { ...plain, digest: SHA512 }],
  'E02 R05 OAEP with SHA-1 is answered in the same': [
    'SHA-256',
    ['-aes128', ...oaep('sha1')],
    { ...plain, transport: OAEP, oaepHash: SHA1 },
  ],
  'E03 R05 OAEP with SHA-256 is answered in the same': [
    'SHA-256',
    ['-aes128', ...oaep('sha256')],
    { ...plain, transport: OAEP, oaepHash: SHA256 },
  ],
  'E03 R05 OAEP with SHA-512 is answered in the same': [
    'SHA-512',
    ['-aes256', ...oaep('sha512')],
    { digest: SHA512, signature: RSA, cipher: '2.16.840.1.101.3.4.1.42', transport: OAEP, oaepHash: SHA512 },
  ],
};

describe('the reply to a request by openssl and pkijs, read by both', { skip: withoutOpenssl }, () => {
  for (const [what, [hash, options, used]] of Object.entries(CASES))
    test(what, async () => {
      const { body } = await (await serviceOf()).pkiOperation(await request(hash, ...options));
      assert.deepEqual(usedIn(body), used);
      const issued = certificateIn(body);
      assert.deepEqual(issued.publicKey.export({ format: 'der', type: 'spki' }), Buffer.from(client.key.spki));
      assert.equal(issued.subject, 'O=Example\nCN=device-1');
    });

  test('A04 a split RA opens with one key and signs with the other', async () => {
    const signer = await raFor(rsaKey('signer'), 'CN=RA Signature');
    const service = await serviceOf(registrationAuthority(ra, [], signer));
    const { body } = await service.pkiOperation(await request('SHA-256', '-aes128'));
    const [by] = second.certificatesOf(second.readSigned(body)).map((der) => new X509Certificate(der));
    assert.equal(by!.subject, 'CN=RA Signature');
    assert.deepEqual(by!.raw, Buffer.from(signer.certificate));
    const sid: unknown = second.readSigned(body).signerInfos[0]!.sid;
    assert.ok(sid instanceof pkijs.IssuerAndSerialNumber);
    // DER puts a zero octet before a positive integer whose first bit is set (X.690 8.3); openssl leaves it out.
    const serialNumber = Buffer.from(sid.serialNumber.valueBlock.valueHexView).toString('hex').toUpperCase();
    assert.equal(serialNumber.replace(/^00/, ''), by!.serialNumber);
    assert.ok(certificateIn(body).publicKey.equals(new X509Certificate(client.certificate).publicKey));
  });
});
