import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createIssuingCa, createRa, createRoot } from '../../src/ca/create.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { generateKey } from '../../src/keys/software.ts';
import {
  assertChains,
  DAY,
  deviceKey,
  issuing,
  NOW,
  opensslText,
  root,
  rsaKey,
  wanted,
  YEAR,
} from './authority-under-test.ts';

const KEYS = ['rsa-2048', 'p256', 'p384'] as const;
const ALGORITHMS = { 'rsa-2048': 'sha256WithRSAEncryption', p256: 'ecdsa-with-SHA256', p384: 'ecdsa-with-SHA384' };

for (const choice of KEYS)
  test(`a root, an issuing CA and an RA chain up, all with ${choice} where a CA is meant`, async () => {
    const topKey = generateKey(choice);
    const top = { key: topKey, certificate: await createRoot(wanted('CN=Root,O=Example', topKey, 10 * YEAR)) };
    const caKey = generateKey(choice);
    const ca = { key: caKey, certificate: await createIssuingCa(wanted('CN=Issuing', caKey, YEAR), top) };
    const ra = await createRa(wanted('CN=RA', rsaKey, YEAR), ca);
    await assertChains([ra, ca.certificate, top.certificate]);
    const text = opensslText(ca.certificate);
    if (text) assert.match(text, new RegExp(`Signature Algorithm: ${ALGORITHMS[choice]}`));
  });

const TEXTS: readonly [string, Uint8Array, readonly RegExp[], RegExp][] = [
  [
    'the root is a CA and nothing else',
    root.certificate,
    [
      /Basic Constraints: critical\s+CA:TRUE\n/,
      /Key Usage: critical\s+Certificate Sign, CRL Sign\n/,
      /Subject Key Identifier/,
    ],
    /Extended Key Usage/,
  ],
  [
    'the issuing CA signs end entities only',
    issuing.certificate,
    [/CA:TRUE, pathlen:0/, /Key Usage: critical\s+Certificate Sign, CRL Sign\n/, /Authority Key Identifier/],
    /Extended Key Usage/,
  ],
  [
    'the RA can be encrypted to, and enrols for others',
    await createRa(wanted('CN=RA', rsaKey, YEAR), issuing),
    [
      /Basic Constraints: critical\s+CA:FALSE/,
      /Key Usage: critical\s+Digital Signature, Key Encipherment\n/,
      /Extended Key Usage: *\s+1\.3\.6\.1\.4\.1\.311\.20\.2\.1\n/,
      /Subject Key Identifier/,
      /Authority Key Identifier/,
    ],
    /CA:TRUE/,
  ],
  [
    'A04 the signing half of a split RA signs and cannot be encrypted to',
    await createRa(wanted('CN=RA sign', rsaKey, YEAR), issuing, 'sign'),
    [/Key Usage: critical\s+Digital Signature\n/, /Extended Key Usage: *\s+1\.3\.6\.1\.4\.1\.311\.20\.2\.1\n/],
    /Key Encipherment/,
  ],
  [
    'A04 the encrypting half of a split RA can be encrypted to and does not sign',
    await createRa(wanted('CN=RA encrypt', rsaKey, YEAR), issuing, 'encrypt'),
    [/Key Usage: critical\s+Key Encipherment\n/, /Extended Key Usage: *\s+1\.3\.6\.1\.4\.1\.311\.20\.2\.1\n/],
    /Digital Signature/,
  ],
];
for (const [name, certificate, present, absent] of TEXTS)
  test(name, (t) => {
    const text = opensslText(certificate);
    if (!text) return t.skip('no openssl command');
    for (const pattern of present) assert.match(text, pattern);
    assert.doesNotMatch(text, absent);
  });

test('no certificate is valid before or after its issuer', async () => {
  const long = { ...wanted('CN=RA', rsaKey, 100 * YEAR), backdate: 50 * DAY };
  const ra = new X509Certificate(await createRa(long, issuing));
  const ca = new X509Certificate(issuing.certificate);
  assert.equal(ra.validTo, ca.validTo);
  assert.equal(ra.validFrom, ca.validFrom);
});

test('notAfter beyond 2049 is a GeneralizedTime', async () => {
  const der = await createRoot(wanted('CN=Long', deviceKey, 40 * YEAR));
  assert.equal(new X509Certificate(der).validToDate.getUTCFullYear(), 2066);
  await assertChains([der]);
});

const REFUSED: readonly [string, () => Promise<Uint8Array>, RegExp][] = [
  ['an RA with an EC key', () => createRa(wanted('CN=RA', deviceKey, YEAR), issuing), /RSA/],
  [
    'an issuer that is no CA',
    async () =>
      createRa(wanted('CN=RA', rsaKey, YEAR), {
        key: rsaKey,
        certificate: await createRa(wanted('CN=RA', rsaKey, YEAR), issuing),
      }),
    /not a CA/,
  ],
  [
    'an issuer that has expired',
    () => createRa({ ...wanted('CN=RA', rsaKey, YEAR), clock: () => new Date(NOW.getTime() + 20 * YEAR) }, issuing),
    /expired/,
  ],
];
for (const [name, make, text] of REFUSED)
  test(`refuses ${name}`, () => assert.rejects(make, (e) => e instanceof ConfigError && text.test(e.message)));
