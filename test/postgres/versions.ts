/** This version and the next one on one database, under load: a schema that was only extended is served by both. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, start, type Running } from '../interop/kit/children.ts';
import { startLoad } from '../kit/device-load.ts';
import { nextVersion, THIS, type Version } from '../kit/next-version.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { until } from '../kit/until.ts';
import { atEnd, file } from '../wiring/files.ts';
import { CHALLENGE, configured } from '../wiring/server.ts';

const server = await cluster({ version: 15, settings: { fsync: 'off' } });
const expanding = nextVersion('expands');
const contracting = nextVersion('contracts');

/** A configuration on a new database. */
async function newConfig(): Promise<{ config: string; database: string }> {
  const database = await server.database();
  const password = file(`${database}.password`, ROLE.password);
  const store = { url: `postgres://openndes@127.0.0.1:${server.port}/${database}`, password: `\${file:${password}}` };
  return { config: configured({ store }), database };
}

async function serve({ bin }: Version, config: string): Promise<Running> {
  const running = await start(process.execPath, [bin, 'serve', '--config', config], { ready: /^Ready: / });
  atEnd(async () => void (await running.end('SIGKILL')));
  return running;
}

const command = ({ bin }: Version, config: string, ...args: string[]) =>
  run(process.execPath, [bin, ...args, '--config', config]);

const urlOf = ({ line }: Running): string => line.split(' ')[1]!;

/** The number of the schema. */
async function schemaOf(database: string): Promise<number> {
  const [row] = await server.sql<{ version: number }>('select version from schema_version', database);
  return row?.version ?? 0;
}

/** Resolves when there is such a lock. */
async function untilLocked(database: string, lock: string): Promise<void> {
  const locks = () => server.sql(`select 1 from pg_locks where ${lock}`, database);
  await until(async () => (await locks()).length > 0, `a lock with ${lock}`);
}

/** Each device of the load has exactly the certificate that it was given. */
async function assertKept(version: Version, config: string, certificates: ReadonlyMap<string, string>): Promise<void> {
  const { code, stdout, stderr } = await command(version, config, 'certs', 'list', '--limit', '10000', '--json');
  assert.equal(code, 0, stderr);
  const listed = (JSON.parse(stdout) as { subject: string; serial: string }[]).map(
    ({ subject, serial }) => [subject, serial] as const,
  );
  assert.deepEqual(listed.toSorted(), [...certificates].toSorted());
}

test('the next version extends the schema under the load of this one, and no device notices', async () => {
  const { config, database } = await newConfig();
  const running = await serve(THIS, config);
  const load = startLoad({ url: urlOf(running), challenge: CHALLENGE, atOnce: 4 });
  await load.more(30);
  assert.equal((await command(expanding, config, 'certs', 'list')).code, 0);
  assert.equal(await schemaOf(database), expanding.schema);
  await load.more(30);
  await load.end();
  assert.deepEqual([load.faults, load.told], [[], 0]);
  assert.equal(await running.end('SIGTERM'), 0);
  await assertKept(expanding, config, load.certificates);
});

test('this version starts on a schema that the next one has extended, says so, and serves', async () => {
  const { config, database } = await newConfig();
  assert.equal((await command(expanding, config, 'certs', 'list')).code, 0);
  const running = await serve(THIS, config);
  const load = startLoad({ url: urlOf(running), challenge: CHALLENGE, atOnce: 2 });
  await load.more(5);
  await load.end();
  assert.deepEqual(load.faults, []);
  const { stderr } = running.written;
  assert.match(stderr, /a newer version of openndes has extended it \(schema \d+; this one knows \d+\)/);
  assert.equal(await running.end('SIGTERM'), 0);
  assert.equal(await schemaOf(database), expanding.schema);
  await assertKept(THIS, config, load.certificates);
});

test('this version does not start on a schema that the next one has changed', async () => {
  const { config, database } = await newConfig();
  assert.equal((await command(contracting, config, 'certs', 'list')).code, 0);
  const { code, stderr } = await command(THIS, config, 'serve');
  assert.equal(code, 78);
  assert.match(
    stderr,
    /was written by a newer version of openndes \(schema \d+; this one knows \d+\)\nStart the newer/,
  );
  assert.equal(await schemaOf(database), contracting.schema);
});

test('a table that another program has locked: the migration lets requests pass, and is done when the lock is gone', async () => {
  const { config, database } = await newConfig();
  const running = await serve(THIS, config);
  const load = startLoad({ url: urlOf(running), challenge: CHALLENGE, atOnce: 2 });
  await load.more(5);
  // As pg_dump holds it.
  const backup = assert.rejects(
    server.sql('begin; lock table certificates in access share mode; select pg_sleep(90)', database),
    /canceling statement due to user request/,
  );
  await untilLocked(database, "mode = 'AccessShareLock' and granted and relation = 'certificates'::regclass");
  const migrating = command(expanding, config, 'certs', 'list');
  // It waits for the lock for two seconds, gives way, and tries again five seconds later.
  await untilLocked(database, "mode = 'AccessExclusiveLock' and not granted");
  await load.more(10);
  assert.equal(await schemaOf(database), THIS.schema);
  await server.sql("select pg_cancel_backend(pid) from pg_stat_activity where query like '%pg_sleep(90)'");
  await backup;
  const { code, stderr } = await migrating;
  assert.equal(code, 0, stderr);
  assert.equal(await schemaOf(database), expanding.schema);
  await load.more(5);
  await load.end();
  assert.deepEqual(load.faults, []);
  assert.equal(await running.end('SIGTERM'), 0);
});
