/** A started server on PostgreSQL, and the command line beside it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { postgresEngine } from '../../src/store/postgres-engine.ts';
import { run } from '../app/installation.ts';
import { standingOfStore } from '../interop/kit/full-disk.ts';
import { databaseProxy } from '../kit/database-proxy.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { TOKEN } from '../wiring/administrator.ts';
import { until, untilIs } from '../kit/until.ts';
import { certified, forgery } from '../wiring/device.ts';
import { atEnd, file, FOLDER } from '../wiring/files.ts';
import { configured, started, statusAt } from '../wiring/server.ts';

const database = await cluster({ version: 15 });
const CLOSED = '127.0.0.1:1';

const nameIn = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

let count = 0;
/** The settings of a new database, whose password is in a file. */
async function newStore(hosts = `127.0.0.1:${database.port}`) {
  const path = file(`password-${++count}`, ROLE.password);
  return {
    path,
    store: { url: `postgres://openndes@${hosts}/${await database.database()}`, password: `\${file:${path}}` },
  };
}

const untilReadiness = (wanted: number, origin: string): Promise<void> =>
  untilIs(wanted, () => statusAt(`${origin}/readyz`), 'the status at /readyz');

test('while the database is down requests get 503 with Retry-After, and afterwards all is well without a restart', async () => {
  const { store } = await newStore();
  const { url, origin, close } = await started(configured({ store }));
  await certified(url('/plain'));
  await database.stop('immediate');
  await untilReadiness(503, origin);
  const body = Buffer.from(await forgery());
  const refused = await fetch(`${url('/plain')}?operation=PKIOperation`, { method: 'POST', body });
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get('retry-after') ?? 'none', /^\d+$/);
  assert.equal(await statusAt(`${url('/plain')}?operation=GetCACaps`), 200);
  await database.start();
  await untilReadiness(200, origin);
  await certified(url('/plain'));
  await close();
});

