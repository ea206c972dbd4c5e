/** Keys made for people. */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { makeUserKey, privateKeyOctets } from '../../src/keys/user-key.ts';

for (const [name, kind] of [
  ['rsa-2048', { type: 'rsa', bits: 2048 }],
  ['p256', { type: 'ec', bits: 256 }],
] as const)
  test(`a key of the kind ${name} is made, and its octets are those of the key`, async () => {
    const key = await makeUserKey(name);
    assert.deepEqual(key.kind, kind);
    const read = createPrivateKey({ key: privateKeyOctets(key), format: 'der', type: 'pkcs8' });
    assert.deepEqual(createPublicKey(read).export({ format: 'der', type: 'spki' }), Buffer.from(key.spki));
  });

test('two keys are made at once, and who is told to stop while it waits makes none', async () => {
  const first = [makeUserKey('rsa-2048'), makeUserKey('rsa-2048')];
  const stopped = makeUserKey('rsa-2048', AbortSignal.abort(new Error('stopped')));
  await assert.rejects(stopped, { message: 'stopped' });
  const next = makeUserKey('p256');
  assert.deepEqual(
    (await Promise.all([...first, next])).map(({ kind }) => kind.bits),
    [2048, 2048, 256],
  );
});
