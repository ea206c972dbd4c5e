/**
 * Pages and counts of operators where there are many certificates, of two years, on SQLite: `npm run bench -- search [ROWS]`, a million
 * when absent. Each line: the first page, the second, the counts by state (medians of five), then how many rows and what was counted.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { certificateFor, client } from '../kit/pki.ts';
import { sqliteFillOf } from './search-fill.ts';
import { queriesAt, timesOf } from './search-queries.ts';

const ROUNDS = 5;
const NOW = new Date('2026-03-01T12:00:00Z');

const { spki } = readCertificate(client.certificate);
const der = Buffer.from(await certificateFor(spki, { subject: nameFromText('CN=stored-1,O=Contoso') })).toString('hex');
const rows = Number(process.argv.find((each) => /^[0-9]+$/.test(each)) ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), 'openndes-search-'));
const path = join(folder, 'store.db');
const open = () => openSqliteStore({ path, clock: () => NOW });
try {
  await (await open()).close();
  const database = new DatabaseSync(path);
  database.exec('pragma synchronous = off; pragma journal_mode = off; pragma cache_size = -400000');
  for (const text of sqliteFillOf(rows, { end: NOW.getTime(), der })) database.exec(text);
  database.close();
  console.log(
    `${rows} certificates, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`,
  );
  const store = await open();
  for (const [name, query] of Object.entries(queriesAt(NOW)))
    console.log(`${name}: ${await timesOf(store, { ...query, now: NOW }, ROUNDS)}`);
  await store.close();
} finally {
  rmSync(folder, { recursive: true });
}