test('a password that was changed is used for new connections, without a restart', async (t) => {
  const { store, path } = await newStore();
  const { url, close } = await started(configured({ store }));
  t.after(() => database.sql(`alter role openndes password '${ROLE.password.replaceAll("'", "''")}'`));
  await certified(url('/plain'));
  await database.sql(`alter role openndes password 'another'`);
  writeFileSync(path, 'another');
  await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'openndes'`);
  // A request that meets a terminated connection, or a claim that is not there again, is told to come again.
  const isCertified = () =>
    certified(url('/plain')).then(
      () => true,
      () => false,
    );
  await until(isCertified, 'a certificate by a connection with the new password');
  await close();
});

test('of several hosts the one that runs and takes writes is used', async () => {
  const { store } = await newStore(`${CLOSED},127.0.0.1:${database.port}`);
  store.url += '?target_session_attrs=read-write';
  const { url, close } = await started(configured({ store }));
  await certified(url('/plain'));
  await close();
});

test('with target_session_attrs a server that takes no writes is passed over, also when it is the first host', async () => {
  const standby = await cluster({ version: 15 });
  const { store } = await newStore(`127.0.0.1:${standby.port},127.0.0.1:${database.port}`);
  const name = nameIn(store.url);
  await standby.sql(`create database "${name}" owner openndes`);
  await standby.sql('alter system set default_transaction_read_only = on');
  await standby.sql('select pg_reload_conf()');
  await until(async () => {
    const [row] = await standby.sql<{ default_transaction_read_only: string }>('show default_transaction_read_only');
    return row?.default_transaction_read_only === 'on';
  }, 'the first host takes no writes');
  store.url += '?target_session_attrs=read-write';
  const { url, close } = await started(configured({ store }));
  await certified(url('/plain'));
  const [written] = await database.sql<{ count: number }>('select count(*)::int as count from certificates', name);
  assert.equal(written?.count, 1);
  const tables = await standby.sql("select tablename from pg_tables where schemaname = 'public'", name);
  assert.deepEqual(tables, []);
  await close();
});

test('a second server on the same database does not start, and starts when the first one has stopped', async () => {
  const { store } = await newStore();
  const config = configured({ store });
  const { close } = await started(config);
  const { code, err } = await run('serve', '--config', config);
  assert.equal(code, 78);
  assert.match(err, /belongs to another server that is running\nStop that one first/);
  await close();
  await (await started(config)).close();
});

test('a database that was started again still belongs to the server that runs', async () => {
  const { store } = await newStore();
  const config = configured({ store });
  const { close } = await started(config);
  await database.stop('immediate');
  await database.start();
  const locks = async (): Promise<number> => {
    const [lock] = await database.sql<{ held: number }>(
      `select count(*)::int as held from pg_locks where locktype = 'advisory' and granted`,
    );
    return lock?.held ?? 0;
  };
  await untilIs(1, locks, 'the number of advisory locks');
  assert.match((await run('serve', '--config', config)).err, /belongs to another server that is running/);
  await close();
});

for (const threads of [1, 2])
  test(`a database that another server took during a cut is left to that one until it stops, with threads: ${threads}`, async () => {
    const proxy = await databaseProxy(database.port);
    atEnd(() => proxy.close());
    const { store } = await newStore(`127.0.0.1:${proxy.port}`);
    const reached = store.url.replace(String(proxy.port), String(database.port));
    const first = await started(configured({ store, admin: { port: 0, token: TOKEN } }), threads);
    await certified(first.url('/plain'));
    proxy.down = true;
    proxy.cut();
    let second: Awaited<ReturnType<typeof started>> | undefined;
    await until(async () => {
      second ??= await started(configured({ store: { ...store, url: reached } })).catch(() => undefined);
      return second && (await statusAt(`${second.origin}/readyz`)) === 200;
    }, 'the second server has the database');
    await certified(second!.url('/plain'));
    proxy.down = false;
    const says = async () => /belongs to another server now/.test(await standingOfStore(first));
    await until(says, 'the first server says who has the database');
    const body = Buffer.from(await forgery());
    const ask = () => fetch(`${first.url('/plain')}?operation=PKIOperation`, { method: 'POST', body });
    for (let tries = 0; tries < 20; tries++) {
      assert.equal(await statusAt(`${first.origin}/readyz`), 503);
      assert.equal((await ask()).status, 503);
      await sleep(50);
    }
    await certified(second!.url('/plain'));
    await second!.close();
    await untilReadiness(200, first.origin);
    assert.equal((await ask()).status, 200);
    await first.close();
  });

test('a server that cannot use its database says so in one sentence, and ends with 78', async () => {
  const { store, path } = await newStore();
  writeFileSync(path, 'wrong-secret');
  const wrong = await run('serve', '--config', configured({ store }));
  assert.equal(wrong.code, 78);
  assert.match(
    wrong.err,
    /^store: postgres:\/\/openndes@127\.0\.0\.1:\d+\/d\d+ cannot be used: password authentication failed for user "openndes" \(28P01\)\nCheck the password in `store`, and whether the role exists and may log in\.$/,
  );
  const down = await run('serve', '--config', configured({ store: `postgres://openndes:secret@${CLOSED}/x` }));
  assert.equal(down.code, 78);
  assert.match(down.err, /^store: \S+ cannot be used: nothing accepts connections there\nCheck host and port[^.]+\.$/);
});

/** What an administrator did to the database before the start → what the start says, after the place. */
const REFUSED: Readonly<Record<string, { text: RegExp; before: (name: string) => Promise<unknown> }>> = {
  'the right to make tables is missing': {
    text: /permission denied for schema public \(42501\)\nMake the role the owner: alter database "d\d+" owner to "openndes";$/,
    before: (name) => database.sql(`alter database "${name}" owner to postgres`),
  },
  'the tables belong to another role': {
    text: /permission denied for table schema_version \(42501\)\nMake the role the owner of each table: alter table NAME owner to "openndes"; and restore a dump as this role, with pg_restore --no-owner\.$/,
    before: (name) => database.sql('create table schema_version (id integer, version integer)', name),
  },
  'the tables of an older version belong to another role, and this one may only write into them': {
    text: /must be owner of table \w+ \(42501\)\nMake the role the owner of each table: alter table NAME owner to "openndes";[^\n]*$/,
    before: async (name) => {
      const place = database.place(name);
      const engine = postgresEngine({ place, password: () => ROLE.password, random: Math.random });
      for (const migration of MIGRATIONS.slice(0, 3)) await engine.alone((db) => migration(db, engine.dialect));
      await engine.close();
      await database.sql(
        `create table schema_version (id integer primary key, version integer not null, oldest integer not null default 0);
        insert into schema_version values (1, 3);
        do $$ declare each record; begin
          for each in select tablename from pg_tables where schemaname = 'public' loop
            execute format('alter table %I owner to postgres', each.tablename);
            execute format('grant select, insert, update, delete on %I to openndes', each.tablename);
          end loop;
        end $$`,
        name,
      );
    },
  },
  'the database takes no writes': {
    text: /it takes no writes \(25006\)\nThe server is a standby or read-only: name the one that takes writes\.$/,
    before: (name) => database.sql(`alter database "${name}" set default_transaction_read_only = on`),
  },
};

