/** The upgrade of docs/operations.md: two replicas behind nginx become the next version one after the other, and no device notices. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, start, type Running } from '../interop/kit/children.ts';
import { freePort } from '../kit/ports.ts';
import { startLoad } from '../kit/device-load.ts';
import { nextVersion, THIS, type Version } from '../kit/next-version.ts';
import { startNginx } from '../kit/nginx.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { untilIs } from '../kit/until.ts';
import { atEnd, FOLDER } from '../wiring/files.ts';

const database = await cluster({ version: 15, settings: { fsync: 'off' } });
const next = nextVersion('expands');

/** The folder that `init` made for both, and a configuration for each replica: they differ by their port on this machine. */
async function installation() {
  const folder = join(FOLDER, 'upgrade');
  const password = encodeURIComponent(ROLE.password);
  const url = `postgres://openndes:${password}@127.0.0.1:${database.port}/${await database.database()}`;
  const { code, stderr } = await openndes(THIS, 'init', folder, '--store', url);
  assert.equal(code, 0, stderr);
  const usual = readFileSync(join(folder, 'openndes.yaml'), 'utf8');
  const replica = async (name: string) => {
    const port = await freePort();
    const config = join(folder, `${name}.yaml`);
    const listen = `listen: { host: 127.0.0.1, port: ${port}, trustProxy: [127.0.0.1], drain: 3s, workers: 1 }`;
    writeFileSync(config, usual.replace(/^listen: .*$/m, listen));
    return { config, port };
  };
  const challenge = readFileSync(join(folder, 'challenge.txt'), 'utf8').trim();
  return { challenge, a: await replica('a'), b: await replica('b') };
}

type Replica = { config: string; port: number };

const openndes = ({ bin }: Version, ...args: string[]) => run(process.execPath, [bin, ...args]);

async function serve({ bin }: Version, { config }: Replica): Promise<Running> {
  const running = await start(process.execPath, [bin, 'serve', '--config', config], { ready: /^Ready: / });
  atEnd(async () => void (await running.end('SIGKILL')));
  return running;
}

const readiness = async ({ port }: Replica): Promise<number> => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;

/** SIGTERM: not ready while it drains, and then an end in order. */
async function stop(running: Running, replica: Replica): Promise<void> {
  const ended = running.end('SIGTERM');
  await untilIs(503, () => readiness(replica), 'the status at /readyz');
  assert.equal(await ended, 0);
}

const versions = async (): Promise<object[]> => database.sql('select version, oldest from schema_version', 'd1');

test('two replicas become the next version one after the other, under load, and go back', async () => {
  const { challenge, a, b } = await installation();
  const checked = await openndes(THIS, 'check', '--config', a.config);
  assert.equal(checked.code, 0, checked.stderr);
  const own = await freePort();
  const first = { a: await serve(THIS, a), b: await serve(THIS, b) };
  const nginx = await startNginx({ own, replicas: [a.port, b.port] });
  atEnd(nginx.stop);
  const url = `http://127.0.0.1:${own}/certsrv/mscep/mscep.dll`;
  const load = startLoad({ url, challenge, atOnce: 3 });
  await load.more(10);

  await stop(first.a, a);
  const second = { a: await serve(next, a), b: first.b };
  assert.deepEqual(await versions(), [{ version: next.schema, oldest: THIS.schema }]);
  assert.deepEqual([await readiness(a), await readiness(b)], [200, 200]);
  // Both versions serve.
  await load.more(10);
  await stop(second.b, b);
  const third = { a: second.a, b: await serve(next, b) };
  await load.more(10);

  // The way back, of one.
  await stop(third.b, b);
  const fourth = await serve(THIS, b);
  assert.match(fourth.written.stderr, /a newer version of openndes has extended it/);
  await load.more(10);
  await load.end();

  assert.deepEqual(load.faults, []);
  // Nothing was written beside the CA: the folder may be read only.
  assert.ok(!readdirSync(join(FOLDER, 'upgrade', 'certs')).includes('ra.pem'));
  const { stdout } = await openndes(next, 'certs', 'list', '--limit', '10000', '--json', '--config', a.config);
  const listed = JSON.parse(stdout) as { subject: string; serial: string; state: string }[];
  const expected = [...load.certificates].map(([subject, serial]) => ({ subject, serial, state: 'delivered' }));
  const bySubject = (x: { subject: string }, y: { subject: string }): number => x.subject.localeCompare(y.subject);
  assert.deepEqual(
    listed.map(({ subject, serial, state }) => ({ subject, serial, state })).toSorted(bySubject),
    expected.toSorted(bySubject),
  );
  assert.equal(await fourth.end('SIGTERM'), 0);
  assert.equal(await third.a.end('SIGTERM'), 0);
});
