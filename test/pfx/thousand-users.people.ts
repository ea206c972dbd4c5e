/** A thousand users get keys for encryption from a server while Graph throttles; two officers recover each key, and no one officer does. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { systemClock } from '../../src/embed/system.ts';
import { readPkcs12 } from '../../src/keys/pkcs12/pkcs12.ts';
import { openEscrow, openShare } from '../../src/pfx/escrow.ts';
import { readEscrow } from '../../src/pfx/escrow-text.ts';
import { withTenant } from '../app/people-tenant.ts';
import { rsaKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';
import { connectorPem } from './connector-forms.ts';

const USERS = 1000;
const OFFICERS = ['alice', 'bob'];
const SECTION =
  ', people: { tenant: corp, endpoint: people }, escrow: { required: 2, officers: { alice: alice.pem, bob: bob.pem } }';

test('a thousand users get their keys through a Graph that throttles, and each is recovered by two officers alone', async (t) => {
  const { simulator, store, folder, config, cli } = await withTenant(t, SECTION);
  for (const name of OFFICERS)
    writeFileSync(join(folder, `${name}.pem`), connectorPem(createPublicKey(rsaKey(name).privateKey)));
  const names = Array.from({ length: USERS }, (_, index) => `user-${index}@contoso.example`);
  simulator.directory.addUsers({ users: names.map((name) => ({ userPrincipalName: name, mail: name })) });
  writeFileSync(join(folder, 'users.txt'), names.join('\n'));
  // Few at first, so that a slow machine is throttled too.
  simulator.limit.set({ requests: 5, seconds: 1 });
  const server = await startServer(config, { logLevel: 'silent', workers: 1, watchEvery: 200 });
  t.after(() => server.close());

  const at = systemClock();
  for (const [index, userPrincipalName] of names.entries()) {
    const wanted = { tenant: 'corp', userPrincipalName, purpose: 'smimeEncryption', origin: 'made' } as const;
    await store.addUserKey({ ...wanted, id: `key-${index}`, state: 'wanted', at, dueAt: at });
  }
  await until(() => simulator.calls().some(({ status }) => status === 429), 'a call too many');
  simulator.limit.set({ requests: 50, seconds: 1 });
  const states = async () => new Set((await store.listUserKeys({})).map(({ state }) => state));
  await until(async () => [...(await states())].join() === 'imported', 'a thousand imports', {
    every: 1000,
    within: 600_000,
  });

  const imports = simulator.imported.list();
  assert.equal(new Set(imports.map(({ userPrincipalName }) => userPrincipalName)).size, USERS);
  const certificates = await store.listCertificates({ state: 'delivered' });
  assert.deepEqual(
    certificates.map(({ thumbprint }) => thumbprint.toLowerCase()).toSorted(),
    imports.map(({ thumbprint }) => thumbprint).toSorted(),
  );
  await server.close();
  assert.equal((await cli('pfx', 'reconcile')).out, 'the same: 1,000');

  for (const { id, escrow: text = '' } of await store.listUserKeys({})) {
    const escrow = readEscrow(text, id);
    const [alice, bob] = await Promise.all(OFFICERS.map((name) => openShare(escrow, rsaKey(name))));
    for (const one of [[alice!], [bob!], [alice!, alice!]]) assert.throws(() => openEscrow(escrow, one));
    const { file, password } = openEscrow(escrow, [alice!, bob!]);
    assert.equal(readPkcs12(file, id, password).certificates.length, 2);
  }
});
