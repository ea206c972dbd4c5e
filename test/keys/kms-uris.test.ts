/** `azurekms:` and `gcpkms:` URIs, and the CRC-32C of Google. The services are in `npm run signers`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import { readKeyUri } from '../../src/keys/key-uri.ts';
import { readAzureKeyUri } from '../../src/keys/kms/azure-kms.ts';
import { crc32c } from '../../src/keys/kms/crc32c.ts';
import { readGoogleKeyUri } from '../../src/keys/kms/google-kms.ts';

const azure = (uri: string) => readAzureKeyUri(readKeyUri(uri));
const google = (uri: string) => readGoogleKeyUri(readKeyUri(uri));

for (const [host, resource] of [
  ['contoso.vault.azure.net', 'https://vault.azure.net'],
  ['contoso.managedhsm.azure.net', 'https://managedhsm.azure.net'],
  ['contoso.vault.usgovcloudapi.net', 'https://vault.usgovcloudapi.net'],
  ['contoso.vault.azure.cn', 'https://vault.azure.cn'],
] as const)
  test(`tokens for ${host} are those for ${resource}`, () => {
    const { url, ...rest } = azure(`azurekms:https://${host}/keys/issuing-ca/0f9c`);
    assert.deepEqual([url.href, rest], [`https://${host}/keys/issuing-ca/0f9c`, { resource }]);
  });

const VERSION = 'projects/pki/locations/europe-west3/keyRings/ca/cryptoKeys/issuing/cryptoKeyVersions/1';
test('a version of a key is at Google, or at the endpoint that is written', () => {
  assert.deepEqual(google(`gcpkms:${VERSION}`), { name: VERSION, origin: 'https://cloudkms.googleapis.com' });
  assert.equal(google(`gcpkms:${VERSION}?endpoint=https://kms.example/`).origin, 'https://kms.example');
});

const REFUSED: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['a vault without TLS', () => azure('azurekms:http://contoso.vault.azure.net/keys/a'), /no URL with https/],
  [
    'a host that only ends like a vault',
    () => azure('azurekms:https://evilvault.azure.net.example/keys/a'),
    /no vault/,
  ],
  ['a secret of a vault', () => azure('azurekms:https://contoso.vault.azure.net/secrets/a'), /no key of a vault/],
  ['a resource without TLS', () => azure('azurekms:https://h/keys/a?resource=http://r'), /`resource`.*https/],
  ['an unknown attribute', () => azure('azurekms:https://c.vault.azure.net/keys/a?secret=x'), /no attribute `secret`/],
  ['a key without its version', () => google('gcpkms:projects/p/locations/l/keyRings/r/cryptoKeys/k'), /no version/],
  ['a path that leaves the service', () => google(`gcpkms:${VERSION}/../../x`), /no version of a key/],
  ['an endpoint without TLS', () => google(`gcpkms:${VERSION}?endpoint=http://kms.example`), /`endpoint`.*https/],
];
for (const [name, work, expected] of REFUSED)
  test(`${name} is refused`, () =>
    assert.throws(work, (error) => error instanceof ConfigError && expected.test(error.message)));

test('CRC-32C of the examples of RFC 3720 B.4 and of nothing', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  assert.equal(crc32c(new Uint8Array()), 0);
});
