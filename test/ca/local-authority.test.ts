import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { localAuthority, type LocalAuthorityParts } from '../../src/ca/local-authority.ts';
import { createIssuingCa, createRa, createRoot } from '../../src/ca/create.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { randomSerial } from '../../src/ca/serial.ts';
import { ConfigError, Refusal } from '../../src/core/errors.ts';
import { generateKey } from '../../src/keys/software.ts';
import { basicConstraints, keyUsage, subjectKeyIdentifier } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import {
  authority,
  DAY,
  deviceKey,
  issue,
  issueFor,
  issuing,
  NOW,
  request,
  root,
  rsaKey,
  wanted,
  YEAR,
} from './authority-under-test.ts';

const fitting: LocalAuthorityParts = {
  certificate: issuing.certificate,
  chain: [root.certificate],
  key: issuing.key,
  profile: DEFAULT_PROFILE,
  clock: () => NOW,
  random: (length) => randomBytes(length),
};
const selfSigned = (extensions: Parameters<typeof writeCertificate>[0]['extensions']): Promise<Uint8Array> =>
  writeCertificate(
    {
      serialNumber: Uint8Array.of(1),
      issuer: nameFromText('CN=odd'),
      subject: nameFromText('CN=odd'),
      notBefore: new Date(NOW.getTime() - DAY),
      notAfter: new Date(NOW.getTime() + DAY),
      spki: deviceKey.spki,
      extensions: [subjectKeyIdentifier(deviceKey.spki), ...extensions],
    },
    deviceKey,
  );
const later = (ms: number) => () => new Date(NOW.getTime() + ms);
const namesake = await createRoot(wanted('CN=Test Root', deviceKey, YEAR));

