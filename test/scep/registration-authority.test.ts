import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import { type KeyedCertificate, registrationAuthority, signerFor } from '../../src/scep/registration-authority.ts';
import { rsaKey } from '../kit/keys.ts';
import { issuing, ra, raFor } from '../kit/pki.ts';

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

const spkiOf = ({ key }: KeyedCertificate): Uint8Array => key.spki;

test('a reply is signed by the RA that the client knows: a retired one, where the message was encrypted to it', async () => {
  const [first, second] = [await raFor(rsaKey('retired'), 'CN=Old RA'), await raFor(rsaKey('older'), 'CN=Older RA')];
  const authority = registrationAuthority(ra, [first, second]);
  assert.deepEqual(
    [undefined, spkiOf(ra), spkiOf(first), spkiOf(second), spkiOf(issuing)].map((to) => signerFor(authority, to).key),
    [ra.key, ra.key, first.key, second.key, ra.key],
  );
});

test('a retired certificate for encryption alone signs nothing', async () => {
  const retired = await raFor(rsaKey('retired'), 'CN=Old RA', 'encrypt');
  assert.equal(signerFor(registrationAuthority(ra, [retired]), retired.key.spki).key, ra.key);
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
  assert.equal(signerFor(split, retired.key.spki).key, signer.key);
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
