/** What operators search for in a store that search-fill.ts or stored-fill.ts has filled, and how long each page and its counts take. */
import type { CertificateQuery } from '../../src/core/search-store.ts';
import type { Store } from '../../src/core/store.ts';

const DAY = 86_400_000;
const KINDS = ['cn', 'upn', 'dns', 'email', 'uri', 'ip', 'intuneDeviceId', 'entraDeviceId'] as const;

type Query = Omit<CertificateQuery, 'now'>;

/** By what they are called. */
export const queriesAt = (now: Date): Readonly<Record<string, Query>> => ({
  everything: {},
  'a device': { terms: { name: { beginning: 'stored-777777', kinds: KINDS } } },
  'a user': { terms: { name: { beginning: 'user-2500', kinds: KINDS } } },
  'a beginning that all have': { terms: { name: { beginning: 'stored-', kinds: KINDS } } },
  'a beginning that all have, revoked': { terms: { name: { beginning: 's', kinds: KINDS } }, state: 'revoked' },
  'a serial number': { terms: { serialPrefix: '00000000abc' } },
  revoked: { state: 'revoked' },
  valid: { state: 'delivered' },
  expired: { state: 'expired' },
  waiting: { state: 'issued' },
  'expiring in 30 days': { state: 'delivered', ends: { from: now, before: new Date(now.getTime() + 30 * DAY) } },
  'expiring in 30 days at a rare endpoint': {
    ends: { from: now, before: new Date(now.getTime() + 30 * DAY) },
    places: [{ endpoint: '/scep-rare', issuerIds: ['a'.repeat(64), 'b'.repeat(64)] }],
  },
  'issued on one day of last year': {
    recorded: { from: new Date(now.getTime() - 400 * DAY), before: new Date(now.getTime() - 399 * DAY) },
  },
  'issued in a month of last year, revoked': {
    state: 'revoked',
    recorded: { from: new Date(now.getTime() - 400 * DAY), before: new Date(now.getTime() - 370 * DAY) },
  },
  'a rare endpoint': { places: [{ endpoint: '/scep-rare', issuerIds: ['a'.repeat(64), 'b'.repeat(64)] }] },
  'one of twenty endpoints': { places: [{ endpoint: '/scep-3', issuerIds: ['a'.repeat(64), 'b'.repeat(64)] }] },
  'no endpoint': { places: [] },
  thumbprint: { terms: { thumbprint: '000BDE31' + 'x'.repeat(32) } },
  'a subject that contains a text': { subject: 'stored-77777' },
});

/** Milliseconds of the first page, of the second and of the counts; the median of `rounds`. */
export async function timesOf(store: Store, query: CertificateQuery, rounds: number): Promise<string> {
  const times: number[][] = [[], [], []];
  let said = '';
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    const first = await store.searchCertificates(query, { limit: 50 });
    const then = performance.now();
    const second =
      first.next === undefined ? undefined : await store.searchCertificates(query, { limit: 50, cursor: first.next });
    const after = performance.now();
    const counts = await store.countByState(query);
    for (const [at, time] of [then - begun, after - then, performance.now() - after].entries()) times[at]?.push(time);
    said = `${first.certificates.length}${first.next === undefined ? '' : '+'} ${second?.certificates.length ?? ''} ${Object.values(
      counts,
    )
      .map(({ number, more }) => `${number}${more ? '+' : ''}`)
      .join(' ')}`;
  }
  const median = times.map((each) => (each.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0).toFixed(0));
  return `${median.join(' / ')} ms   ${said}`;
}
