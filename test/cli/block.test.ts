/** `openndes block`, and `certs revoke --block`, beside a running server. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { installed, rows, run } from '../app/installation.ts';

test('block: add, list and remove, with the administrator in the history', async (t) => {
  const { cli, config } = await installed(t);
  await (await openConfiguredStore(config)).close();
  assert.deepEqual(await cli('block', 'list', '--json'), { code: 0, out: '[]', err: '' });
  const added = await cli('block', 'add', 'user:Ada@Example.com', 'device:{5F2C01}', '--comment', 'left');
  assert.deepEqual(added, { code: 0, out: 'blocked: user:ada@example.com\nblocked: device:5f2c01', err: '' });
  assert.equal((await cli('block', 'add', 'user:ada@example.com')).out, 'blocked already: user:ada@example.com');
  const listed = rows(await cli('block', 'list', '--json'));
  assert.deepEqual(
    listed.map(({ name, comment }) => [name, comment]),
    [
      ['device:5f2c01', 'left'],
      ['user:ada@example.com', 'left'],
    ],
  );
  assert.match((await cli('block', 'list')).out, /^NAME +SINCE +BY +COMMENT\ndevice:5f2c01 +\S+ +.+ +left\nuser:/);
  assert.equal((await cli('block', 'add', 'nobody')).code, 1);
  assert.deepEqual(await cli('block', 'remove', 'device:5f2c01', 'key:' + '0'.repeat(64)), {
    code: 1,
    out: 'removed: device:5f2c01',
    err: `not in the list: key:${'0'.repeat(64)}\nSee openndes block list.`,
  });
  const store = await openConfiguredStore(config);
  t.after(() => store.close());
  assert.deepEqual(
    (await store.listAudit({})).map(({ event, detail, source, actor }) => [event, detail, source, actor.kind]),
    [
      ['unblocked', 'device:5f2c01', 'cli', 'person'],
      ['blocked', 'device:5f2c01 (left)', 'cli', 'person'],
      ['blocked', 'user:ada@example.com (left)', 'cli', 'person'],
    ],
  );
});

test('certs revoke --block: the device gets no new certificate, with the same key or another', async (t) => {
  const { cli, folder, challenge, started } = await installed(t);
  const { origin } = await started();
  const enroll = (out: string) =>
    run(
      'enroll',
      `${origin}/certsrv/mscep/mscep.dll`,
      '--subject',
      'CN=laptop',
      '--challenge',
      challenge,
      '--out',
      join(folder, out),
    );
  assert.equal((await enroll('first')).code, 0);
  const [{ serial }] = rows(await cli('certs', 'list', '--json')) as [{ serial: string }];
  const revoked = await cli('certs', 'revoke', serial, '--block');
  assert.equal(revoked.code, 0);
  assert.match(
    revoked.out,
    /^blocked key:[0-9a-f]{64}\nblocked serial:[0-9a-f]{64}\/[0-9a-f]+\nblocked subject:cn=laptop\nrevoked \S+ \(CN=laptop\): unspecified$/,
  );
  assert.equal((await enroll('second')).code, 2);
  const again = await cli('certs', 'revoke', serial, '--block');
  assert.deepEqual([again.code, again.out], [1, '']);
  assert.equal((await cli('block', 'remove', 'subject:CN=laptop')).code, 0);
  assert.equal((await enroll('third')).code, 0);
});
