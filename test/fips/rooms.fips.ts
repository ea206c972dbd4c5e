/** The tests of five rooms with the FIPS provider. What is left out needs an algorithm that FIPS 140-3 does not approve. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fipsEnvironment, type Pkcs1 } from './provider.ts';

const folder = mkdtempSync(join(tmpdir(), 'openndes-fips-'));
after(() => rmSync(folder, { recursive: true }));

type Plan = {
  rooms: readonly string[];
  /** Files that are about what is not approved. */
  without: readonly string[];
  /** Titles of tests that use what is not approved. */
  skipped: readonly string[];
  /** So many tests run at least. */
  least: number;
};

/** MD5, RSA keys of fewer than 2048 bits or with the exponent 3, DES, and keys on X25519, secp256k1 and DSA. */
const NOT_APPROVED = [
  'RSA-1024',
  '1024 bits',
  '512 bits',
  'a short RSA key',
  'MD5',
  'md5WithRSAEncryption',
  'Cisco IOS with SHA-1',
  'sent as the client sends it',
  'OAEP hash is too long for the key of the RA',
  'public key rsa of 2048 bits',
  'a key on another curve',
  'X25519: no public key',
  'DSA: no public key',
  'reads traditional with a passphrase PEM',
  // Its last assertion names an error of the default provider.
  'with the bare key are PKCS#1 v1.5, not OAEP',
];

const PLANS: Readonly<Record<Pkcs1, Plan>> = {
  allow: {
    rooms: ['cms', 'pkix', 'scep', 'keys', 'ca'],
    without: ['scep/fail-info', 'scep/legacy'],
    skipped: NOT_APPROVED,
    least: 1600,
  },
  // Nearly every message of the other rooms is encrypted to the RA with PKCS#1 v1.5.
  refuse: {
    rooms: ['pkix', 'keys', 'ca'],
    without: [],
    skipped: [...NOT_APPROVED, 'pkcs1', 'PKCS#1 v1.5', 'KeyProvider contract: @peculiar/webcrypto RSA'],
    least: 550,
  },
};

for (const [pkcs1, { rooms, without, skipped, least }] of Object.entries(PLANS) as [Pkcs1, Plan][])
  test(`the tests of ${rooms.join(', ')} pass in FIPS mode, PKCS#1 v1.5: ${pkcs1}`, () => {
    const files = rooms
      .flatMap((room) => globSync(`test/${room}/*.test.ts`))
      .filter((file) => !without.some((each) => file.endsWith(`${each}.test.ts`)));
    const patterns = skipped.map((each) => `--test-skip-pattern=${each.replaceAll(/[.#()]/g, '\\$&')}`);
    const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', ...patterns, ...files], {
      env: { ...fipsEnvironment(join(folder, pkcs1), pkcs1), NODE_TEST_CONTEXT: undefined },
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const failed = stdout.split('\n').filter((line) => /^\s*not ok/.test(line));
    assert.deepEqual(failed, []);
    assert.equal(status, 0, stdout.slice(-2000));
    const ran = Number(/^# pass (\d+)$/m.exec(stdout)?.[1]);
    assert.ok(ran >= least, `${ran} tests ran`);
  });
