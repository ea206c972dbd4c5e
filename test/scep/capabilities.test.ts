import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CIPHERS, DIGESTS, LEGACY, type Legacy } from '../../src/cms/algorithms.ts';
import { capabilities, type Serves } from '../../src/scep/capabilities.ts';
import { open } from '../../src/scep/open.ts';
import { context } from '../kit/pki.ts';
import { requestMessage } from '../kit/requests.ts';

const PLAIN = ['POSTPKIOperation', 'AES', 'SHA-256', 'SHA-384', 'SHA-512', 'SCEPStandard'];
const said = (different: Partial<Serves> = {}): string =>
  capabilities({ legacy: new Set(), renewal: false, nextCa: false, ...different });
/** The keywords in addition to those that are always listed. */
const added = (different: Partial<Serves>): string[] =>
  said(different)
    .split('\n')
    .filter((line) => !PLAIN.includes(line));
const everything = said({ legacy: new Set(LEGACY), renewal: true, nextCa: true });

test('C01 the keywords, one a line, nothing before, between and behind them', () => {
  assert.equal(said(), PLAIN.join('\n'));
  assert.match(everything, /^[A-Z][A-Za-z0-9-]+(\n[A-Z][A-Za-z0-9-]+)*$/);
  assert.ok(everything.length <= 1024);
});

test('C02 a reader that compares with the length of the line finds no keyword that is not there', () => {
  const strongSwan = (body: string, keyword: string) => body.split('\n').some((line) => keyword.startsWith(line));
  for (const keyword of ['DES3', 'SHA-1', 'Renewal', 'GetNextCACert', 'Update'])
    assert.equal(strongSwan(said(), keyword), false, keyword);
});

test('C03 Renewal and GetNextCACert are listed exactly when they are served', () => {
  assert.deepEqual(added({ renewal: true }), ['Renewal']);
  assert.deepEqual(added({ nextCa: true }), ['GetNextCACert']);
});

test('C04 DES3 and SHA-1 are listed exactly when they are on; DES, MD5 and Update never', () => {
  const legacy = (...names: Legacy[]) => added({ legacy: new Set(names) });
  assert.deepEqual(legacy('sha1'), ['SHA-1']);
  assert.deepEqual(legacy('des3'), ['DES3']);
  assert.deepEqual(legacy('sha1', 'des3'), ['DES3', 'SHA-1']);
  assert.deepEqual(legacy('rsa1024'), []);
  for (const keyword of ['DES', 'MD5', 'Update']) assert.ok(!everything.split('\n').includes(keyword), keyword);
});

test('C04 SCEPStandard is not listed where single DES is on: it promises that there is none', () => {
  const lines = said({ legacy: new Set<Legacy>(['des']) }).split('\n');
  assert.deepEqual(
    lines,
    PLAIN.filter((keyword) => keyword !== 'SCEPStandard'),
  );
});

for (const legacy of [[], ['sha1'], ['des3'], ['des'], [...LEGACY]] as const)
  test(`C05 a digest or cipher is accepted unless it is SHA-224, or legacy and off; on: ${legacy.join(' ') || 'none'}`, async () => {
    const on: ReadonlySet<Legacy> = new Set(legacy);
    const opens = async (different: Parameters<typeof requestMessage>[0]) =>
      (await open(await requestMessage(different), context({ legacy: on }))).kind === 'request';
    for (const row of DIGESTS)
      assert.equal(await opens({ digest: row.digest }), row.digest !== 'sha224' && (!row.legacy || on.has(row.legacy)));
    for (const row of CIPHERS)
      assert.equal(await opens({ cipher: row.name }), !row.legacy || on.has(row.legacy), row.name);
  });
