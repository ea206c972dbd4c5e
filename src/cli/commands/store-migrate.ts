/** `openndes store migrate`: from SQLite to PostgreSQL. */
import type { Command } from 'commander';
import { readSections, readStoreText } from '../../app/configuration-file.ts';
import { type MovedInstallation, moveInstallation } from '../../app/moved-store.ts';
import { ConfigError } from '../../core/errors.ts';
import type { MoveProgress } from '../../core/store-move.ts';
import { EXIT, Exit } from '../exit.ts';
import { type TargetOptions, targetSection, textOfTarget } from '../migration-target.ts';
import { CONFIG, example } from '../options.ts';
import { counted, jsonText, type Output, printable } from '../output.ts';

/** Registers the command. */
export function registerMigrate(group: Command, output: Output): void {
  group
    .command('migrate')
    .description(
      'copy an SQLite store into an empty PostgreSQL database, and compare both row by row; stop the server first; the SQLite file stays as it is; a run that was interrupted goes on; exit 1 when the copy is not the same',
    )
    .option(...CONFIG)
    .option('--to <url>', 'the database, as `store.url` has it')
    .option('--password-file <file>', 'with --to: the password of its user')
    .option('--secrets-key-file <file>', 'with --to: `store.secretsKey`, which seals what can hold a challenge')
    .option('--sslrootcert <file>', 'with --to: the root certificate of the database server, PEM')
    .option('--to-config <file>', 'instead of --to: a configuration whose `store` section names the database')
    .option('--json', 'one JSON object: the rows and SHA-256 of each table in both, and how long it took')
    .addHelpText(...example('openndes store migrate --to-config new.yaml'))
    .action((options: MigrateOptions) => migrate(options, output));
}

type MigrateOptions = TargetOptions & { config: string; toConfig?: string; json?: true };

async function migrate({ config, json, toConfig, ...target }: MigrateOptions, { out, err }: Output): Promise<void> {
  const moved = await moveInstallation(config, targetStore(target, toConfig), slowly(err));
  const isSame = moved.differences.length === 0;
  if (json) out(jsonText(moved));
  else {
    out(summary(moved));
    if (isSame) out(nextSteps({ config, toConfig, path: moved.path, target }));
  }
  if (isSame) return;
  for (const difference of moved.differences) err(printable(difference));
  err(
    'The copy is not the same as the SQLite file: do not start a server on it. Make the database anew, and copy again.',
  );
  throw new Exit(EXIT.failed);
}

/** Throws ConfigError. */
function targetStore({ to, ...files }: TargetOptions, toConfig: string | undefined) {
  if (toConfig !== undefined && to === undefined && Object.keys(files).length === 0)
    return readSections(toConfig, ['store']).store;
  if (toConfig === undefined && to !== undefined) return readStoreText('--to', textOfTarget({ to, ...files })).store;
  throw new ConfigError(
    'store migrate: name the database once',
    'Write `--to URL`, with options for its files; or `--to-config FILE` alone, for a configuration whose `store` section names it.',
  );
}

const STEPS: Readonly<Record<MoveProgress['step'], string>> = {
  compare: 'looked at',
  copy: 'copied',
  verify: 'compared',
};

/** Milliseconds between two lines about the progress. */
const EVERY = 2_000;

/** A line from time to time. */
function slowly(err: Output['err']): (progress: MoveProgress) => void {
  let last = performance.now();
  return ({ step, table, rows }) => {
    if (performance.now() - last < EVERY) return;
    last = performance.now();
    err(`${table}: ${counted(rows)} rows ${STEPS[step]}`);
  };
}

function summary({ tables, seconds }: MovedInstallation): string {
  const [rows, copied] = [sum(tables.map((each) => each.rows)), sum(tables.map((each) => each.copied))];
  const number = tables.find(({ table }) => table === 'certificates')?.copied ?? 0;
  if (copied === 0) return `Nothing was left to copy: ${counted(rows)} rows were compared.`;
  return (
    `${counted(copied)} of ${counted(rows)} rows were copied in ${seconds.toFixed(1)} s` +
    ` (${counted(Math.round(number / seconds))} certificates a second).`
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

type Next = { config: string; toConfig: string | undefined; path: string; target: TargetOptions };

const nextSteps = ({ config, toConfig = '', path, target: { to, ...target } }: Next): string =>
  [
    'Every row of the database is the same as in the SQLite file.',
    to !== undefined
      ? `Write this into ${config} in place of its \`store\`, and start the server:\n${targetSection({ ...target, to })}`
      : `Write the \`store\` section of ${toConfig} into ${config} in place of its own, and start the server.`,
    `${path} is as it was. Start no server on it any more: it does not know what the database gets from now on.`,
  ].join('\n');
