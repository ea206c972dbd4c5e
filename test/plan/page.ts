/** The tables of docs/scaling.md. */
import { capacitiesFor, playedBurst } from './bursts.ts';
import { COSTS } from './costs.ts';
import { DEFAULTS, type Fleet, needsOf } from './needs.ts';
import { count, size, time } from './words.ts';

const HOUR = 3600;
const fleet = (devices: number, burst: number): Fleet => ({ ...DEFAULTS, devices, lifetime: 365, burst });
const FLEETS: readonly Fleet[] = [fleet(1e4, HOUR), fleet(1e6, HOUR), fleet(1e8, 24 * HOUR), fleet(1e8, HOUR)];

const sqliteCell = (octets: number | undefined): string =>
  octets === undefined ? 'not enough' : `enough, ${size(octets)} a year`;

/** Heading of a row, and its cell for each fleet. */
const ROWS: readonly [string, (fleet: Fleet) => string][] = [
  ['devices', ({ devices }) => count(devices)],
  ['all of them within', ({ burst }) => time(burst)],
  ['enrolments a second in the burst', (one) => count(needsOf(one).arrival)],
  ['on average', (one) => count(needsOf(one).steady)],
  ['cores of the servers', (one) => count(needsOf(one).cores)],
  ['replicas × `listen.workers`', (one) => `${needsOf(one).replicas} × ${needsOf(one).threads}`],
  ['memory of a replica', (one) => `${needsOf(one).memory} MB`],
  ['cores of the database', (one) => count(needsOf(one).databaseCores)],
  ['connections', (one) => count(needsOf(one).connections)],
  ['transactions that wait for the disk', (one) => count(needsOf(one).committing)],
  ['disk, a year', (one) => size(needsOf(one).stored)],
  ['log of PostgreSQL a day', (one) => size(needsOf(one).walPerDay)],
  ['log of PostgreSQL in the burst, a second', (one) => size(needsOf(one).walRate)],
  ['revocation list, 1 % revoked', (one) => size(needsOf(one).crl)],
  ['CPU to make the list', (one) => time(needsOf(one).crlCpu)],
  ['one server on SQLite', (one) => sqliteCell(needsOf(one).sqlite)],
];

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (heads: readonly string[], rows: readonly string[][]): string =>
  [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');

const needsTable = (): string => {
  const [heads, ...rows] = ROWS.map(([name, cell]) => [name, ...FLEETS.map(cell)]);
  return table(heads!, rows);
};

const settingsTable = (): string => {
  const settings = FLEETS.map((one) => needsOf(one).settings);
  const names = Object.keys(settings[0]!);
  const heads = ['setting', ...FLEETS.map(({ devices, burst }) => `${count(devices)}, ${time(burst)}`)];
  return table(
    heads,
    names.map((name) => [`\`${name}\``, ...settings.map((each) => each[name]!)]),
  );
};

const burstTable = (): string => {
  const one = FLEETS[1]!;
  const heads = ['capacity, a second', 'last certificate after', 'p50 of a device', 'p99', '503 for each device'];
  const rows = capacitiesFor(needsOf(one)).map((each) => {
    const { capacity, seconds, until, refused } = playedBurst(one, each);
    return [count(capacity), ...[seconds, until.p50, until.p99].map(time), count(refused)];
  });
  return table(heads, rows);
};

const costsTable = (): string =>
  table(
    ['cost', 'value', 'from'],
    Object.entries(COSTS).map(([name, { value, unit, from }]) => [name, `${value} ${unit}`.trim(), from]),
  );

/** By the name in their marks. */
export const TABLES: Readonly<Record<string, () => string>> = {
  needs: needsTable,
  settings: settingsTable,
  burst: burstTable,
  costs: costsTable,
};

/** The page with its tables computed again; each stands between two marks. Throws when a mark is missing. */
export function withTables(page: string): string {
  return Object.entries(TABLES).reduce((text, [name, make]) => {
    const marked = new RegExp(`(<!-- plan: ${name} -->\n)[^]*?(\n<!-- end -->)`);
    if (!marked.test(text)) throw new Error(`docs/scaling.md has no place for the table ${name}`);
    return text.replace(marked, (_, begin: string, end: string) => `${begin}\n${make()}\n${end}`);
  }, page);
}
