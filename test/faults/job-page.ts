/** The part of docs/intune-faults.md about the calls of jobs. Imports nothing from the source. */
import { JOB_CELLS, type JobOutcome, type JobSeen } from './cells.ts';
import type { FaultName } from './faults.table.ts';
import { JOB_HOPS, type JobHopName } from './hops.table.ts';
import { table } from './table.ts';

const HEAD = `
## The calls of jobs

No device waits for these calls, and \`notify\` changes nothing about them: each fault is run once, ${JOB_CELLS.length} runs in all. Each has
a server and a tenant of its own, and three certificates: two that are to be revoked, and one that must not be. The job is what
\`openndes jobs\` and the administrators' \`/readyz\` show.
How often Intune handed the requests out, and how often it took each result, is counted from the beginning.

- No fault of these calls revokes a certificate that was not to be revoked. When it is over, what is due is revoked, and Intune
  has the results; the same results may come to it twice.
- A request for revocation that Intune handed out in an answer that was spoiled comes again after its 60 minutes.
- The results of revocations are kept until Intune has taken them.
- A listing of the directory that is not complete revokes nothing. It waits as long as Graph says, two minutes at most.
`;

/** The part. `outcomes` are in the order of `JOB_CELLS`. */
export const jobPage = (outcomes: readonly JobOutcome[]): string =>
  HEAD + (Object.keys(JOB_HOPS) as JobHopName[]).map((hop) => section(hop, outcomes)).join('');

type Row = { fault: FaultName; outcome: JobOutcome };

function section(name: JobHopName, outcomes: readonly JobOutcome[]): string {
  const rows = JOB_CELLS.flatMap(({ hop, fault }, n) => (hop === name ? [{ fault, outcome: outcomes[n]! }] : []));
  const heads = ['Fault', 'Job', 'Intune', 'Certificates', 'Log'];
  return `
### ${name}

${JOB_HOPS[name].says}

While the fault stays:

${table(heads, grouped(rows, 'during'))}
After it is lifted:

${table(heads, grouped(rows, 'after'))}`;
}

/** One line for all that got the same. */
function grouped(rows: readonly Row[], time: keyof JobOutcome): string[][] {
  const groups = Map.groupBy(rows, ({ outcome }) => JSON.stringify(cells(outcome[time])));
  return [...groups.values()].map((group) => [shown(group, rows), ...cells(group[0]!.outcome[time])]);
}

/** Most of them are not listed. */
function shown(group: readonly Row[], rows: readonly Row[]): string {
  if (group.length === rows.length) return 'each';
  return group.length > rows.length / 2 ? 'all others' : group.map(({ fault }) => fault).join('; ');
}

const cells = ({ job, intune, store, log }: JobSeen): string[] => [job, intune, store, log];
