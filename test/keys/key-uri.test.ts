/** URIs of keys that live elsewhere: what they name, and that no error repeats a value of them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import { assertPinned, readKeyUri } from '../../src/keys/key-uri.ts';
import { readTokenUri } from '../../src/keys/pkcs11/token-uri.ts';
import { ecKey } from '../kit/keys.ts';

const read = (uri: string) => readTokenUri(readKeyUri(uri));
const MODULE = 'module-path=/usr/lib/softhsm/libsofthsm2.so';

test('a `pkcs11:` URI names module, token, key and the file of the PIN, with octets written as % and two digits', () => {
  const uri = `PKCS11:token=The%20CA;serial=0a1b;object=issuing%2Fca;id=%01%ffA?${MODULE}&pin-source=file:///etc/openndes/pin`;
  assert.deepEqual(read(uri), {
    module: '/usr/lib/softhsm/libsofthsm2.so',
    choice: { token: 'The CA', serial: '0a1b' },
    object: 'issuing/ca',
    id: Buffer.from([0x01, 0xff, 0x41]),
    pinSource: '/etc/openndes/pin',
    extractable: false,
  });
});

test('slot, type and an accepted key that can leave the token', () => {
  assert.deepEqual(read(`pkcs11:slot-id=7;type=private;object=ca?${MODULE}&extractable=allow`), {
    module: '/usr/lib/softhsm/libsofthsm2.so',
    choice: { slotId: 7 },
    object: 'ca',
    extractable: true,
  });
});

test('the file of the PIN can be on a drive of Windows', () => {
  const { module, pinSource } = read('pkcs11:object=ca?module-path=C:%5Chsm%5Cp11.dll&pin-source=C:/openndes/pin');
  assert.deepEqual([module, pinSource], ['C:\\hsm\\p11.dll', 'C:/openndes/pin']);
});

const SECRET = 'verysecretpin1234';
const REFUSED = [
  ['a PIN in the URI', `pkcs11:object=ca?${MODULE}&pin-value=${SECRET}`, /`pin-value`/],
  ['an unknown attribute', `pkcs11:object=ca;colour=${SECRET}?${MODULE}`, /no attribute `colour`/],
  ['an unknown attribute of the query', `pkcs11:object=ca?${MODULE}&pin=${SECRET}`, /no attribute `pin`/],
  ['a secret where a name should be', `pkcs11:object=ca?${MODULE}&${SECRET}${SECRET}`, /no attribute `…`/],
  ['no module', `pkcs11:object=ca?pin-source=/pin`, /`module-path`.*not the absolute path/],
  ['a relative module', `pkcs11:object=ca?module-path=lib.so`, /`module-path`.*not the absolute path/],
  ['a relative file of the PIN', `pkcs11:object=ca?${MODULE}&pin-source=${SECRET}`, /`pin-source`.*not the absolute/],
  [
    'a command for the PIN',
    `pkcs11:object=ca?${MODULE}&pin-source=|echo%20${SECRET}`,
    /`pin-source`.*not the absolute/,
  ],
  ['no key', `pkcs11:token=ca?${MODULE}`, /without `object` and without `id`/],
  ['a public key', `pkcs11:object=ca;type=public?${MODULE}`, /another `type` than `private`/],
  ['an id that cannot be decoded', `pkcs11:id=%0?${MODULE}`, /`id`.*cannot be decoded/],
  ['a label that cannot be decoded', `pkcs11:object=%ff?${MODULE}`, /`object`.*cannot be decoded/],
  ['a slot that is no number', `pkcs11:object=ca;slot-id=one?${MODULE}`, /`slot-id`.*not a number/],
  ['an attribute twice', `pkcs11:object=ca;object=${SECRET}?${MODULE}`, /`object` stands twice/],
  ['a pin of the key that is no hash', `pkcs11:object=ca?${MODULE}&spki-sha256=${SECRET}`, /not 64 hexadecimal digits/],
] as const;
for (const [name, uri, expected] of REFUSED)
  test(`${name} is refused, and no value is repeated`, () =>
    assert.throws(
      () => read(uri),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, expected);
        assert.ok(!`${error.message} ${error.remedy}`.includes(SECRET));
        return true;
      },
    ));

test('a key is pinned by the SHA-256 of its SubjectPublicKeyInfo, in either letter case', () => {
  const { spki } = ecKey('pinned');
  const hash = createHash('sha256').update(spki).digest('hex');
  const { pin } = readKeyUri(`pkcs11:object=ca?spki-sha256=${hash.toUpperCase()}`);
  assertPinned(spki, pin, 'the key');
  assertPinned(spki, undefined, 'the key');
  assert.throws(() => assertPinned(ecKey('another').spki, pin, 'the key'), {
    name: 'ConfigError',
    message:
      /^the key is another one: the SHA-256 of its public key is [0-9a-f]{64}, and `spki-sha256` says [0-9a-f]{64}$/,
    remedy: 'Find out who replaced the key before you change the pin.',
  });
});
