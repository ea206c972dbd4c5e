/** GetCACaps (RFC 8894 3.5.2): computed from the algorithm tables, so that it cannot promise what is not there. */
import { CIPHERS, DIGESTS, type Legacy } from '../cms/algorithms.ts';

/** What an endpoint serves beside the enrolment itself. */
export type Serves = { legacy: ReadonlySet<Legacy>; renewal: boolean; nextCa: boolean };

/**
 * The body: one keyword a line, LF between them and none at the end, because strongSwan takes an empty line for every
 * keyword. POSTPKIOperation and AES are said even though SCEPStandard implies them: Apple and certmonger ignore that.
 */
export function capabilities({ legacy, renewal, nextCa }: Serves): string {
  const algorithms = [...CIPHERS, ...DIGESTS]
    .filter((row) => row.capability !== undefined && (!row.legacy || legacy.has(row.legacy)))
    .map((row) => row.capability!);
  return [
    'POSTPKIOperation',
    ...(renewal ? ['Renewal'] : []),
    ...(nextCa ? ['GetNextCACert'] : []),
    ...new Set(algorithms),
    'SCEPStandard',
  ].join('\n');
}
