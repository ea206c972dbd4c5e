/** Compares docs/conformance.md with the tests that ran. */
import { CASES } from './cases.ts';
import { pageOf, readPage } from './page.ts';
import type { RealClients } from './real-clients.ts';
import type { Proof } from './reporter.ts';
import { casesBehind, casesOf } from './titles.ts';

/** The test of the page itself, which has the titles of others in its own. */
const PAGE_TEST = 'test/conformance.test.ts';

/** The tests that may prove something. */
export const claims = (proofs: readonly Proof[]): Proof[] => proofs.filter(({ file }) => file !== PAGE_TEST);

/**
 * What is wrong with a run of every test, or with the page beside it; empty when the page is true.
 * A skipped test of a case counts as wrong, so this is for machines on which no test has to be skipped.
 */
export function objections(ran: readonly Proof[], realClients: RealClients, page: string): string[] {
  const proofs = claims(ran);
  const fresh = pageOf([...proofs, ...realClients.proofs], realClients.run);
  return [
    ...proofs.flatMap(wrongTitle),
    ...proofs.filter(({ titles, result }) => result === 'skip' && titles.flatMap(casesOf).length > 0).map(skipped),
    ...readPage(fresh)
      .filter(({ result }) => result !== 'pass')
      .map(({ id, result }) => `case ${id}: ${result === 'no test' ? 'no test of it ran' : `its result is ${result}`}`),
    ...staleLines(page, fresh),
  ];
}

const nameOf = ({ file, titles }: Proof): string => `${file}: ${titles.join(' › ')}`;

const skipped = (proof: Proof): string =>
  `${nameOf(proof)}: a test of a case is neither skipped nor todo (${proof.why ?? 'no reason given'})`;

function wrongTitle(proof: Proof): string[] {
  const unknown = proof.titles.flatMap(casesOf).filter((id) => !(id in CASES));
  const behind = proof.titles.flatMap(casesBehind).filter((id) => id in CASES);
  return [
    ...unknown.map((id) => `${nameOf(proof)}: there is no case ${id} in test/conformance/cases.ts`),
    ...behind.map((id) => `${nameOf(proof)}: ${id} must come first in the title`),
  ];
}

function staleLines(page: string, fresh: string): string[] {
  if (page === fresh) return [];
  const written = new Set(page.split('\n'));
  const ids = readPage(
    fresh
      .split('\n')
      .filter((line) => !written.has(line))
      .join('\n'),
  ).map(({ id }) => id);
  return [
    `docs/conformance.md is not what ran${ids.length > 0 ? `: ${ids.join(', ')}` : ''}; \`npm run conformance\` writes it`,
  ];
}
