/** `openndes store`: the store as a whole. Works whether the server runs or not. */
import type { Command } from 'commander';
import { examineStore } from '../../app/configured-store.ts';
import type { StoreFault } from '../../core/store-faults.ts';
import { EXIT, Exit } from '../exit.ts';
import { CONFIG, example } from '../options.ts';
import { counted, jsonText, type Output, printable } from '../output.ts';
import { restoredReport } from '../restored-report.ts';
import { voidAfterRestore } from '../../manage/restored-store.ts';
import { noStore, withStore } from './certs-store.ts';
import { registerMigrate } from './store-migrate.ts';

/** Registers the group and its commands. */
export function registerStore(program: Command, output: Output): void {
  const group = program.command('store').description('the store as a whole');
  group
    .command('check')
    .description(
      'whether the store is whole: the file of SQLite, every certificate beside its row, every row beside what it refers to, and on PostgreSQL whether every secret opens; changes nothing; exit 1 when something is wrong',
    )
    .option(...CONFIG)
    .option('--json', 'one JSON object: how many rows each table has, and what is wrong')
    .addHelpText(...example('openndes store check --json'))
    .action((options: CheckOptions) => check(options, output));
  registerAfterRestore(group, output);
  registerMigrate(group, output);
}

function registerAfterRestore(group: Command, { out, err }: Output): void {
  group
    .command('after-restore')
    .description(
      'voids one-time passwords and waiting requests of a store that was restored, has new revocation lists made, and lists what it cannot know; `restore` does this by itself for a file',
    )
    .option(...CONFIG)
    .option('--made-at <time>', 'when the backup was made, for the history')
    .addHelpText(...example('openndes store after-restore --made-at 2027-03-01T03:00:00Z'))
    .action(async ({ config, madeAt }: { config: string; madeAt?: string }) => {
      const from = `backup${madeAt === undefined ? '' : ` of ${madeAt}`}`;
      const done = await withStore(config, { err }, (management) => voidAfterRestore(management, from));
      for (const line of restoredReport(done, madeAt)) out(line);
    });
}

type CheckOptions = { config: string; json?: true };

/** Faults that are printed; the others are counted. A damaged store can have one in each row. */
const MOST = 1_000;

/** `rows` by table. `more`: faults that are not in the list. */
type Report = { rows: Record<string, number>; faults: StoreFault[]; more: number };

async function check({ config, json }: CheckOptions, { out, err }: Output): Promise<void> {
  const report: Report = { rows: {}, faults: [], more: 0 };
  for await (const { table, rows, faults } of examineStore(config, (path) => err(noStore(path)))) {
    report.rows[table] = (report.rows[table] ?? 0) + rows;
    const shown = faults.slice(0, MOST - report.faults.length);
    report.faults.push(...shown);
    report.more += faults.length - shown.length;
    if (!json) for (const fault of shown) out(faultText(fault));
  }
  out(json ? jsonText(report) : summary(report));
  if (report.faults.length > 0) throw new Exit(EXIT.failed);
}

const faultText = ({ row, what, remedy }: StoreFault): string => `${printable(`${row} ${what}`)}. ${remedy}`;

function summary({ rows, faults, more }: Report): string {
  const { file: _file, ...tables } = rows;
  const read = Object.entries(tables).map(([table, number]) => `${table} ${counted(number)}`);
  const looked = read.length > 0 ? ` (${read.join(', ')})` : '';
  const number = faults.length + more;
  if (number === 0) return `The store is in order${looked}.`;
  const left = more > 0 ? `, of which ${counted(more)} are not shown` : '';
  return `${counted(number)} ${number === 1 ? 'thing is' : 'things are'} wrong${left}${looked}.`;
}