const MISFITS: readonly [string, Partial<LocalAuthorityParts>, RegExp][] = [
  ['a key of another certificate', { key: deviceKey }, /the key is not the key/],
  ['a key of another type', { key: rsaKey }, /the key is not the key/],
  ['no chain under a root that is missing', { chain: [] }, /not a root/],
  ['a chain to a root of the same name and another key', { chain: [namesake] }, /not signed by CN=Test Root/],
  [
    'a chain of something else',
    { chain: [await createRoot(wanted('CN=Other', deviceKey, YEAR))] },
    /not signed by CN=Other/,
  ],
  [
    'an end entity for an issuer',
    { certificate: await createRa(wanted('CN=RA', rsaKey, YEAR), issuing), key: rsaKey },
    /not a CA/,
  ],
  ['a certificate without basicConstraints', { certificate: await selfSigned([]), key: deviceKey }, /not a CA/],
  [
    'a CA without keyCertSign',
    { certificate: await selfSigned([basicConstraints(true), keyUsage(['cRLSign'])]), key: deviceKey },
    /may not sign/,
  ],
  ['an issuer that has expired', { clock: later(6 * YEAR) }, /expired/],
  ['an issuer that is not valid yet', { clock: later(-3 * DAY) }, /valid only from/],
  ['octets that are no certificate', { certificate: Uint8Array.of(0x30, 1) }, /CA certificate: /],
  ['a profile that makes CAs', { profile: { ...DEFAULT_PROFILE, keyUsage: ['keyCertSign'] } }, /keyCertSign/],
  ['a profile without key usage', { profile: { ...DEFAULT_PROFILE, keyUsage: [] } }, /keyUsage is empty/],
  ['a profile for every purpose', { profile: { ...DEFAULT_PROFILE, extendedKeyUsage: [] } }, /every purpose/],
  [
    'a profile that makes OCSP responders',
    { profile: { ...DEFAULT_PROFILE, extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'] } },
    /ocspSigning/,
  ],
  ...[
    '1.3.6.1.4.1.311.20.2.1',
    '1.3.6.1.5.2.3.5',
    '1.3.6.1.5.5.7.3.27',
    '1.3.6.1.5.5.7.3.28',
    '1.3.6.1.4.1.311.21.5',
    '1.3.6.1.4.1.311.21.6',
  ].map((purpose): [string, Partial<LocalAuthorityParts>, RegExp] => [
    `a profile with the purpose ${purpose}, which belongs to the PKI or the directory`,
    { profile: { ...DEFAULT_PROFILE, extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', purpose] } },
    /would let a device (pose|request|recover)/,
  ]),
  [
    'a purpose that common readers cannot read',
    { profile: { ...DEFAULT_PROFILE, extendedKeyUsage: ['2.25.329800735698586629295641978511506172918'] } },
    /beyond 31 bits/,
  ],
  [
    'a purpose whose first two numbers common readers cannot read',
    { profile: { ...DEFAULT_PROFILE, extendedKeyUsage: ['2.2147483568'] } },
    /beyond 31 bits/,
  ],
  ['a validity above its maximum', { profile: { ...DEFAULT_PROFILE, validity: 999 * DAY } }, /do not fit/],
  ['a negative backdate', { profile: { ...DEFAULT_PROFILE, backdate: -1 } }, /do not fit/],
];
for (const [name, misfit, text] of MISFITS)
  test(`does not start with ${name}`, () =>
    assert.throws(
      () => localAuthority({ ...fitting, ...misfit }),
      (error) => error instanceof ConfigError && text.test(error.message) && error.remedy.length > 10,
    ));

test('the chain may begin with the issuing certificate, as files do, and loses it', () => {
  const { certificate, chain } = localAuthority({ ...fitting, chain: [issuing.certificate, root.certificate] });
  assert.deepEqual(certificate, issuing.certificate);
  assert.deepEqual(chain, [root.certificate]);
});

test('a root may issue by itself', async () => {
  const by = localAuthority({ ...fitting, certificate: root.certificate, chain: [], key: root.key });
  const der = await issueFor(await request({}), by);
  assert.ok(new X509Certificate(der).verify(new X509Certificate(root.certificate).publicKey));
});

for (const choice of ['rsa-2048', 'p384'] as const)
  test(`issues with a CA key ${choice}`, async () => {
    const key = generateKey(choice);
    const certificate = await createIssuingCa(wanted('CN=Issuing', key, YEAR), root);
    const by = localAuthority({ ...fitting, certificate, key });
    const der = await issueFor(await request({}), by);
    assert.ok(new X509Certificate(der).verify(new X509Certificate(certificate).publicKey));
  });

test('names the key identifier that the issuing certificate has, even when it is no SHA-1 of its key', async () => {
  const odd = { ...subjectKeyIdentifier(deviceKey.spki), value: Uint8Array.of(4, 3, 0xab, 0xcd, 0xef) };
  const certificate = await writeCertificate(
    {
      serialNumber: Uint8Array.of(7),
      issuer: nameFromText('CN=odd'),
      subject: nameFromText('CN=odd'),
      notBefore: new Date(NOW.getTime() - DAY),
      notAfter: new Date(NOW.getTime() + DAY),
      spki: deviceKey.spki,
      extensions: [basicConstraints(true), keyUsage(['keyCertSign']), odd],
    },
    deviceKey,
  );
  const by = localAuthority({ ...fitting, certificate, chain: [], key: deviceKey });
  const der = await issueFor(await request({}), by);
  assert.ok(Buffer.from(der).includes(Buffer.from('8003abcdef', 'hex')));
});

test('issues nothing once its own certificate has expired', () =>
  assert.rejects(
    issue({}, expiring(later(6 * YEAR))),
    (error) => error instanceof Refusal && error.code === 'issuer_failed',
  ));

/** An authority whose clock is right at start and then changes. */
function expiring(clock: () => Date) {
  let moved = false;
  const by = authority({}, () => (moved ? clock() : NOW));
  moved = true;
  return by;
}

test('issues nothing for a request that was given up', async () => {
  await assert.rejects(issueFor(await request({}), authority(), AbortSignal.abort()), { name: 'AbortError' });
});

test('serial numbers are 128 random bits and positive, also when the first bit is set', async () => {
  const serials = [0x00, 0x7f, 0x80, 0xff].map((first) => Buffer.concat([Buffer.of(first), Buffer.alloc(15, 0x5a)]));
  for (const serial of serials) {
    const by = localAuthority({ ...fitting, random: () => serial });
    assert.equal(BigInt(`0x${(await issue({}, by)).serialNumber}`), BigInt(`0x${serial.toString('hex')}`));
  }
  const asked: number[] = [];
  randomSerial((length) => {
    asked.push(length);
    return randomBytes(length);
  });
  assert.deepEqual(asked, [16]);
});

test('a random source of zeros is noticed', () => assert.throws(() => randomSerial((n) => new Uint8Array(n)), /zeros/));

test('beyond the rate of the profile a request is to come again, and a refused request takes nothing of it', async () => {
  const taken: number[] = [];
  const rated = localAuthority({
    ...fitting,
    profile: { ...DEFAULT_PROFILE, rate: { most: 1, per: 60_000, memory: new BigInt64Array(1) } },
    take: ({ most }) => (taken.push(most) > most ? 1_500 : 0),
  });
  await assert.rejects(issueFor(await request({ extensions: [keyUsage(['keyCertSign'])] }), rated), {
    code: 'request_refused',
  });
  assert.deepEqual(taken, []);
  assert.ok(await issueFor(await request({}), rated));
  await assert.rejects(issueFor(await request({}), rated), {
    name: 'IssuerError',
    code: 'throttled',
    retryable: true,
    retryAfter: 2,
    message: 'the profile allows 1 certificates in 60 seconds',
  });
});

test('a rate that nothing counts is refused', () =>
  assert.throws(
    () =>
      localAuthority({
        ...fitting,
        profile: { ...DEFAULT_PROFILE, rate: { most: 1, per: 60_000, memory: new BigInt64Array(1) } },
      }),
    { name: 'ConfigError', message: 'profile: rate without anything that counts' },
  ));
