/** The figures of a run in one line. */
import type { Judged, Verdict } from './run.ts';

/** Equivalent mutants do not count. */
export function score(judged: readonly Judged[]): string {
  const count = (...verdicts: Verdict[]) => judged.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const killed = count('killed', 'timeout');
  const counted = judged.length - count('equivalent');
  const survivors = `${count('survived')} survived, ${count('not executed')} not executed by any test`;
  const share = counted === 0 ? 'nothing to kill' : `${((100 * killed) / counted).toFixed(1)} % killed`;
  return `${share}: ${killed} killed (${count('timeout')} by a timeout), ${survivors}, ${count('equivalent')} equivalent`;
}
