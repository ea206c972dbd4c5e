/**
 * `kill -9` in the work on keys of people, at each step. In the end a person has one key, of which Intune has the import and the store the
 * only certificate that is good; and a person who has gone has none that is good.
 */
import assert from 'node:assert/strict';
import { createPublicKey, hash } from 'node:crypto';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, test } from 'node:test';
import type { ImportedCertificate } from '../../src/simulator/directory/imported-files.ts';
import { rsaKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';
import { connectorPem } from '../pfx/connector-forms.ts';
import type { UserKeyPoint } from './kit/crash.ts';
import { configuration } from './kit/endpoints.ts';
import { type Installation, install } from './kit/installation.ts';
import { openndes } from './kit/openndes.ts';
import { serve, serveUntilDead } from './kit/server.ts';

const JANE = 'jane@contoso.example';
let installation: Installation;
let config: string;

const store = (name = 'openndes.db'): string => join(installation.dir, name);

before(async () => {
  installation = await install('p256');
  const { dir, tenant } = installation;
  config = join(dir, 'people.yaml');
  writeFileSync(join(dir, 'connector.pem'), connectorPem(createPublicKey(rsaKey('connector').privateKey)));
  const connector = { publicKey: 'connector.pem', sha256: hash('sha256', rsaKey('connector').spki), keyName: 'PFXKey' };
  const people = { tenant: 'corp', endpoint: '/scep/static', purposes: ['signing', 'encryption'] };
  const pfx = { subject: 'CN={{UserPrincipalName}}', key: 'p256', connector, people };
  writeFileSync(config, `${configuration(tenant)}pfx: ${JSON.stringify(pfx)}\n`);
  const roles = ['User.Read.All', 'DeviceManagementConfiguration.ReadWrite.All'];
  await tenant.control('PUT', '/app/roles', { graph: roles });
  // The first server makes the store.
  assert.equal(await (await serve(config)).stop(), 0);
  dueNow();
  copyFileSync(store(), store('empty.db'));
});
after(() => installation.remove());
beforeEach(async () => {
  restoreStore('empty.db');
  const { tenant } = installation;
  await tenant.clearFaults();
  for (const path of ['/directory', '/directory/imported']) await tenant.control('DELETE', path);
  await tenant.control('POST', '/directory/users', { users: [{ userPrincipalName: JANE, mail: JANE }] });
});

function restoreStore(from: string): void {
  for (const end of ['-wal', '-shm']) rmSync(store() + end, { force: true });
  copyFileSync(store(from), store());
}

function rows(query: string): Record<string, string | number | null>[] {
  const database = new DatabaseSync(store());
  try {
    return database.prepare(query).all() as Record<string, string | number | null>[];
  } finally {
    database.close();
  }
}

/** The next server works at once, and looks at the users: neither the minute nor the hour since the last work has to pass. */
function dueNow(): void {
  rows('delete from user_key_notes');
  rows("delete from jobs where name = 'pfx corp'");
}

const imports = async () =>
  ((await installation.tenant.control('GET', '/directory/imported')) as ImportedCertificate[]).map(
    ({ thumbprint, intendedPurpose }) => ({ thumbprint: thumbprint.toLowerCase(), intendedPurpose }),
  );
const states = () => rows('select state from user_keys order by at, id').map(({ state }) => state);
const certificates = (where: string) =>
  rows(`select thumbprint from certificates where state ${where} 'revoked'`).map(({ thumbprint }) => thumbprint);

/** As `openndes pfx issue` and the API record it; the server makes it. */
function wanted(): void {
  const values = "'a', 'corp', ?1, ?1, 'smimeEncryption', 'made', 'wanted', 'under way', 1, 1, 0";
  const database = new DatabaseSync(store());
  const columns = 'id, tenant, upn, upn_folded, purpose, origin, state, under_way, at, due_at, tries';
  database.prepare(`insert into user_keys (${columns}) values (${values})`).run(JANE);
  database.close();
}

/** Where the server ends → how many certificates it has made then, and how many imports Graph has. */
const MAKING: Readonly<
  Partial<
    Record<UserKeyPoint | 'before the certificate is recorded' | 'after the certificate is recorded', [number, number]>
  >
> = {
  'before the attempt is recorded': [0, 0],
  'after the attempt is recorded': [0, 0],
  'before the certificate is recorded': [0, 0],
  'after the certificate is recorded': [1, 0],
  'after the key is recorded as issued': [1, 0],
  'before the import is recorded': [1, 1],
  'after the import is recorded': [1, 1],
};

for (const [crash, [made, imported]] of Object.entries(MAKING) as [UserKeyPoint, [number, number]][])
  test(`a key is made: killed ${crash}`, async () => {
    wanted();
    await serveUntilDead(config, { crash });
    assert.equal(rows('select id from certificates').length, made);
    assert.equal((await imports()).length, imported);
    const server = await serve(config);
    await until(() => states()[0] === 'imported', 'the import');
    assert.equal(await server.stop(), 0);
    const [key] = rows('select thumbprint from user_keys');
    assert.deepEqual(await imports(), [{ thumbprint: key!['thumbprint'], intendedPurpose: 'smimeEncryption' }]);
    assert.deepEqual(
      certificates('<>').map((each) => String(each).toLowerCase()),
      [key!['thumbprint']],
    );
    // What nobody has the key of.
    assert.equal(certificates('=').length, made - imported);
  });

async function gone(): Promise<void> {
  await openndes.output(['pfx', 'issue', JANE, '--config', config]);
  assert.equal((await imports()).length, 2);
  dueNow();
  await installation.tenant.control('POST', '/directory/users/actions', { action: 'disable', ids: [JANE] });
}

async function endedWell(): Promise<void> {
  const server = await serve(config);
  await until(() => rows('select id from user_keys where revoked_at is not null').length === 2, 'both keys');
  assert.equal(await server.stop(), 0);
  assert.deepEqual([certificates('<>').length, certificates('=').length], [0, 2]);
  assert.equal(rows("select id from audit where event = 'revoked'").length, 2);
  assert.deepEqual(states().toSorted(), ['ended', 'imported']);
}

for (const [crash, revoked] of [
  ['before the 1st revocation is recorded', 0],
  ['after the 1st revocation is recorded', 1],
  ['before the end of the 1st key is recorded', 1],
  ['after the end of the 1st key is recorded', 1],
  ['after the 2nd revocation is recorded', 2],
  ['after the end of the 2nd key is recorded', 2],
] as const)
  test(`a user was disabled: killed ${crash}`, async () => {
    await gone();
    await serveUntilDead(config, { crash });
    assert.equal(certificates('=').length, revoked);
    await endedWell();
    assert.deepEqual(
      (await imports()).map(({ intendedPurpose }) => intendedPurpose),
      ['smimeEncryption'],
    );
  });

test('a user was disabled and the imports were deleted in Intune before: killed before the end of the 1st key is recorded', async () => {
  await gone();
  await installation.tenant.control('DELETE', '/directory/imported');
  await serveUntilDead(config, { crash: 'before the end of the 1st key is recorded' });
  await endedWell();
  assert.deepEqual(await imports(), []);
});

test('a user was disabled, and Graph does not delete: the certificates are revoked all the same, and the key leaves later', async () => {
  await gone();
  await installation.tenant.setFault({ hop: 'userPfxCertificates', fault: 503, count: 50 });
  const server = await serve(config);
  await until(() => certificates('=').length > 0, 'a revocation');
  assert.equal(await server.kill(), 'SIGKILL');
  await installation.tenant.clearFaults();
  await endedWell();
  assert.equal((await imports()).length, 1);
});
