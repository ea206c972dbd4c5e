/** Looks a mutant up in the table of those that no test can notice. */
import { EQUIVALENT } from './equivalent.table.ts';
import type { Mutant } from './program.ts';

const key = ({ file, before, after }: Pick<Mutant, 'file' | 'before' | 'after'>): string =>
  JSON.stringify([file, before, after]);
const KNOWN = new Set(EQUIVALENT.map(key));

export const isEquivalent = (mutant: Mutant): boolean => KNOWN.has(key(mutant));
