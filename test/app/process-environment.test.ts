/** An environment that would take protection away from the process stops the commands that rely on it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { installed, run } from './installation.ts';

test('serve, check and enroll refuse NODE_TLS_REJECT_UNAUTHORIZED=0', async (t) => {
  const { folder, config, cli } = await installed(t);
  assert.equal((await cli('check')).code, 0);

  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  t.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
  const refused = {
    code: 78,
    out: '',
    err:
      'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: it switches off the check of TLS certificates in this process\n' +
      'Remove it from the environment of openndes. Where a proxy opens TLS, give its CA as `trustCa`.',
  };
  assert.deepEqual(await cli('check'), refused);
  const out = join(folder, 'laptop');
  assert.deepEqual(await run('enroll', 'https://127.0.0.1:1/scep', '--subject', 'CN=laptop', '--out', out), refused);
  await assert.rejects(startServer(config, { logLevel: 'silent', workers: 1 }), {
    name: 'ConfigError',
    message: 'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: it switches off the check of TLS certificates in this process',
  });
});
