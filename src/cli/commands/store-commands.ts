/** `openndes store`: the store as a whole. Works whether the server runs or not. */
import type { Command } from 'commander';
import { examineStore } from '../../app/configured-store.ts';
import type { StoreFault } from '../../core/store-faults.ts';
import { EXIT, Exit } from '../exit.ts';
import { CONFIG, example } from '../options.ts';
import { counted, jsonText, type Output, printable } from '../output.ts';
import { noStore } from './certs-store.ts';
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
  registerMigrate(group, output);
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
