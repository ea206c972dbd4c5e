/** `store migrate`: what it refuses before a database is asked. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installed } from '../app/installation.ts';

const TO = ['--to', 'postgres://openndes@127.0.0.1:1/x'];
/** Names no file that is there. */
const UNKNOWN = ['--to-config', '/nowhere/new.yaml'];

test('the database is named once, by --to or by --to-config', async (t) => {
  const { cli } = await installed(t);
  for (const options of [[], [...TO, ...UNKNOWN], ['--password-file', 'x'], [...UNKNOWN, '--secrets-key-file', 'x']]) {
    const { code, out, err } = await cli('store', 'migrate', ...options);
    assert.deepEqual({ code, out }, { code: 78, out: '' }, options.join(' '));
    assert.match(
      err,
      /^store migrate: name the database once\nWrite `--to URL`, with options for its files; or `--to-config FILE`/,
    );
  }
});

test('a URL that is none, and a file that is not there, are errors of the configuration without the URL in them', async (t) => {
  const { cli } = await installed(t);
  const mysql = await cli('store', 'migrate', '--to', 'mysql://ada:secret@db/x');
  assert.equal(mysql.code, 78);
  assert.match(mysql.err, /--to:\d+:\d+ store/);
  assert.doesNotMatch(mysql.err, /secret@/);
  const missing = await cli('store', 'migrate', ...TO, '--password-file', '/nowhere/db.password');
  assert.equal(missing.code, 78);
  assert.match(missing.err, /\/nowhere\/db\.password/);
});

test('a target that is a file, a source that is a database, and a store that is not there', async (t) => {
  const { cli, config, folder } = await installed(t);
  const other = join(folder, 'other.yaml');
  writeFileSync(other, 'store: sqlite:./other.db\n', { mode: 0o600 });
  assert.match(
    (await cli('store', 'migrate', '--to-config', other)).err,
    /^store migrate: the target is no PostgreSQL database\nName one: /,
  );
  assert.deepEqual(await cli('store', 'migrate', ...TO), {
    code: 78,
    out: '',
    err:
      `store: there is no store at ${folder}/openndes.db\n` +
      'There is nothing to copy: write the new `store` section into the configuration, and start `openndes serve`.',
  });
  writeFileSync(config, 'store: postgres://openndes@127.0.0.1:1/x\n');
  assert.match(
    (await cli('store', 'migrate', ...TO)).err,
    /^store migrate: the store of the configuration is a PostgreSQL database already\n/,
  );
});

test('a database that does not answer: exit 78, and the SQLite store can be used again', async (t) => {
  const { cli, started } = await installed(t);
  await (await started()).close();
  const { code, err } = await cli('store', 'migrate', ...TO);
  assert.equal(code, 78);
  assert.match(
    err,
    /^store: postgres:\/\/openndes@127\.0\.0\.1:1\/x cannot be used: nothing accepts connections there\n/,
  );
  await (await started()).close();
});
