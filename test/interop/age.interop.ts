/** Debian's age opens our archives, and we open one that it encrypted. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installed, run } from '../app/installation.ts';

test('age decrypts a backup for a key of age-keygen, tar lists it, and a restore opens what age encrypted', async (t) => {
  const { cli, folder } = await installed(t);
  const key = join(folder, 'backup.key');
  execFileSync('age-keygen', ['-o', key], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', key]).toString().trim();
  const archive = join(folder, 'backup.tar.age');
  assert.equal((await cli('backup', '--recipient', recipient, archive)).code, 0);

  const clear = join(folder, 'clear.tar');
  execFileSync('age', ['--decrypt', '--identity', key, '--output', clear, archive]);
  const names = execFileSync('tar', ['-tf', clear]).toString().trim().split('\n');
  assert.ok(names.includes('certs/issuing-ca.key.pem') && names.includes('MANIFEST.json'), names.join());
  assert.equal((await run('backup', 'verify', clear)).code, 0);

  const theirs = join(folder, 'theirs.age');
  execFileSync('age', ['--recipient', recipient, '--output', theirs, clear]);
  const target = join(folder, 'restored');
  assert.equal((await run('restore', '--identity', key, theirs, target)).code, 0);
  for (const name of ['certs/issuing-ca.key.pem', 'openndes.yaml'])
    assert.deepEqual(readFileSync(join(target, name)), readFileSync(join(folder, name)), name);
});
