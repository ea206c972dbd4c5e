/** `openndes directory`: certificates whose device or user is gone from Intune or Entra. */
import type { Command } from 'commander';
import { planDirectoryNow, readDirectories, runDirectoryNow, type TenantDirectory } from '../../app/directory-jobs.ts';
import type { Store } from '../../core/store.ts';
import type { Management } from '../../manage/administrator.ts';
import {
  approveDirectory,
  type DirectoryPlan,
  directoryStatus,
  type DirectoryStatus,
} from '../../manage/follow-directory.ts';
import { whatIsGone } from '../../manage/directory-revocation.ts';
import { CONFIG, example } from '../options.ts';
import { counted, type Output, printable } from '../output.ts';
import { failed, withStore } from './certs-store.ts';
import { registerCompare } from './directory-compare.ts';

type Options = { config: string; json?: true; dryRun?: true; loss?: true };

/** Registers the group and its commands. */
export function registerDirectory(program: Command, output: Output): void {
  const group = program
    .command('directory')
    .description(
      'certificates whose device or user is gone from Intune or Entra: status, a run now, approval; and the list of Intune compared',
    );
  for (const register of [registerStatus, registerRun, registerApprove, registerCompare]) register(group, output);
}

const TENANT = ['[tenant]', 'its name in `tenants`; all that have `directory` without it'] as const;

function registerStatus(group: Command, { out, err }: Output): void {
  group
    .command('status')
    .description('the last complete listing, what is gone, what waits for approval, and what is never matched')
    .argument(...TENANT)
    .option(...CONFIG)
    .option('--json', 'one JSON array')
    .addHelpText(...example('openndes directory status --json'))
    .action(async (tenant: string | undefined, { config, json }: Options) => {
      const all = await each({ config, tenant, err }, (directory, management) =>
        directoryStatus({ ...management, ...directory }),
      );
      out(json ? JSON.stringify(all) : all.flatMap(statusLines).join('\n'));
    });
}

const statusLines = ({ tenant, listing, listedAt, nextAt, error, objects, ...rest }: DirectoryStatus): string[] => [
  `${tenant}: ${counted(listing)} complete listings, the last one ${moment(listedAt)}, the next one ${moment(nextAt)}`,
  ...(error === '' ? [] : [`  the last listing failed: ${printable(error)}`]),
  ...objects.map(({ kind, there, gone }) => `  ${NOUNS[kind]}: ${counted(there)} there, ${counted(gone)} gone`),
  `  valid certificates: ${counted(rest.certificates)}, of which ${counted(rest.unmatched)} name nothing of the directory and are never revoked by it`,
  `  revoked within the bound in the last 24 hours: ${counted(rest.revokedToday)}`,
  `  waiting for approval: ${counted(rest.waiting)}`,
];

const NOUNS = { managed: 'devices of Intune', device: 'devices of Entra', user: 'users' } as const;

const moment = (date: Date | undefined): string => date?.toISOString().slice(0, 19) ?? '-';

function registerRun(group: Command, { out, err }: Output): void {
  group
    .command('run')
    .description('list now and revoke what is gone since two complete listings, within the bound')
    .argument(...TENANT)
    .option('--dry-run', 'say what would be revoked, whatever the bound, and record nothing')
    .option(...CONFIG)
    .addHelpText(...example('openndes directory run --dry-run'))
    .action(async (tenant: string | undefined, { config, dryRun }: Options) => {
      await each({ config, tenant, err }, async (directory, { store }) => {
        const asked = { file: config, directory, store };
        if (dryRun) return planLines(directory, await planDirectoryNow(asked)).forEach(out);
        const emit: Parameters<typeof runDirectoryNow>[0]['emit'] = (event) => {
          if (event.event === 'directory-revoked') out(`revoked ${event.serial}: ${printable(event.why)}`);
        };
        if (!(await runDirectoryNow({ ...asked, emit })))
          failed(`${directory.tenant}: a server lists the directory at this moment.`, err);
        const { listing, waiting } = await store.directoryStanding(directory.tenant);
        out(`${directory.tenant}: listing ${listing} is complete, ${counted(waiting)} certificates wait for approval`);
      });
    });
}

const planLines = ({ tenant }: TenantDirectory, { compared, due }: DirectoryPlan): string[] => [
  ...compared.map(
    ({ kind, there, lost }) => `${tenant}: ${NOUNS[kind]}: ${counted(there)} there, ${counted(lost)} newly gone`,
  ),
  ...due.flatMap(({ object, certificates }) =>
    certificates.map(({ serial, subject }) => `due: ${serial} (${printable(subject)}): ${whatIsGone(object)}`),
  ),
  `${tenant}: nothing was recorded or revoked`,
];

function registerApprove(group: Command, { out, err }: Output): void {
  group
    .command('approve')
    .description('revoke what waits, without the bound: the server lists once more and does it within a minute')
    .argument('<tenant>', 'its name in `tenants`')
    .option('--loss', 'believe the next listing, although it has lost much; what is gone then has its bound')
    .option(...CONFIG)
    .addHelpText(...example('openndes directory approve corp'))
    .action(async (tenant: string, { config, ...options }: Options) => {
      const loss = options.loss ?? false;
      const [result] = await each({ config, tenant, err }, (_directory, management) =>
        approveDirectory(management, tenant, { loss }),
      );
      if (result?.kind !== 'approved')
        failed(loss ? `${tenant}: no listing was refused` : `${tenant}: nothing waits`, err);
      else
        out(loss ? `${tenant}: the next listing is believed` : `${tenant}: ${counted(result.certificates)} approved`);
    });
}

type Asked = { config: string; tenant: string | undefined; err: Output['err'] };

const each = <T>(
  { config, tenant, err }: Asked,
  work: (directory: TenantDirectory, management: Management<Store>) => Promise<T>,
): Promise<T[]> => {
  const directories = readDirectories(config, tenant);
  return withStore(config, { err }, async (management) => {
    const results: T[] = [];
    for (const directory of directories) results.push(await work(directory, management));
    return results;
  });
};
