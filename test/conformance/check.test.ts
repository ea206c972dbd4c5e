/** What `npm test` finds wrong between the tests that ran and the page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CASES } from './cases.ts';
import { claims, objections } from './check.ts';
import { pageOf } from './page.ts';
import type { RealClients } from './real-clients.ts';
import type { Proof } from './reporter.ts';

const proof = (title: string, different: Partial<Proof> = {}): Proof => ({
  file: 'test/a.test.ts',
  titles: [title],
  result: 'pass',
  ...different,
});

const realClients: RealClients = {
  run: { date: '2026-03-01', versions: { jscep: '2.5.6' } },
  proofs: [proof('X02 enrols', { file: 'test/interop/a.interop.ts' })],
};
const RAN = Object.keys(CASES)
  .filter((id) => id !== 'X02')
  .map((id) => proof(`${id} holds`));
const without = (id: string): Proof[] => RAN.filter(({ titles }) => titles[0] !== `${id} holds`);
const pageFor = (proofs: readonly Proof[]): string => pageOf([...proofs, ...realClients.proofs], realClients.run);
const PAGE = pageFor(RAN);

test('a page of what ran is true, and names day and versions of the real clients', () => {
  assert.deepEqual(objections(RAN, realClients, PAGE), []);
  assert.match(PAGE, /ran last on 2026-03-01.*\n\n\| Client \| Version \|\n\|---\|---\|\n\| jscep \| 2\.5\.6 \|\n/);
});

test('a test that is gone, for whatever reason, is missed', () => {
  assert.deepEqual(objections(without('H01'), realClients, PAGE), [
    'case H01: no test of it ran',
    'docs/conformance.md is not what ran: H01; `npm run conformance` writes it',
  ]);
  const rows = ['a', 'b', 'c', 'd'].map((row) => proof(`H01 holds in ${row}`));
  const stale = 'docs/conformance.md is not what ran: H01; `npm run conformance` writes it';
  assert.deepEqual(objections([...RAN, ...rows.slice(0, 3)], realClients, pageFor([...RAN, ...rows])), [stale]);
  assert.deepEqual(objections(RAN, { ...realClients, proofs: [] }, PAGE)[0], 'case X02: no test of it ran');
});

test('a test of a case that is skipped or todo is refused, also when others prove the case', () => {
  const aside = proof('H01 on other machines', { result: 'skip', why: 'later' });
  assert.deepEqual(objections([...RAN, aside], realClients, PAGE), [
    'test/a.test.ts: H01 on other machines: a test of a case is neither skipped nor todo (later)',
  ]);
  assert.deepEqual(objections([...RAN, proof('of no case', { result: 'skip' })], realClients, PAGE), []);
  const inner = proof('at last', { titles: ['H01 suite', 'at last'], result: 'skip' });
  assert.match(objections([...RAN, inner], realClients, PAGE)[0] ?? '', /^test\/a\.test\.ts: H01 suite › at last: /);
});

test('a failure is not proof', () => {
  const failed = [...without('H01'), proof('H01 holds', { result: 'fail' })];
  assert.equal(objections(failed, realClients, PAGE)[0], 'case H01: its result is fail');
});

test('a title names its cases first, and only cases of the table', () => {
  const found = (title: string): string[] => objections([...RAN, proof(title)], realClients, PAGE);
  assert.deepEqual(found('no challenge, as H01 wants'), [
    'test/a.test.ts: no challenge, as H01 wants: H01 must come first in the title',
  ]);
  const unknown = ['Z', 99].join('');
  assert.deepEqual(found(`${unknown} is new`), [
    `test/a.test.ts: ${unknown} is new: there is no case ${unknown} in test/conformance/cases.ts`,
  ]);
  assert.deepEqual(found('a digest of A99 octets, and XH01'), []);
});

test('what the test of the page says in its titles is no claim', () => {
  const echo = proof('cited: H01 holds', { file: 'test/conformance.test.ts' });
  assert.deepEqual(claims([echo]), []);
  assert.deepEqual(objections([...RAN, echo], realClients, PAGE), []);
});
