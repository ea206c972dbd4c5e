/** `openndes init --store`: the configuration of a server on PostgreSQL, and the secrets that belong to it. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readConfig } from '../../src/app/configuration-file.ts';
import { run } from '../app/installation.ts';

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-init-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'new');
}

test('init --store writes a random secretsKey and the password into files of mode 0600, and neither into the configuration', async (t) => {
  const [one, other] = [newFolder(t), newFolder(t)];
  for (const folder of [one, other])
    assert.equal((await run('init', folder, '--store', 'postgres://ada:p%40ss@db.example.com/devices')).code, 0);
  for (const name of ['secrets.key', 'db.password']) assert.equal(statSync(join(one, name)).mode & 0o777, 0o600, name);
  assert.equal(readFileSync(join(one, 'db.password'), 'utf8'), 'p@ss\n');
  assert.doesNotMatch(readFileSync(join(one, 'openndes.yaml'), 'utf8'), /p(@|%40)ss/);
  const [key, otherKey] = [one, other].map((folder) => readFileSync(join(folder, 'secrets.key'), 'utf8'));
  assert.match(key ?? '', /^[A-Za-z0-9+/]{43}=\n$/);
  assert.notEqual(key, otherKey);
  const { store } = readConfig(join(one, 'openndes.yaml')).config;
  assert.deepEqual(store, {
    kind: 'postgres',
    place: {
      hosts: [{ host: 'db.example.com', port: 5432 }],
      database: 'devices',
      user: 'ada',
      tls: {},
    },
    password: 'p@ss',
    secretsKeys: [new Uint8Array(Buffer.from(key ?? '', 'base64'))],
  });
});

test('init --store refuses what is no URL of a PostgreSQL database, and writes nothing', async (t) => {
  const folder = newFolder(t);
  const { code, err } = await run('init', folder, '--store', 'mysql://db/devices');
  assert.equal(code, 78);
  assert.match(err, /^--store: not the URL of a PostgreSQL database/);
  assert.equal(existsSync(folder), false);
});
