/** A thousand users get keys for encryption while Graph throttles; two officers recover each key in escrow, and no one officer does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPkcs12 } from '../../src/keys/pkcs12/pkcs12.ts';
import { openEscrow, openShare } from '../../src/pfx/escrow.ts';
import { readEscrow } from '../../src/pfx/escrow-text.ts';
import { makeUserKeys } from '../../src/pfx/make-user-keys.ts';
import { reconcileUserKeys } from '../../src/pfx/follow-user-keys.ts';
import { rsaKey } from '../kit/keys.ts';
import { keysUnderTest, wantedKey } from './keys-under-test.ts';

const USERS = 1000;
const { signal } = new AbortController();

test('a thousand users get their keys through a Graph that throttles, and each is recovered by two officers alone', async (t) => {
  const keys = await keysUnderTest(t);
  const names = Array.from({ length: USERS }, (_, index) => `user-${index}@contoso.example`);
  keys.simulator.directory.addUsers({ users: names.map((name) => ({ userPrincipalName: name, mail: name })) });
  for (const userPrincipalName of names) await keys.store.addUserKey(wantedKey(keys, { userPrincipalName }));
  keys.simulator.limit.set({ requests: 50, seconds: 1 });
  assert.deepEqual(await makeUserKeys(keys.services, signal), { imported: USERS, failed: 0, later: 0 });
  assert.ok(keys.simulator.calls().some(({ status }) => status === 429));

  const imports = keys.simulator.imported.list();
  assert.equal(new Set(imports.map(({ userPrincipalName }) => userPrincipalName)).size, USERS);
  const certificates = await keys.store.listCertificates({ state: 'delivered' });
  assert.deepEqual(
    certificates.map(({ thumbprint }) => thumbprint.toLowerCase()).toSorted(),
    imports.map(({ thumbprint }) => thumbprint).toSorted(),
  );
  const { same, unknown, missing } = await reconcileUserKeys(keys.services, signal);
  assert.deepEqual([same, unknown, missing], [USERS, [], []]);

  for (const { id, escrow: text = '' } of await keys.store.listUserKeys({})) {
    const escrow = readEscrow(text, id);
    const [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => openShare(escrow, rsaKey(name))));
    for (const one of [[alice!], [bob!], [alice!, alice!]]) assert.throws(() => openEscrow(escrow, one));
    const { file, password } = openEscrow(escrow, [alice!, bob!]);
    assert.equal(readPkcs12(file, id, password).certificates.length, 2);
  }
});
