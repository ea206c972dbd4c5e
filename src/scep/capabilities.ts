/** GetCACaps (RFC 8894 3.5.2), computed from the algorithm tables: it cannot list what the server does not accept. */
import { CIPHERS, DIGESTS, type Legacy } from '../cms/algorithms.ts';

/** What an endpoint serves besides enrolment. */
export type Serves = { legacy: ReadonlySet<Legacy>; renewal: boolean; nextCa: boolean };

/**
 * The body: one keyword on each line, with LF between them and none at the end, because strongSwan takes an empty line
 * for every keyword. SCEPStandard implies POSTPKIOperation and AES; they are listed too, because Apple and certmonger do
 * not know that. It is not listed where single DES is on: RFC 8894 2.9 forbids DES, and 3.5.2 promises 2.9.
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
    ...(legacy.has('des') ? [] : ['SCEPStandard']),
  ].join('\n');
}
