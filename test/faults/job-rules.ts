/** What must come of each cell of a job. Written by hand, as rules.ts, from which it takes what a fault does to a call. */
import type { JobCell, JobOutcome } from './cells.ts';
import type { JobHopName } from './hops.table.ts';
import { RULES } from './rules.ts';

const REVOKED = '2 of 2 revoked';
const UNTOUCHED = '0 of 2 revoked';

/** While the port has an outage, the address that Graph gave before is used. */
const causeOf = ({ hop, fault }: JobCell): string =>
  `failed: Intune ${hop}: ${RULES[fault].cause.replace('65536', '1048576')}`;

/** A download that Intune has done begins its 60 minutes, so that a repetition gets nothing, and the requests come after them. */
function download(cell: JobCell): JobOutcome {
  const { calls, done } = RULES[cell.fault];
  const handed = done ? 1 : 0;
  return {
    during: {
      job: causeOf(cell),
      intune: `downloadRevocationRequests ${calls}×; handed out ${handed}×; no result`,
      store: UNTOUCHED,
      log: 'job-failed (error)',
    },
    after: {
      job: 'ok',
      intune: `downloadRevocationRequests 1×; uploadRevocationResults 1×; handed out ${handed + 1}×; result success 1×`,
      store: REVOKED,
      log: 'revocations-requested',
    },
  };
}

/** The certificates are revoked, and the results are kept until Intune has taken them. */
function upload(cell: JobCell): JobOutcome {
  const { calls, done } = RULES[cell.fault];
  const taken = done ? calls : 0;
  const told = taken === 0 ? 'no result' : `result success ${taken}×`;
  return {
    during: {
      job: causeOf(cell),
      intune: `downloadRevocationRequests 1×; uploadRevocationResults ${calls}×; handed out 1×; ${told}`,
      store: `${REVOKED}; 2 results kept`,
      log: 'job-failed (error), revocations-requested',
    },
    after: {
      job: 'ok',
      intune: `uploadRevocationResults 1×; handed out 1×; result success ${taken + 1}×`,
      store: REVOKED,
      log: 'nothing',
    },
  };
}

const LISTED = 'managedDevices 1×; devices 1×; users 1×';
const BY_DIRECTORY = 'directory-listed, directory-revoked (warn)';

/** A listing that failed revokes nothing; the next complete one does. */
function directory(cell: JobCell): JobOutcome {
  const after = { job: 'ok', intune: LISTED, store: REVOKED, log: BY_DIRECTORY };
  // A page may have eight million octets.
  if (cell.fault === 'huge body') return { during: after, after: { ...after, intune: 'nothing', log: 'nothing' } };
  const { calls } = RULES[cell.fault];
  const during = {
    job: causeOf(cell),
    intune: `managedDevices ${calls}×`,
    store: UNTOUCHED,
    log: 'job-failed (error)',
  };
  // It waits as long as Graph says, two minutes at most, and goes on.
  if (cell.fault === 'HTTP 429, Retry-After') return { during: { ...during, job: 'ok', log: 'nothing' }, after };
  return { during, after };
}

const FATES: Readonly<Record<JobHopName, (cell: JobCell) => JobOutcome>> = {
  downloadRevocationRequests: download,
  uploadRevocationResults: upload,
  directory,
};

/** What must come of the cell. */
export const expectedJob = (cell: JobCell): JobOutcome => FATES[cell.hop](cell);
