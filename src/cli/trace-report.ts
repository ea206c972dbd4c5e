/** A trace as a terminal shows it. */
import type { LookedUp, Trace, TracedDevice } from '../trace/look-up.ts';
import type { TraceStep, TraceVerdict } from '../trace/verdict.ts';
import { printable, table } from './output.ts';

/** Everything that was found, in lines. */
export function traceReport(found: LookedUp): string {
  if (found.kind === 'trace') return oneDevice(found.trace);
  if (found.kind === 'names')
    return ['Nothing is called so. These begin so:', ...found.names.map(printable)].join('\n');
  const silent = found.silent
    ? ['', 'Without a message, from the same address:', ...verdictLines(found.silent.verdict)]
    : [];
  return ['Several devices. Name one:', deviceList(found.devices), ...silent].join('\n');
}

const deviceList = (devices: readonly TracedDevice[]): string =>
  table([
    ['DEVICE', 'LABEL', 'LAST', 'OUTCOME', 'REQUESTS'],
    ...devices.map(({ name, label, at, last, attempts }) => [
      name,
      label,
      shown(at),
      outcomeOf(last),
      String(attempts),
    ]),
  ]);

function oneDevice({ label, steps, verdict }: Trace): string {
  const notes = steps.some(({ joined }) => joined === 'address')
    ? ['"same address": of the same address and program within 10 minutes; it may be of another device.']
    : [];
  return [printable(label), ...verdictLines(verdict), '', stepList(steps), ...notes].join('\n');
}

function verdictLines({ state, sure, what, remedy, checks }: TraceVerdict): string[] {
  return [
    `${sure ? state : `${state} (likely)`}: ${printable(what)}`,
    ...(remedy === undefined ? [] : [`do: ${remedy}`]),
    ...checks.map((check) => `check: ${check}`),
  ];
}

/** The rows of a list of steps. */
export const stepList = (steps: readonly TraceStep[]): string =>
  table([['TIME (UTC)', 'MS', 'ADDRESS', 'REQUEST', 'OUTCOME', 'WHAT'], ...steps.map(stepCells)]);

/** One step as the cells of a row. */
function stepCells(step: TraceStep): string[] {
  const { at, ms, address, operation, messageType, times, joined, what = '', intuneCode, clientRequestId } = step;
  const said = [
    ...(joined === 'address' ? ['same address'] : []),
    what,
    ...(intuneCode !== undefined && what.includes(intuneCode) ? [] : beside(step)),
    ...(clientRequestId === undefined ? [] : [`client-request-id ${clientRequestId}`]),
  ];
  const asked = `${messageType ?? operation}${times > 1 ? ` ×${times}` : ''}`;
  return [shown(at), String(ms), address, asked, outcomeOf(step), said.filter((each) => each !== '').join('; ')];
}

/** What `what` does not say: where it names the code of Intune, the detail is its meaning and remedy once more. */
const beside = ({ detail, intuneCode }: TraceStep): string[] => [
  ...(detail === undefined ? [] : [detail]),
  ...(intuneCode === undefined ? [] : [`Intune: ${intuneCode}`]),
];

const outcomeOf = ({ outcome, code, reason }: TraceStep): string => {
  const why = code ?? reason?.split(':')[0];
  return why === undefined ? outcome : `${outcome} ${why}`;
};

const shown = (moment: Date): string => moment.toISOString().slice(0, 19).replace('T', ' ');