for (const [what, { text, before }] of Object.entries(REFUSED))
  test(`the start is refused in one sentence, and ends with 78: ${what}`, async () => {
    const { store } = await newStore();
    await before(nameIn(store.url));
    const { code, err } = await run('serve', '--config', configured({ store }));
    assert.equal(code, 78, err);
    assert.match(err, /^store: postgres:\/\/\S+ cannot be used: [^\n]+\n[^\n]+$/);
    assert.match(err, text);
  });

test('a host that accepts connections and never answers is named, and the start ends with 78', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const { code, err } = await run(
    'serve',
    '--config',
    configured({ store: `postgres://openndes:x@127.0.0.1:${port}/x` }),
  );
  silent.close();
  assert.equal(code, 78, err);
  assert.match(
    err,
    /^store: postgres:\/\/openndes@127\.0\.0\.1:\d+\/x cannot be used: the server did not answer in time\nCheck host, port and firewall, and whether the database server runs\.$/,
  );
});

test('a host that is not known is named, and the start ends with 78', async () => {
  const { code, err } = await run('serve', '--config', configured({ store: 'postgres://openndes:x@db.invalid/x' }));
  assert.equal(code, 78, err);
  assert.match(
    err,
    /^store: postgres:\/\/openndes@db\.invalid:5432\/x cannot be used: the name of the host (?:is not known\nCheck the host in the URL of `store`|could not be looked up\nCheck the name server of this machine)\.$/,
  );
});

test('commands read and write the store', async () => {
  const { store } = await newStore();
  const config = configured({ store });
  assert.equal((await run('block', 'add', 'user:ada@example.com', '--config', config)).code, 0);
  assert.match((await run('block', 'list', '--config', config)).out, /ada@example\.com/);
});

test('what init writes for a database is a server that works', async () => {
  const folder = join(FOLDER, 'new');
  const { store } = await newStore();
  const url = store.url.replace('openndes@', `openndes:${encodeURIComponent(ROLE.password)}@`);
  assert.equal((await run('init', folder, '--store', url)).code, 0);
  const config = join(folder, 'openndes.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('port: 8080', 'port: 0'));
  const { urls, close } = await started(config);
  const challenge = readFileSync(join(folder, 'challenge.txt'), 'utf8').trim();
  await certified(urls[0] ?? '', { challenge });
  await close();
  writeFileSync(join(folder, 'secrets.key'), Buffer.alloc(32).toString('base64'));
  const { code, err } = await run('serve', '--config', config);
  assert.equal(code, 78);
  assert.match(err, /`store\.secretsKey` is not the key with which the secrets in \S+ are sealed\n/);
});

/** As on a machine where the package was not installed. */
const WITHOUT_DRIVER = `import { registerHooks } from 'node:module';
registerHooks({ resolve(name, context, next) {
  return next(name === 'postgres' ? 'a-package-that-is-not-installed' : name, context);
} });`;

test('without the package the command that installs it is named, and the exit code is 78', async () => {
  const config = configured({ store: `postgres://openndes@${CLOSED}/x` });
  const main = join(import.meta.dirname, '../../bin/openndes.mjs');
  const hook = `data:text/javascript,${encodeURIComponent(WITHOUT_DRIVER)}`;
  const { code, said } = await new Promise<{ code: unknown; said: string }>((resolve) =>
    execFile(process.execPath, ['--import', hook, main, 'serve', '--config', config], (error, _, said) =>
      resolve({ code: error?.code, said }),
    ),
  );
  assert.equal(code, 78, said);
  assert.match(
    said,
    /PostgreSQL needs the npm package `postgres`, which is not installed\nRun: npm install postgres@3\.4\.9/,
  );
});
