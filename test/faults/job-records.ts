/** What the store, Intune and the log say of the cell of a job, in words that are the same in every run. */
import { DatabaseSync } from 'node:sqlite';
import type { RecordedCall } from '../../src/simulator/calls.ts';
import type { QueuedRevocation } from '../../src/simulator/connector/revocation-queue.ts';
import type { Simulator } from '../../src/simulator/simulated-tenant.ts';
import { DIRECTORY_HOPS, REVOCATION_HOPS } from '../../src/simulator/service-call.ts';
import { readinessText } from './records.ts';
import type { Line, Readiness } from './server.ts';

/** The certificates whose revocation is due, and one of which no call says anything. Serial numbers. */
export const DUE = ['0a01', '0a02'] as const;
export const OTHER = '0a03';

/** pino's levels, as far as they are no information. */
const LEVELS: Readonly<Record<number, string>> = { 40: ' (warn)', 50: ' (error)' };

/** Which of the due certificates are revoked, and the requests of Intune that are not done with. */
export function jobStore(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const all = (query: string) => database.prepare(query).all() as Record<string, string | null>[];
    const revoked = all("select serial from certificates where state = 'revoked'").map(({ serial }) => serial!);
    const due = revoked.filter((serial) => (DUE as readonly string[]).includes(serial));
    const requests = all('select result from revocation_requests');
    const open = requests.filter(({ result }) => result === null).length;
    return [
      `${due.length} of ${DUE.length} revoked`,
      revoked.length > due.length && 'another one revoked',
      open > 0 && `${open} requests without a result`,
      open < requests.length && `${requests.length - open} results kept`,
    ]
      .filter(Boolean)
      .join('; ');
  } finally {
    database.close();
  }
}

const CALLS: readonly string[] = [...REVOCATION_HOPS, ...DIRECTORY_HOPS];

/** The calls; how often the requests were handed out since the start, and the results that Intune has taken of each. */
export function jobIntune(calls: readonly RecordedCall[], { revocations }: Simulator): string {
  const counts = Map.groupBy(calls, ({ hop }) => hop);
  const texts = [...counts].flatMap(([hop, all]) => (CALLS.includes(hop) ? [`${hop} ${all.length}×`] : []));
  const queue = revocations.list();
  if (queue.length === 0) return texts.join('; ') || 'nothing';
  const handed = new Set(queue.map(({ downloads }) => downloads));
  return [...texts, `handed out ${[...handed].join(' or ')}×`, ...new Set(queue.map(toldText))].join('; ');
}

/** What Intune was told of a request: every different result, and how often it was told. */
function toldText({ results }: QueuedRevocation): string {
  const different = new Set(results.map(({ succeeded, errorCode }) => (succeeded ? 'success' : errorCode)));
  return results.length === 0 ? 'no result' : `result ${[...different].join(' and ')} ${results.length}×`;
}

/** Each event once with its level, in the order of the alphabet; of the tenant nothing, because another job looks at it. */
export const jobLog = (lines: readonly Line[]): string =>
  [...new Set(lines.flatMap(({ event, level }) => (event === undefined ? [] : [`${event}${LEVELS[level] ?? ''}`])))]
    .filter((text) => !text.startsWith('tenant-'))
    .toSorted()
    .join(', ') || 'nothing';

/** How the last run of the job ended. The job of a directory keeps its claim in these tests, so that the directory says it. */
export function jobText({ jobs, directories }: Readiness, name: string, tenant: string): string {
  const directory = directories?.[tenant];
  if (directory !== undefined)
    return directory.startsWith('failed: ') ? `failed: ${readinessText(directory)}` : directory;
  const { state, lastError } = jobs.find((job) => job.name === name) ?? { state: 'never ran' };
  if (state !== 'waiting') return state;
  return lastError === undefined ? 'ok' : `failed: ${readinessText(lastError.replace(`tenant ${tenant}: `, ''))}`;
}
