/** `openndes check` compares the endpoints of the configuration with those in the store. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installed } from '../app/installation.ts';

test('check warns of an endpoint that has records and is not configured, until a name keeps them', async (t) => {
  const { folder, config, challenge, cli, started } = await installed(t);
  const store = join(folder, 'openndes.db');
  assert.deepEqual([(await cli('check')).err, existsSync(store)], ['', false]);

  const { url, close } = await started();
  const { main } = await import('../../src/cli/main.ts');
  const quiet = { out: () => {}, err: () => {} };
  const enroll = ['enroll', url, '--subject', 'CN=laptop', '--challenge', challenge, '--out', join(folder, 'laptop')];
  assert.equal(await main(enroll, quiet), 0);
  await close();
  assert.equal((await cli('check')).err, '');

  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replaceAll('/certsrv/mscep/mscep.dll', '/scep/moved'));
  assert.equal(
    (await cli('check')).err,
    'warning: the store has records of the endpoint /certsrv/mscep/mscep.dll, which is not configured: its certificates ' +
      'cannot renew, and its requests and notifications wait. If its path was changed, write ' +
      '`name: /certsrv/mscep/mscep.dll` at the endpoint in its place.',
  );

  writeFileSync(
    config,
    text.replace('path: /certsrv/mscep/mscep.dll', 'path: /scep/moved\n    name: /certsrv/mscep/mscep.dll'),
  );
  const { code, err } = await cli('check');
  assert.deepEqual([code, err], [0, '']);
});

test('check says which store cannot be read and what to do, with exit 78', async (t) => {
  const { folder, cli } = await installed(t);
  const store = join(folder, 'openndes.db');
  writeFileSync(store, 'this is a text and no database'.repeat(100), { mode: 0o600 });
  const { code, err } = await cli('check');
  assert.equal(code, 78);
  assert.match(err, /store: .*openndes\.db cannot be used: file is not a database/);
  assert.match(err, /not a SQLite database/);
});
