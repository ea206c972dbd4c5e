/** The challenge passwords of the simulator, and the code for each difference between request and challenge. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isPrintable } from '../../src/asn1/strings.ts';
import { generateKey } from '../../src/keys/software.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { challengeKeys, mintChallenge, openChallenge } from '../../src/simulator/challenge-password.ts';
import type { Expectation } from '../../src/simulator/expectation.ts';
import { completeState } from '../../src/simulator/state.ts';
import { codeOf, csr, KEY, startTenant, type RequestPlan } from './tenant.ts';

const clock = (): Date => new Date();
const state = await completeState({}, undefined, clock, randomBytes);
const keys = challengeKeys(state);
const mint = (expectation: Expectation): string =>
  mintChallenge(expectation, { keys, tenantId: state.tenantId, now: clock(), random: randomBytes }).challenge;

test('a challenge is as long as a real one and fits into a PrintableString', () => {
  const challenge = mint({ subject: 'CN=x' });
  assert.ok(challenge.length >= 2500, `${challenge.length} characters`);
  assert.ok(isPrintable(challenge));
  assert.notEqual(challenge, mint({ subject: 'CN=x' }));
  assert.ok(mint({ subject: `CN=${'x'.repeat(5000)}` }).length > 5000);
});

test('a challenge contains its expectation, encrypted', () => {
  const challenge = mint({ subject: 'CN=Grüße', san: ['dns:a.example'] });
  const opened = openChallenge(challenge, keys);
  assert.ok(typeof opened === 'object');
  assert.deepEqual(opened.expectation, { subject: 'CN=Grüße', san: ['dns:a.example'] });
  assert.equal(opened.tenantId, state.tenantId);
  assert.ok(!Buffer.from(challenge, 'base64').includes('a.example'));
});

test('a change of any octet is detected', () => {
  const blob = Buffer.from(mint({ subject: 'CN=x' }), 'base64');
  const codes = new Set<unknown>();
  for (let at = 0; at < blob.length; at++) {
    const changed = Buffer.from(blob);
    changed[at]! ^= 0x01;
    const outcome = openChallenge(changed.toString('base64'), keys);
    assert.equal(typeof outcome, 'string', `octet ${at}`);
    codes.add(outcome);
  }
  const expected = ['ChallengeDecryptionError', 'ChallengeDeserializationError', 'SignatureValidationFailed'];
  assert.deepEqual([...codes].toSorted(), expected);
});

test('a change of the encrypted part or of the signature makes the signature invalid', () => {
  const blob = Buffer.from(mint({ subject: 'CN=x' }), 'base64');
  for (const at of [30, Math.floor(blob.length / 2), blob.length - 1]) {
    const changed = Buffer.from(blob);
    changed[at]! ^= 0x80;
    assert.equal(openChallenge(changed.toString('base64'), keys), 'SignatureValidationFailed', `octet ${at}`);
  }
});

test('any other text as a challenge gets a code', () => {
  const text = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.uint8Array().map((b) => Buffer.from(b).toString('base64')),
  );
  fc.assert(fc.property(text, (given) => typeof openChallenge(given, keys) === 'string'));
});

const DNS = 'dns:device-1.example.com';
const full = {
  subject: 'CN=device-1,O=Contoso',
  san: [DNS, 'upn:a@example.com', 'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1'],
  keyUsage: ['digitalSignature', 'keyEncipherment'],
  extendedKeyUsage: ['clientAuth', '1.2.3.4'],
  keyLength: 2048,
} as const satisfies Expectation;

type Case = [name: string, expected: Expectation, actual: RequestPlan, code: string];
const cases: readonly Case[] = [
  ['everything as expected', full, full, 'Success'],
  [
    'another order and letter case',
    full,
    { ...full, san: full.san.toReversed(), subject: 'CN=DEVICE-1,O=contoso' },
    'Success',
  ],
  [
    'DNS names in another letter case',
    { ...full, san: [DNS.toLowerCase()] },
    { ...full, san: ['dns:DEVICE-1.example.com'] },
    'Success',
  ],
  ['an empty subject that is expected', { subject: '', san: [DNS] }, { subject: '', san: [DNS] }, 'Success'],
  [
    'extensions that are not compared',
    { subject: 'CN=device-1' },
    { keyUsage: ['keyAgreement'], extendedKeyUsage: ['serverAuth'] },
    'Success',
  ],
  ['no subject', full, { ...full, subject: '' }, 'SubjectNameMissing'],
  ['another subject', full, { ...full, subject: 'CN=device-2,O=Contoso' }, 'SubjectNameMismatch'],
  ['RDNs in another order', full, { ...full, subject: 'O=Contoso,CN=device-1' }, 'SubjectNameMismatch'],
  [
    'a subject where none is expected',
    { subject: '', san: [DNS] },
    { subject: 'CN=x', san: [DNS] },
    'SubjectNameMismatch',
  ],
  ['no SAN', full, { subject: full.subject }, 'SubjectAltNameMissing'],
  ['one SAN too few', full, { ...full, san: [DNS] }, 'SubjectAltNameMismatch'],
  ['one SAN too many', full, { ...full, san: [...full.san, 'dns:b'] }, 'SubjectAltNameMismatch'],
  ['a SAN where none is expected', { subject: 'CN=device-1' }, { san: [DNS] }, 'SubjectAltNameMismatch'],
  [
    'a URI in another letter case',
    { ...full, san: ['uri:tag:S-1'] },
    { ...full, san: ['uri:tag:s-1'] },
    'SubjectAltNameMismatch',
  ],
  [
    'the same text as another kind of name',
    { ...full, san: ['upn:a@b.c'] },
    { ...full, san: ['email:a@b.c'] },
    'SubjectAltNameMismatch',
  ],
  ['another key usage', full, { ...full, keyUsage: ['digitalSignature'] }, 'KeyUsageMismatch'],
  ['no key usage', full, { subject: full.subject, san: full.san }, 'KeyUsageMismatch'],
  ['another key length', { ...full, keyLength: 4096 }, full, 'KeyLengthMismatch'],
  ['no EKU', full, { ...full, extendedKeyUsage: undefined as never }, 'EnhancedKeyUsageMissing'],
  ['another EKU', full, { ...full, extendedKeyUsage: ['serverAuth', '1.2.3.4'] }, 'EnhancedKeyUsageMismatch'],
  [
    'an EKU too many',
    full,
    { ...full, extendedKeyUsage: [...full.extendedKeyUsage, 'serverAuth'] },
    'EnhancedKeyUsageMismatch',
  ],
];

for (const [name, expected, actual, code] of cases)
  test(`validateRequest on ${name}: ${code}`, async (t) => {
    const { simulator, validate } = await startTenant(t, { state });
    const reply = await validate(await csr({ ...actual, challenge: simulator.mint(expected) }));
    assert.equal(codeOf(reply), code);
  });

test('an elliptic curve key does not have the expected length of an RSA key', async (t) => {
  const { simulator, validate } = await startTenant(t, { state });
  const challenge = simulator.mint({ subject: 'CN=device-1', keyLength: 2048 });
  assert.equal(codeOf(await validate(await csr({ challenge }, generateKey('p256')))), 'KeyLengthMismatch');
});

const challenges: readonly [code: string, challenge: string | undefined][] = [
  ['ChallengePasswordMissing', undefined],
  ['ChallengeDecodingError', 'not base64!'],
  ['ChallengeDeserializationError', Buffer.from('anything').toString('base64')],
  ['ChallengeExpired', mint({ subject: 'CN=device-1', validitySeconds: 0 })],
];
for (const [code, challenge] of challenges)
  test(`validateRequest answers ${code}`, async (t) => {
    const { validate } = await startTenant(t, { state });
    assert.equal(codeOf(await validate(await csr(challenge === undefined ? {} : { challenge }))), code);
  });

test('validateRequest answers ChallengeDecryptionError to a challenge of another service', async (t) => {
  const { validate } = await startTenant(t);
  const challenge = mint({ subject: 'CN=device-1' });
  assert.equal(codeOf(await validate(await csr({ challenge }))), 'ChallengeDecryptionError');
});

test('validateRequest answers BadTenantIdInChallenge to a challenge of another tenant of the service', async (t) => {
  const { validate } = await startTenant(t, { state, tenant: 'fabrikam.onmicrosoft.com' });
  const challenge = mint({ subject: 'CN=device-1' });
  assert.equal(codeOf(await validate(await csr({ challenge }))), 'BadTenantIdInChallenge');
});

test('a challenge is valid for an hour by default, and not before its creation', async (t) => {
  const { simulator, clock, validate } = await startTenant(t, { state });
  const [hour, day] = [{}, { validitySeconds: 86_400 }].map((validity) =>
    simulator.mint({ subject: 'CN=device-1', ...validity }),
  ) as [string, string];
  clock.advance(-600);
  assert.equal(codeOf(await validate(await csr({ challenge: hour }))), 'ChallengeInvalidTimestamp');
  clock.advance(600 + 3590);
  assert.equal(codeOf(await validate(await csr({ challenge: hour }))), 'Success');
  clock.advance(10);
  assert.equal(codeOf(await validate(await csr({ challenge: hour }))), 'ChallengeExpired');
  assert.equal(codeOf(await validate(await csr({ challenge: day }))), 'Success');
});

test('validateRequest answers CertificateRequestDecodingFailed to a request that cannot be parsed', async (t) => {
  const { simulator, validate } = await startTenant(t, { state });
  const challenge = simulator.mint({ subject: 'CN=device-1' });
  const good = await csr({ challenge });
  const badSan = await writeCertificationRequest(
    {
      subject: nameFromText('CN=device-1'),
      challenge,
      extensions: [{ oid: OID.subjectAltName, critical: false, value: Uint8Array.of(0x30, 0x05) }],
    },
    KEY,
  );
  for (const wrong of ['', '!', good.slice(0, -1), good.slice(4), 'AAAA', Buffer.from(badSan).toString('base64')])
    assert.equal(codeOf(await validate(wrong)), 'CertificateRequestDecodingFailed', wrong.slice(0, 20));
});
