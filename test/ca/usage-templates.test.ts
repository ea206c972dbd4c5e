/** Three profiles of an endpoint, as NDES has three templates: the key usage of the request chooses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { type KeyUsage, keyUsage } from '../../src/pkix/extensions.ts';
import { EXTENDED_KEY_USAGES } from '../../src/pkix/oids.ts';
import { authority, issue, request, rsaKey, VOUCHED } from './authority-under-test.ts';
import { X509Certificate } from 'node:crypto';

const { serverAuth, emailProtection, clientAuth } = EXTENDED_KEY_USAGES;
const purposes = (...extendedKeyUsage: string[]) => ({ ...DEFAULT_PROFILE, extendedKeyUsage });
const ofNdes = authority({
  extendedKeyUsage: [clientAuth, serverAuth],
  byUsage: {
    signature: purposes(serverAuth),
    encryption: { ...purposes(emailProtection), keyUsage: ['keyEncipherment', 'keyAgreement', 'dataEncipherment'] },
  },
});

const CHOSEN: readonly [usages: readonly KeyUsage[], purposes: readonly string[]][] = [
  [['digitalSignature'], [serverAuth]],
  [['digitalSignature', 'nonRepudiation'], [serverAuth]],
  [['keyEncipherment'], [emailProtection]],
  [['keyEncipherment', 'dataEncipherment'], [emailProtection]],
  [
    ['digitalSignature', 'keyEncipherment'],
    [clientAuth, serverAuth],
  ],
];
for (const [usages, expected] of CHOSEN)
  test(`the profile for a request of ${usages.join(' and ')}`, async () =>
    assert.deepEqual((await issue({ key: rsaKey, extensions: [keyUsage(usages)] }, ofNdes)).keyUsage, expected));

test('the profile for a request without key usage is that for general purposes', async () =>
  assert.deepEqual((await issue({ key: rsaKey }, ofNdes)).keyUsage, [clientAuth, serverAuth]));

test('a renewal without key usage stays within the certificate that it renews', async () => {
  const { raw } = await issue({ key: rsaKey, extensions: [keyUsage(['digitalSignature'])] }, ofNdes);
  const renewal = {
    endpoint: '/scep',
    transactionId: '1',
    csr: await request({ key: rsaKey }),
    signerSpki: rsaKey.spki,
    requestKey: '',
    renews: { serial: '1', certificate: raw },
  };
  const decision = { ...VOUCHED, withinRenewed: true };
  const { certificate } = await ofNdes.issue(renewal, decision, new AbortController().signal);
  assert.deepEqual(new X509Certificate(certificate).keyUsage, [serverAuth]);
});

test('each of the profiles is tried when it is loaded', () =>
  assert.throws(() => authority({ byUsage: { encryption: { ...DEFAULT_PROFILE, keyUsage: ['keyEncipherment'] } } }), {
    message: /RFC 5280 4\.2\.1\.12/,
  }));
