/** What the store knows of an installation, for a support case: what is wrong now, jobs, and what devices met. Reads only. */
import { readSections } from '../../app/configuration-file.ts';
import { isCurrentStore, recorded } from '../../app/configured-store.ts';
import type { DeviceAttempt } from '../../core/attempt-store.ts';
import type { Condition } from '../../core/condition.ts';
import { ConfigError } from '../../core/errors.ts';
import { systemClock } from '../../embed/system.ts';
import { listJobs, type JobStatus } from '../../manage/job-status.ts';
import type { Trace } from '../../trace/look-up.ts';
import { recentTraces } from './recent-traces.ts';

/** `traces`: of devices without a certificate. `attempts`: those that failed, the newest first. `unreadable`: why there is nothing of the store. */
export type InstallationRecords = {
  checkedAt?: Date;
  conditions: readonly Condition[];
  jobs: readonly JobStatus[];
  traces: readonly Trace[];
  attempts: readonly DeviceAttempt[];
  unreadable?: string;
};

/** Attempts in an archive: a day of one fault. */
const MOST_ATTEMPTS = 500;

/** `config`: the file. Does not throw for a store that cannot be read: the archive says why. */
export async function installationRecords(config: string): Promise<InstallationRecords> {
  try {
    const { store } = readSections(config, ['store']);
    if (!(await isCurrentStore(store))) return { ...NOTHING, unreadable: NO_STORE };
    const [records] = await recorded({ store }, async (opened) => {
      const { open: conditions, checkedAt } = await opened.listConditions();
      const jobs = await listJobs({ store: opened, clock: systemClock });
      const attempts = await opened.findAttempts({ failed: true, limit: MOST_ATTEMPTS });
      const traces = await recentTraces(opened);
      return [{ conditions, jobs, traces, attempts, ...(checkedAt && { checkedAt }) }];
    });
    return records ?? { ...NOTHING, unreadable: NO_STORE };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ...NOTHING, unreadable: `${error.message}. ${error.remedy}` };
  }
}

const NOTHING: InstallationRecords = { conditions: [], jobs: [], traces: [], attempts: [] };
const NO_STORE = 'There is no store of this version: the server has not run yet, or with another version.';
