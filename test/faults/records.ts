/** What the store, Intune, the log and the readiness say of a cell, in words that are the same in every run. */
import { DatabaseSync } from 'node:sqlite';
import type { RecordedCall } from '../../src/simulator/calls.ts';
import type { Line } from './server.ts';

/** The certificates, the waiting requests and the notifications of each endpoint. */
export function storeTexts(path: string): (id: string) => string {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const all = (query: string) => database.prepare(query).all() as Record<string, string>[];
    const certificates = all('select endpoint, state from certificates order by id');
    const waiting = all("select endpoint, reason from transactions where state = 'pending'");
    const owed = all('select payload, mode from notifications').map(({ payload, mode }) => ({
      ...(JSON.parse(payload!) as { endpoint: string; kind: string }),
      mode,
    }));
    const at = (id: string) => (row: { endpoint?: string }) => row.endpoint === `/${id}`;
    return (id) =>
      [
        ...certificates.filter(at(id)).map(({ state }) => `certificate ${state}`),
        ...waiting.filter(at(id)).map(({ reason }) => `request waits: ${reason}`),
        ...owed.filter(at(id)).map(({ kind, mode }) => `${kind} notification in the ${mode}`),
      ].join('; ') || 'nothing';
  } finally {
    database.close();
  }
}

/** The body of the three calls of the SCEP API. */
type Body = { request?: { transactionId: string }; notification?: { transactionId: string } } | null;

/** The calls about a request; the harmless one of a check is about none. */
const aboutRequest = ({ hop, body }: RecordedCall): boolean => {
  if (!['validateRequest', 'successNotification', 'failureNotification'].includes(hop)) return false;
  return (body as Body)?.request?.transactionId !== 'openndes-check';
};

/** How often each call came, how often Intune did what it asks for, and with how many different contents. */
export function intuneText(calls: readonly RecordedCall[]): string {
  const counts = Map.groupBy(calls.filter(aboutRequest), ({ hop }) => hop);
  const texts = [...counts].map(([hop, all]) => {
    const done = all.filter(({ code }) => code === 'Success' || code === 'answer-lost').length;
    const different = new Set(all.map(({ body }) => JSON.stringify(body))).size;
    return [`${hop} ${all.length}×`, done < all.length && `${done}× done`, different > 1 && `${different} different`]
      .filter(Boolean)
      .join(', ');
  });
  return texts.join('; ') || 'nothing';
}

/**
 * Each event once, with what tells it from another of the same name, in the order of the alphabet. Of the tenant only the
 * last word: it can be named before its first check has ended.
 */
export function logText(lines: readonly Line[]): string {
  const last = lines.findLast(({ tenant }) => tenant !== undefined);
  const texts = lines
    .filter((line) => line.tenant === undefined || line === last)
    .flatMap(({ event, operation, outcome, code, hop, intuneHop, notification }) => {
      if (event === undefined || ['GetCACaps', 'GetCACert'].includes(operation ?? '')) return [];
      const more = [outcome, code, hop ?? intuneHop, notification].filter((one) => one !== undefined);
      return [[event, ...more].join(' ')];
    });
  return [...new Set(texts)].toSorted().join(', ') || 'nothing';
}

/** The cause, without the remedy, and without the ids, times and sizes of one run. */
export const readinessText = (text: string): string =>
  text
    .replace(/^(?:failed|ok, but the last notification failed, since [^ ]*): /, '')
    .replaceAll(/ \((?:activity id|client-request-id)[^)]*\)/g, '')
    .replaceAll(/ - Activity ID: [0-9a-f-]{36}/g, '')
    .replaceAll(/127\.0\.0\.1(:\d+)?/g, 'the service')
    .replaceAll(/: The simulator was told to answer \d+/g, '')
    .replaceAll(/ \(content-type [^)]*\)/g, '')
    .replaceAll(/(?<=within )\d+(?= ms)/g, 'N')
    .replace(/\. [A-Z][^]*$/, '')
    .replace(/, and the N ms for the whole call are over|\.$/, '');
