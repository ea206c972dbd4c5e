/** docs/intune-faults.md, from what the cells got. Imports nothing from the source. */
import { type Cell, CELLS, faultsOf, type JobOutcome, type Outcome, type Seen } from './cells.ts';
import { type FaultName, FAULTS } from './faults.table.ts';
import { type Hop, type HopName, HOPS } from './hops.table.ts';
import { jobPage } from './job-page.ts';
import { table } from './table.ts';

const HEAD = `# When Microsoft does not answer

What becomes of an enrolment, and of revocations, while a call to Microsoft fails, and after it works again. \`npm run faults\` starts a server for
each call, and one simulated tenant for each fault with each way of telling Intune (\`notify: strict\` and \`outbox\`):
${CELLS.length} enrolments. It compares what the device got, what came to Intune, what is in the store, what the log and the
administrators' \`/readyz\` say with rules that are written by hand (test/faults/rules.ts), and with this page. \`npm run
faults:page\` writes the page from a run. The calls of background jobs are [at the end](#the-calls-of-jobs).

Every fault is there before the server starts and stays until the device has its answer. A call may take 4 seconds, all its
repetitions 16 seconds, and the clock of the server stands still, so that a notification is tried once. Then the fault is
lifted. A device that got PENDING polls; one that got FAILURE sends its request again; 30 minutes later the outbox is empty.
A call of which the simulator shows only that it came counts as not done. Notifications that are repeated have the same content.

## In short

- Before Intune has decided, the request waits, whatever the fault is: the device gets PENDING and Intune is told nothing. When
  the fault is over, the next poll gets the certificate. No fault is taken for a refusal.
- \`strict\`: a certificate whose successNotification is not acknowledged is revoked as never delivered, and the device gets
  FAILURE. Its next request gets another certificate. Intune may know of the first one, where only the answer was lost.
- \`outbox\`: the device has its certificate, and Intune is told when the fault is over.
- A failureNotification goes through the outbox in both modes.
- HTTP 401 and 403 are tried again with a new token. 404, a body that is too long, and a Retry-After that is longer than the
  call may take are not tried again at once. All else is tried three times.

## The faults

`;

/** The page. `outcomes` are in the order of `CELLS`, `jobs` in that of `JOB_CELLS`. */
export const pageOf = (outcomes: readonly Outcome[], jobs: readonly JobOutcome[]): string =>
  HEAD +
  table(
    ['Fault', 'What the server gets'],
    Object.entries(FAULTS).map(([name, { says }]) => [name, says]),
  ) +
  (Object.keys(HOPS) as HopName[]).map((hop) => section(hop, outcomes)).join('') +
  jobPage(jobs);

function section(name: HopName, outcomes: readonly Outcome[]): string {
  const rows = CELLS.flatMap((cell, n) => (cell.hop === name ? [{ cell, outcome: outcomes[n]! }] : []));
  const { says }: Hop = HOPS[name];
  const heads = ['Fault', '`notify`', 'Device', 'Intune', 'Store', 'Log', 'Readiness'];
  return `
## ${name}

${says}

While the fault stays:

${table(heads, grouped(rows, 'during'))}
After it is lifted:

${table(heads, grouped(rows, 'after'))}`;
}

type Row = { cell: Cell; outcome: Outcome };

/** One line for all that got the same. */
function grouped(rows: readonly Row[], time: keyof Outcome): string[][] {
  const groups = Map.groupBy(rows, ({ outcome }) => JSON.stringify(cells(outcome[time])));
  return [...groups.values()].flatMap((group) =>
    lines(group).map(([faults, modes]) => [faults, modes, ...cells(group[0]!.outcome[time])]),
  );
}

const cells = ({ device, intune, store, log, readiness }: Seen): string[] => [device, intune, store, log, readiness];

/** The faults of a group, with the modes in which each is in it. */
function lines(group: readonly Row[]): [string, string][] {
  const modes = Map.groupBy(group, ({ cell }) => cell.fault);
  const same = Map.groupBy(modes, ([, each]) => each.map(({ cell }) => cell.mode).join(', '));
  return [...same].map(([mode, faults]) => [
    shown(
      group[0]!.cell.hop,
      faults.map(([fault]) => fault),
    ),
    mode,
  ]);
}

const shown = (hop: HopName, faults: readonly FaultName[]): string =>
  faults.length === faultsOf(hop).length ? 'each' : faults.join('; ');
