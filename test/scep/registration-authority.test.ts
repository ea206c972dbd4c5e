import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import { readCertificate, readValidity } from '../../src/pkix/certificate.ts';
import { type KeyedCertificate, registrationAuthority, signerFor } from '../../src/scep/registration-authority.ts';
import { rsaKey } from '../kit/keys.ts';
import { clock, issuing, ra, raFor } from '../kit/pki.ts';

test('the current key signs; it and the retired ones open, the current one first', async () => {
  const retired = await raFor(rsaKey('retired'), 'CN=Old RA');
  const { signer, recipients } = registrationAuthority(ra, [retired]);
  assert.equal(signer.key, ra.key);
  assert.deepEqual(Buffer.from(signer.certificate.der), Buffer.from(ra.certificate));
  assert.deepEqual(
    recipients.map(({ key }) => key),
    [ra.key, retired.key],
  );
});

const der = ({ certificate }: KeyedCertificate): Uint8Array => certificate;

test('a reply is signed by the RA that the client knows: a retired one, where the message was encrypted to it', async () => {
  const [first, second] = [await raFor(rsaKey('retired'), 'CN=Old RA'), await raFor(rsaKey('older'), 'CN=Older RA')];
  const authority = registrationAuthority(ra, [first, second]);
  assert.deepEqual(
    [undefined, der(ra), der(first), der(second), der(issuing)].map((to) => signerFor(authority, to, clock()).key),
    [ra.key, ra.key, first.key, second.key, ra.key],
  );
});

test('an RA that was renewed with its key signs with the certificate that the message names', async () => {
  const retired = await raFor(ra.key, 'CN=Old RA');
  const authority = registrationAuthority(ra, [retired]);
  assert.deepEqual(
    [ra, retired].map((to) => signerFor(authority, der(to), clock()).certificate.der),
    [ra, retired].map(({ certificate }) => readCertificate(certificate).der),
  );
});

test('a retired certificate that has ended, for encryption alone, or with usages that cannot be read, signs nothing', async () => {
  const retired = await raFor(rsaKey('retired'), 'CN=Old RA');
  const later = new Date(readValidity(readCertificate(retired.certificate)).notAfter.getTime() + 1);
  assert.equal(signerFor(registrationAuthority(ra, [retired]), der(retired), later).key, ra.key);
  const encrypts = await raFor(rsaKey('retired'), 'CN=Old RA', 'encrypt');
  assert.equal(signerFor(registrationAuthority(ra, [encrypts]), der(encrypts), clock()).key, ra.key);
  // KeyUsage is 03 02 05 A0: digitalSignature and keyEncipherment. A BOOLEAN in its place is none.
  const octets = Buffer.from(retired.certificate);
  const at = octets.indexOf(Buffer.from('0404030205a0', 'hex'));
  octets[at + 2] = 0x01;
  const damaged = { key: retired.key, certificate: octets };
  assert.equal(signerFor(registrationAuthority(ra, [damaged]), octets, clock()).key, ra.key);
});

const signsOnly = { spki: ra.key.spki, kind: ra.key.kind, sign: () => Buffer.alloc(0) };
const BAD = {
  'a key that is not RSA': [issuing, /cannot decrypt/],
  'a key that only signs': [{ certificate: ra.certificate, key: signsOnly }, /cannot decrypt/],
  'a key of another certificate': [{ ...ra, key: rsaKey('another') }, /does not belong/],
} as const;
for (const [what, [keyed, words]] of Object.entries(BAD))
  for (const retired of [false, true])
    test(`refuses ${what}${retired ? ', also a retired one' : ''}`, () =>
      assert.throws(
        () => (retired ? registrationAuthority(ra, [keyed]) : registrationAuthority(keyed)),
        (error) => error instanceof ConfigError && words.test(error.message) && error.remedy !== '',
      ));

test('A04 split: one key signs, and only the other ones open', async () => {
  const signer = await raFor(rsaKey('signer'), 'CN=RA Signature');
  const retired = await raFor(rsaKey('retired'), 'CN=Old RA');
  const split = registrationAuthority(ra, [retired], signer);
  assert.equal(split.signer.key, signer.key);
  assert.equal(signerFor(split, retired.certificate, clock()).key, signer.key);
  assert.deepEqual(Buffer.from(split.signer.certificate.der), Buffer.from(signer.certificate));
  assert.deepEqual(
    split.recipients.map(({ key }) => key),
    [ra.key, retired.key],
  );
});

test('A04 refuses a signing key of another certificate', () =>
  assert.throws(
    () => registrationAuthority(ra, [], { ...ra, key: rsaKey('another') }),
    (error) => error instanceof ConfigError && /does not belong/.test(error.message),
  ));
