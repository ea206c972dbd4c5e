import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CIPHERS, DIGESTS, LEGACY, type Legacy } from '../../src/cms/algorithms.ts';
import { capabilities } from '../../src/scep/capabilities.ts';
import { open } from '../../src/scep/open.ts';
import { context } from '../kit/pki.ts';
import { requestMessage } from '../kit/requests.ts';

const PLAIN = ['POSTPKIOperation', 'AES', 'SHA-256', 'SHA-384', 'SHA-512', 'SCEPStandard'];
const lines = (...legacy: Legacy[]): string[] => capabilities(new Set(legacy)).split('\n');

test('C01 the keywords, one a line, nothing before, between and behind them', () => {
  assert.equal(capabilities(new Set()), PLAIN.join('\n'));
  const everything = capabilities(new Set(LEGACY));
  assert.match(everything, /^[A-Z][A-Za-z0-9-]+(\n[A-Z][A-Za-z0-9-]+)*$/);
  assert.ok(everything.length <= 1024);
});

test('C02 a reader that compares with the length of the line finds no keyword that is not there', () => {
  const strongSwan = (body: string, keyword: string) => body.split('\n').some((line) => keyword.startsWith(line));
  for (const keyword of ['DES3', 'SHA-1', 'Renewal', 'GetNextCACert', 'Update'])
    assert.equal(strongSwan(capabilities(new Set()), keyword), false, keyword);
});

test('C03 GetNextCACert and Renewal are not said as long as they are not served', () => {
  const all = lines(...LEGACY);
  for (const keyword of ['GetNextCACert', 'Renewal', 'Update', 'DES', 'MD5'])
    assert.ok(!all.includes(keyword), keyword);
});

test('C04 DES3 and SHA-1 are said exactly where they are on', () => {
  const added = (...legacy: Legacy[]) => lines(...legacy).filter((line) => !PLAIN.includes(line));
  assert.deepEqual(added('sha1'), ['SHA-1']);
  assert.deepEqual(added('des3'), ['DES3']);
  assert.deepEqual(added('sha1', 'des3'), ['DES3', 'SHA-1']);
  assert.deepEqual(added('des', 'rsa1024'), []);
});

for (const legacy of [[], ['sha1'], ['des3'], ['des'], [...LEGACY]] as const)
  test(`C05 what is said is accepted, what is legacy and not said is refused: ${legacy.join(' ') || 'nothing legacy'}`, async () => {
    const on: ReadonlySet<Legacy> = new Set(legacy);
    const opens = async (different: Parameters<typeof requestMessage>[0]) =>
      (await open(await requestMessage(different), context({ legacy: on }))).kind === 'request';
    for (const row of DIGESTS)
      assert.equal(await opens({ digest: row.digest }), !row.legacy || on.has(row.legacy), row.digest);
    for (const row of CIPHERS)
      assert.equal(await opens({ cipher: row.name }), !row.legacy || on.has(row.legacy), row.name);
  });
