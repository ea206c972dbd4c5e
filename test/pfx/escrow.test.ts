/** Keys in escrow: two officers open them, one does not, and the server never does. */
import assert from 'node:assert/strict';
import { createPublicKey, hash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ConfigError } from '../../src/core/errors.ts';
import { openEscrow, openShare, sealEscrow } from '../../src/pfx/escrow.ts';
import { type Escrow, escrowText, readEscrow } from '../../src/pfx/escrow-text.ts';
import { writePkcs12 } from '../../src/pfx/pkcs12-writer.ts';
import { assertOfficers, readRecoveryOfficer } from '../../src/pfx/recovery-officer.ts';
import { ecKey, edKey, rsaKey } from '../kit/keys.ts';
import { pem } from '../kit/openssl.ts';
import { clientFor, random } from '../kit/pki.ts';
import { userPfx } from './user-under-test.ts';

const NAMES = ['alice', 'bob', 'carol'] as const;
const keyOf = (name: string) => rsaKey(`officer ${name}`);
const publicPem = (name: string): string =>
  createPublicKey(keyOf(name).privateKey).export({ type: 'spki', format: 'pem' }).toString();
const officers = NAMES.map((name) => readRecoveryOfficer(name, Buffer.from(publicPem(name)), `${name}.pem`));

const user = await userPfx(rsaKey('user'));
const PASSWORD = 'Abcdefghijklmnop01234567';
const file = writePkcs12(user, { profile: 'compat', password: PASSWORD, random });
const plan = { certificate: user.certificate, officers, required: 2, random };
const escrow = sealEscrow({ file, password: PASSWORD }, plan);

const sharesOf = (of: Escrow, ...names: readonly string[]) =>
  Promise.all(names.map((name) => openShare(of, keyOf(name))));
const opened = async (of: Escrow, ...names: readonly string[]) => openEscrow(of, await sharesOf(of, ...names));

for (const pair of [
  ['alice', 'bob'],
  ['bob', 'alice'],
  ['alice', 'carol'],
  ['bob', 'carol'],
  ['carol', 'bob', 'alice'],
])
  test(`${pair.join(' and ')} open a key in escrow`, async () => {
    assert.deepEqual(await opened(escrow, ...pair), { file: Buffer.from(file), password: PASSWORD });
  });

for (const name of NAMES)
  test(`${name} alone opens nothing, also with the same key twice`, async () => {
    for (const names of [[name], [name, name]])
      await assert.rejects(opened(escrow, ...names), {
        name: 'ConfigError',
        message: '2 recovery officers are required, and the keys of 1 are here',
        remedy: 'Give the keys of 2 different officers of alice, bob, carol.',
      });
  });

test('nobody opens nothing', () => {
  assert.throws(() => openEscrow(escrow, []), {
    message: '2 recovery officers are required, and the keys of 0 are here',
  });
});

test('one officer who changes the record to demand one officer opens nothing', async () => {
  const changed = { ...escrow, required: 1 };
  await assert.rejects(sharesOf(changed, 'alice'), {
    message: 'the share of alice is damaged, or belongs to another key',
  });
  const [share] = await sharesOf(escrow, 'alice');
  assert.throws(() => openEscrow(changed, share ? [share] : []), {
    message: 'the shares do not open this escrow: it is damaged',
  });
});

test('a record has neither file nor password nor key in clear, and names who can open it', () => {
  const text = escrowText(escrow);
  const { shares, sealed, ...plain } = JSON.parse(text) as Record<string, unknown> & {
    shares: { officer: string; sha256: string }[];
  };
  assert.deepEqual(plain, { openndesEscrow: 1, thumbprint: hash('sha256', user.certificate), required: 2 });
  assert.deepEqual(
    shares.map(({ officer, sha256 }) => [officer, sha256]),
    NAMES.map((name) => [name, hash('sha256', keyOf(name).spki)]),
  );
  assert.equal(typeof sealed, 'string');
  for (const secret of [
    PASSWORD,
    Buffer.from(PASSWORD).toString('base64'),
    Buffer.from(file).toString('base64').slice(0, 60),
  ])
    assert.equal(text.includes(secret), false);
});

test('a record is read again as it was, and opens', async () => {
  const again = readEscrow(escrowText(escrow), 'jane.json');
  assert.deepEqual(JSON.parse(escrowText(again)), JSON.parse(escrowText(escrow)));
  assert.equal((await opened(again, 'alice', 'carol')).password, PASSWORD);
});

for (const [what, text] of [
  ['nothing', ''],
  ['a list', '[]'],
  ['another version', escrowText(escrow).replace('"openndesEscrow":1', '"openndesEscrow":2')],
  ['no shares', '{"openndesEscrow":1,"thumbprint":"a","required":2,"sealed":""}'],
  ['half a record', escrowText(escrow).slice(0, 200)],
  ['a share that is no object', '{"openndesEscrow":1,"thumbprint":"a","required":2,"sealed":"","shares":[null]}'],
] as const)
  test(`${what} is no key in escrow`, () => {
    assert.throws(() => readEscrow(text, 'jane.json'), {
      name: 'ConfigError',
      message: 'jane.json: not a key in escrow',
    });
  });

test('the shares of another key open nothing, also where they were put into this record', async () => {
  const other = sealEscrow(
    { file, password: PASSWORD },
    { ...plan, certificate: (await userPfx(rsaKey('user'))).certificate },
  );
  await assert.rejects(opened({ ...escrow, shares: other.shares }, 'alice', 'bob'), {
    message: 'the share of alice is damaged, or belongs to another key',
  });
  const shares = await sharesOf(other, 'alice', 'bob');
  assert.throws(() => openEscrow(escrow, shares), { message: 'the shares do not open this escrow: it is damaged' });
});

