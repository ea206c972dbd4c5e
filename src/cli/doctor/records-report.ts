/** What the store knows of an installation, as parts of a page of HTML. */
import type { DeviceAttempt } from '../../core/attempt-store.ts';
import type { Trace } from '../../trace/look-up.ts';
import { escaped } from './html-text.ts';
import type { InstallationRecords } from './installation-records.ts';

/** What is wrong now, and what devices met, by cause. */
export const recordsHtml = (records: InstallationRecords): string =>
  [
    '<h2>What is wrong now</h2>',
    conditionsHtml(records),
    '<h2>Devices without a certificate</h2>',
    tracesHtml(records.traces),
    '<h2>What devices met</h2>',
    attemptsHtml(records.attempts),
  ].join('\n');

function conditionsHtml({ conditions, checkedAt, unreadable }: InstallationRecords): string {
  if (unreadable !== undefined) return `<p>${escaped(unreadable)}</p>`;
  const checked = checkedAt ? `Checked at ${checkedAt.toISOString()}.` : 'No server has checked yet.';
  if (conditions.length === 0) return `<p>Nothing. ${checked}</p>`;
  const rows = conditions.map(({ severity, what, remedy, since }) =>
    row([severity, since.toISOString(), `${what}. ${remedy}`]),
  );
  return `<p>${checked}</p>\n<table>${rows.join('\n')}</table>`;
}

function tracesHtml(traces: readonly Trace[]): string {
  if (traces.length === 0) return '<p>None is recorded.</p>';
  const rows = traces.map(({ label, verdict, steps }) => {
    const last = steps.at(-1);
    const { state, what, remedy = '', checks } = verdict;
    return row([label, state, (last?.lastAt ?? last?.at)?.toISOString() ?? '', [what, remedy, ...checks].join(' ')]);
  });
  return `<table>${rows.join('\n')}</table>`;
}

/** One row for each endpoint and code, the most frequent first. */
function attemptsHtml(attempts: readonly DeviceAttempt[]): string {
  if (attempts.length === 0) return '<p>No failed request is recorded.</p>';
  const groups = Map.groupBy(attempts, ({ endpoint, code = 'without a code' }) => `${endpoint}\n${code}`);
  const counted = [...groups].map(([key, all]) => ({
    cells: key.split('\n'),
    times: all.reduce((sum, { times }) => sum + times, 0),
    newest: all[0],
  }));
  const rows = counted
    .toSorted((a, b) => b.times - a.times)
    .map(({ cells, times, newest }) =>
      row([...cells, `${times} times`, `last at ${newest?.at.toISOString()}`, newest?.detail ?? '']),
    );
  return `<table>${rows.join('\n')}</table>`;
}

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map((each) => `<td>${escaped(each)}</td>`).join('')}</tr>`;
