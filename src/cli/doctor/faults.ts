/** What an error of a probe means: which of the usual causes, and the remedy. */
import { ConfigError } from '../../core/errors.ts';
import { IntuneUnreachable } from '../../intune/unreachable.ts';
import { type Cause, fail, type ProbeOutcome } from './doctor-probe.ts';

/** By the words of IntuneUnreachable; the first that matches. AADSTS codes as in the table of intune/entra-faults.ts. */
const CAUSE_OF: readonly (readonly [RegExp, Cause])[] = [
  [/AADSTS(?:7000215|7000222|700027|700024|70025|700211|700212|700213|50166|50013)(?!\d)/, 'credential'],
  [/no token was asked for|the managed identity endpoint|no token could be obtained/, 'credential'],
  [/AADSTS(?:7000112|700016|53003|65001|500011)(?!\d)/, 'permission'],
  [/where (?:an answer|JSON) was expected|answered with a redirect/, 'network'],
  [/HTTP 40[13],/, 'permission'],
];

/** Undefined when it is none of the usual ones. */
export function causeOf({ message, status }: Pick<IntuneUnreachable, 'message' | 'status'>): Cause | undefined {
  const row = CAUSE_OF.find(([words]) => words.test(message));
  return row ? row[1] : status === undefined ? 'network' : undefined;
}

/** The outcome of an error that an administrator can do something about. Throws every other one again. */
export function explained(error: unknown): ProbeOutcome {
  if (error instanceof IntuneUnreachable) return fail(error.message, error.remedy, { cause: causeOf(error) });
  if (error instanceof ConfigError) return fail(error.message, error.remedy);
  throw error;
}
