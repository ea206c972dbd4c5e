/** What all findings of `doctor` come to: one verdict, and what to do first. */
import { GROUPS, type ProbeFinding, type Verdict } from './doctor-probe.ts';

/** FAIL when one failed, PASS-WITH-WARNINGS when one warns. What could not be run does not count. */
export const verdictOf = (findings: readonly Pick<ProbeFinding, 'verdict'>[]): Verdict =>
  (['FAIL', 'PASS-WITH-WARNINGS'] as const).find((word) => findings.some(({ verdict }) => verdict === word)) ?? 'PASS';

/** What has a remedy, the most important first: what failed, and within that in the order of the groups. */
export function actionPlan(findings: readonly ProbeFinding[]): readonly ProbeFinding[] {
  const groups = Object.keys(GROUPS);
  const rank = ({ verdict, group }: ProbeFinding): number =>
    (verdict === 'FAIL' ? 0 : groups.length) + groups.indexOf(group);
  return findings
    .filter(({ verdict }) => verdict === 'FAIL' || verdict === 'PASS-WITH-WARNINGS')
    .toSorted((a, b) => rank(a) - rank(b));
}