test('each octet of the record that is changed is noticed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(escrow.sealed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const sealed = Buffer.from(escrow.sealed);
      sealed[at]! ^= change;
      await assert.rejects(opened({ ...escrow, sealed }, 'alice', 'bob'), ConfigError);
    }),
    { numRuns: 60 },
  );
  for (const sealed of [new Uint8Array(0), escrow.sealed.subarray(0, 28), escrow.sealed.subarray(0, -1)])
    await assert.rejects(opened({ ...escrow, sealed }, 'alice', 'bob'), ConfigError);
  const [first, ...rest] = escrow.shares;
  const damaged = { ...escrow, shares: [{ ...first!, sealed: Buffer.from(first!.sealed).fill(1, 100, 110) }, ...rest] };
  await assert.rejects(opened(damaged, 'alice', 'bob'), {
    message: 'the share of alice is damaged, or belongs to another key',
    remedy: 'Take the record from a backup of the store.',
  });
});

for (const [what, key] of [
  ['the key of somebody else', rsaKey('somebody else')],
  ['an EC key', ecKey('officer')],
] as const)
  test(`${what} opens no share`, async () => {
    await assert.rejects(openShare(escrow, key), {
      name: 'ConfigError',
      message: 'this key is of no recovery officer of this escrow',
      remedy: 'Give the keys of 2 of alice, bob, carol.',
    });
  });

test('three of three officers can be required', async () => {
  const strict = sealEscrow({ file, password: PASSWORD }, { ...plan, required: 3 });
  await assert.rejects(opened(strict, 'alice', 'bob'), {
    message: '3 recovery officers are required, and the keys of 2 are here',
  });
  assert.equal((await opened(strict, 'alice', 'bob', 'carol')).password, PASSWORD);
});

test('the same file is sealed under another key each time', () => {
  const again = sealEscrow({ file, password: PASSWORD }, plan);
  assert.notDeepEqual(again.sealed.subarray(0, 12), escrow.sealed.subarray(0, 12));
  assert.notDeepEqual(again.sealed.subarray(12), escrow.sealed.subarray(12));
});

test('an officer may give a certificate', async () => {
  const { certificate } = await clientFor(keyOf('alice'));
  assert.deepEqual(
    readRecoveryOfficer('alice', Buffer.from(pem(certificate)), 'alice.pem').sha256,
    officers[0]?.sha256,
  );
});

const NEITHER = 'neither one public key nor one certificate in PEM';
for (const [what, text, fault] of [
  ['nothing', '', NEITHER],
  ['two keys', publicPem('alice') + publicPem('bob'), NEITHER],
  [
    'a private key',
    keyOf('alice').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'it has the private half, which no server may have',
  ],
  ['another block of PEM', publicPem('alice').replaceAll('PUBLIC KEY', 'X509 CRL'), NEITHER],
] as const)
  test(`${what} is refused as the key of an officer`, () => {
    assert.throws(() => readRecoveryOfficer('alice', Buffer.from(text), 'alice.pem'), {
      name: 'ConfigError',
      message: `alice.pem: not a public key of the recovery officer alice: ${fault}`,
    });
  });

for (const [key, kind] of [
  [ecKey('officer'), 'ec of 256'],
  [edKey('officer'), 'ed25519 of 256'],
] as const)
  test(`a key of the kind ${kind} bits is refused as the key of an officer`, () => {
    const text = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' });
    assert.throws(() => readRecoveryOfficer('alice', Buffer.from(text), 'alice.pem'), {
      message: `alice.pem: the key of the recovery officer alice is ${kind} bits`,
    });
  });

for (const required of [0, 1, 4, 2.5, Number.NaN])
  test(`${required} of three officers are refused`, () => {
    assert.throws(() => assertOfficers(officers, required), {
      name: 'ConfigError',
      message: `${required} of 3 recovery officers: at least two must be required, and as many must be there`,
    });
  });

test('an officer who is named twice is refused, by key and by name, and nothing is sealed', () => {
  const [alice, bob] = officers;
  const twice = (officer: Partial<typeof alice>) => [alice!, { ...bob!, ...officer }];
  assert.throws(() => assertOfficers(twice({ sha256: alice!.sha256 }), 2), {
    message: 'two recovery officers have the same key',
  });
  assert.throws(() => assertOfficers(twice({ name: 'alice' }), 2), {
    message: 'two recovery officers have the same name',
  });
  assert.throws(() => sealEscrow({ file, password: PASSWORD }, { ...plan, officers: [alice!] }), ConfigError);
});

test('of a thousand keys in escrow every pair of officers in turn opens each, and one officer none', async () => {
  const pairs = [
    ['alice', 'bob'],
    ['bob', 'carol'],
    ['carol', 'alice'],
  ] as const;
  for (let i = 0; i < 1000; i++) {
    const password = String(i);
    const one = sealEscrow({ file: Buffer.from(password), password }, { ...plan, certificate: Buffer.from(password) });
    const [first, second] = pairs[i % 3] ?? pairs[0];
    const shares = await sharesOf(one, first, second);
    assert.deepEqual(openEscrow(one, shares), { file: Buffer.from(password), password });
    for (const share of shares) assert.throws(() => openEscrow(one, [share]), ConfigError);
  }
});
