/** `openndes jobs`: what the server does in the background. Works on the store, whether the server runs or not. */
import type { Command } from 'commander';
import { type JobStatus, listJobs } from '../../manage/job-status.ts';
import { CONFIG, example } from '../options.ts';
import { jsonText, type Output, table } from '../output.ts';
import { withStore } from './certs-store.ts';

/** Registers the command. */
export function registerJobs(program: Command, { out, err }: Output): void {
  program
    .command('jobs')
    .description('background jobs: when each ran last, when it is due, its owner and its last error')
    .option(...CONFIG)
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes jobs --json'))
    .action(async ({ config, json }: { config: string; json?: true }) => {
      const jobs = await withStore(config, { err }, listJobs);
      out(json ? jsonText(jobs) : listing(jobs));
    });
}

/** Digits of an owner that are shown: enough to tell servers apart. */
const OWNER_DIGITS = 8;

const listing = (jobs: readonly JobStatus[]): string =>
  table([
    ['JOB', 'STATE', 'LAST RUN', 'DUE', 'OWNER', 'LAST ERROR'],
    ...jobs.map(({ name, state, lastRun, due, owner, lastError }) => [
      name,
      state,
      moment(lastRun),
      moment(due),
      owner?.slice(0, OWNER_DIGITS) ?? '-',
      lastError ?? '-',
    ]),
  ]);

const moment = (date: Date | undefined): string => date?.toISOString().slice(0, 19) ?? '-';
