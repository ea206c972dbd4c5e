/** The compose files, by the parser that docker compose has. No engine is asked. `npm run deploy`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { init } from '../../src/cli/installation.ts';

const DOCKER = join(import.meta.dirname, '..', '..', 'docker');
/** `go install github.com/compose-spec/compose-go/v2/cmd`. */
const PARSER = join(import.meta.dirname, 'target', 'bin', 'cmd');

const read = (name: string): string => readFileSync(join(DOCKER, name), 'utf8');

type Service = {
  networks: Record<string, { ipv4_address?: string } | null>;
  read_only?: boolean;
  cap_drop?: string[];
  stop_grace_period?: string;
  volumes: { source: string; target: string; read_only?: boolean }[];
  secrets?: { source: string }[];
  command?: string[];
};
type Model = { services: Record<string, Service>; networks: Record<string, { internal?: boolean }> };

/** What docker compose would make of this text. */
function parsed(t: TestContext, text: string): { error: string; model: Model } {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-compose-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, text);
  const { status, stdout, stderr, error } = spawnSync(PARSER, [file], { encoding: 'utf8' });
  if (error) throw new Error(`${PARSER} cannot be run: .ci/run installs it`, { cause: error });
  return { error: status === 0 ? '' : stderr, model: parse(stdout) as Model };
}

for (const name of ['compose.yaml', 'compose.replicas.yaml'])
  test(`${name}: the parser of docker compose takes it, and not with a key that it does not know`, (t) => {
    assert.equal(parsed(t, read(name)).error, '');
    assert.match(parsed(t, read(name).replace('stop_grace_period', 'stop_grace_time')).error, /stop_grace_time/);
  });

const replicas = (t: TestContext): Model => parsed(t, read('compose.replicas.yaml')).model;
const NAMES = ['openndes-a', 'openndes-b'];

/** The value of a directive of nginx. */
const directive = (name: string): string =>
  new RegExp(`^\\s*${name} (.*);$`, 'm').exec(read('nginx.conf'))?.[1] ?? 'none';

/** The configuration that the comment of the file describes. */
async function configuration(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-compose-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [, store = ''] = /--store "(\S+)"/.exec(read('compose.replicas.yaml')) ?? [];
  await init(folder, { key: 'p256', organisation: 'Test', store: store.replace('$PASSWORD', 'a-password') });
  const file = join(folder, 'openndes.yaml');
  const [, listen = ''] = /^# +(listen: .*)$/m.exec(read('compose.replicas.yaml')) ?? [];
  const text = readFileSync(file, 'utf8').replace(/^listen: .*$/m, listen);
  return loadConfig({ file, text, env: {}, readFile: (path) => readFileSync(path, 'utf8') }).config;
}

test('both replicas are replicas: the same folder, read only, and a database with a secretsKey', async (t) => {
  const { services } = replicas(t);
  for (const name of NAMES) {
    const { volumes, read_only, cap_drop } = services[name]!;
    assert.deepEqual([read_only, cap_drop], [true, ['ALL']]);
    assert.deepEqual(
      volumes.map(({ target, read_only }) => [target, read_only]),
      [['/config', true]],
    );
  }
  const { store } = await configuration(t);
  assert.ok(store.kind === 'postgres' && store.secretsKeys?.length === 1);
  assert.deepEqual([store.place.hosts, store.place.tls], [[{ host: 'db', port: 5432 }], undefined]);
});

test('the database takes the connections of both replicas on 28 cores', (t) => {
  const { command } = replicas(t).services['db']!;
  assert.deepEqual(command, ['postgres', '-c', 'max_connections=300']);
  const [, most] = command.at(-1)!.split('=');
  // PostgreSQL keeps three for its administrators.
  assert.ok(NAMES.length * (7 + 5 * 28) <= Number(most) - 3);
});

test('nginx asks the replicas by their addresses, and they take the address of the client from it alone', async (t) => {
  const { services, networks } = replicas(t);
  const address = (name: string) => services[name]?.networks['front']?.ipv4_address;
  const asked = [...read('nginx.conf').matchAll(/^ +server (\S+):8080 /gm)].map(([, host]) => host);
  assert.deepEqual(asked, NAMES.map(address));
  const { listen } = await configuration(t);
  assert.deepEqual(listen.trustProxy, [address('nginx')]);
  // Only the replicas reach the database.
  assert.equal(networks['database']?.internal, true);
  assert.deepEqual(Object.keys(services['db']!.networks), ['database']);
  assert.deepEqual(Object.keys(services['nginx']!.networks), ['front']);
});

test('nginx is as patient as openndes, and Docker longer than a stop', async (t) => {
  const { listen } = await configuration(t);
  const seconds = (text: string): number => Number.parseInt(text, 10) * 1_000;
  assert.ok(seconds(directive('proxy_read_timeout')) > listen.answerWithin + 55_000);
  assert.equal(Number.parseInt(directive('client_max_body_size'), 10) * 1024, listen.bodyLimit);
  // A replica that was started again is in use before the next one refuses connections.
  const [, pause = ''] = /fail_timeout=(\d+)s/.exec(read('nginx.conf')) ?? [];
  assert.ok(seconds(pause) < listen.drain);
  for (const name of NAMES) {
    const { stop_grace_period: period = '' } = replicas(t).services[name]!;
    const [, minutes = '0', rest = '0'] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(period) ?? [];
    assert.ok(Number(minutes) * 60_000 + seconds(rest) > listen.drain + listen.grace, period);
  }
});
