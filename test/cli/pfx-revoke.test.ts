/** `openndes pfx revoke` against a simulated tenant. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemRandom } from '../../src/embed/system.ts';
import { writePkcs12 } from '../../src/pfx/pkcs12-writer.ts';
import { JANE, JOE, withTenant } from '../app/people-tenant.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { connectorPem } from '../pfx/connector-forms.ts';
import { userPfx } from '../pfx/user-under-test.ts';

const PEOPLE = ', people: { tenant: corp, endpoint: people, purposes: [signing, encryption] }';
type Tenant = Awaited<ReturnType<typeof withTenant>>;

/** In the order of their texts, also below: keys of one millisecond are in any. */
const keysOf = async ({ store }: Tenant, user: string) =>
  (await store.listUserKeys({ user }))
    .map(({ purpose, state, revokedAt, escrow }) => [purpose, state, revokedAt !== undefined, escrow !== undefined])
    .toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
const imports = ({ simulator }: Tenant) =>
  simulator.imported
    .list()
    .map(({ userPrincipalName, intendedPurpose }) => [userPrincipalName, intendedPurpose])
    .toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
const revoked = async ({ store }: Tenant) =>
  (await store.listCertificates({ state: 'revoked' })).map(({ subject, revocationReason }) => [
    subject,
    revocationReason,
  ]);

test('a key for signing is revoked with its reason and leaves Intune, and the others of the user stay', async (t) => {
  const tenant = await withTenant(t, PEOPLE);
  await tenant.cli('pfx', 'issue', JANE, JOE);
  const why = ['--reason', 'keyCompromise', '--why', 'laptop stolen'];
  const { code, out } = await tenant.cli('pfx', 'revoke', JANE.toUpperCase(), '--purpose', 'signing', ...why);
  assert.equal(code, 0);
  assert.match(out, /^[0-9a-f]{32} {2}jane@contoso\.example {2}smimeSigning {2}revoked\nrevoked: 1$/);
  assert.deepEqual(await keysOf(tenant, JANE), [
    ['smimeEncryption', 'imported', false, false],
    ['smimeSigning', 'ended', true, false],
  ]);
  assert.deepEqual(imports(tenant), [
    [JANE, 'smimeEncryption'],
    [JOE, 'smimeEncryption'],
    [JOE, 'smimeSigning'],
  ]);
  assert.deepEqual(await revoked(tenant), [[`CN=${JANE}`, 'keyCompromise']]);
  const [entry] = (await tenant.store.listAudit({})).filter(({ event }) => event === 'key-revoked');
  assert.deepEqual(
    [entry?.endpoint, entry?.source, entry?.detail],
    ['people', 'cli', `smimeSigning for ${JANE} of corp: keyCompromise (laptop stolen)`],
  );
  assert.match(
    (await tenant.cli('pfx', 'issue', JANE)).err,
    /^jane@contoso\.example has a key$/,
    'only the one for encryption is still there',
  );
});

test('a user whose keys are all revoked keeps what is in escrow, and the comparison agrees', async (t) => {
  const escrow = ', escrow: { officers: { alice: alice.pem, bob: bob.pem } }';
  const tenant = await withTenant(t, PEOPLE + escrow);
  for (const name of ['alice', 'bob'])
    writeFileSync(join(tenant.folder, `${name}.pem`), connectorPem(createPublicKey(rsaKey(name).privateKey)));
  await tenant.cli('pfx', 'issue', JANE);
  const { code, out } = await tenant.cli('pfx', 'revoke', JANE);
  assert.deepEqual([code, out.split('\n').at(-1)], [0, 'revoked: 2']);
  assert.deepEqual(await keysOf(tenant, JANE), [
    ['smimeEncryption', 'ended', true, true],
    ['smimeSigning', 'ended', true, false],
  ]);
  assert.deepEqual(
    [imports(tenant), await revoked(tenant)],
    [
      [],
      [
        [`CN=${JANE}`, 'unspecified'],
        [`CN=${JANE}`, 'unspecified'],
      ],
    ],
  );
  assert.equal((await tenant.cli('pfx', 'reconcile')).code, 0);
  const [{ id } = { id: '' }] = await tenant.store.listUserKeys({});
  assert.match((await tenant.cli('pfx', 'revoke', id)).out, /has ended already\n/);
});

test('a key that has failed is ended by its id', async (t) => {
  const tenant = await withTenant(t, PEOPLE);
  await tenant.cli('pfx', 'issue', 'nobody@contoso.example', '--purpose', 'signing');
  const [key] = await tenant.store.listUserKeys({ states: ['failed'] });
  assert.equal((await tenant.cli('pfx', 'revoke', key!.id)).code, 0);
  assert.deepEqual(await keysOf(tenant, 'nobody@contoso.example'), [['smimeSigning', 'ended', false, false]]);
});

test('a file that was brought leaves Intune, and who has to revoke its certificate is said', async (t) => {
  const tenant = await withTenant(t, PEOPLE);
  const [file, password] = [join(tenant.folder, 'one.p12'), join(tenant.folder, 'one.txt')];
  const profile = { profile: 'compat', password: 'a-password', random: systemRandom } as const;
  writeFileSync(file, writePkcs12(await userPfx(ecKey('one')), profile));
  writeFileSync(password, 'a-password');
  await tenant.cli('pfx', 'import', file, '--user', JANE, '--password-file', password);
  assert.equal(imports(tenant).length, 1);
  const { code, err } = await tenant.cli('pfx', 'revoke', JANE);
  assert.equal(code, 0);
  assert.match(err, /its certificate is of another CA, which has to revoke it/);
  assert.deepEqual([imports(tenant), await revoked(tenant)], [[], []]);
});

for (const [what, given, message] of [
  ['a user without a key', [JOE], /joe@contoso\.example: no key of the tenant corp has this id or user/],
  ['a hold', [JANE, '--reason', 'certificateHold'], /is not put on hold/],
  ['another purpose', [JANE, '--purpose', 'vpn'], /neither encryption nor signing/],
] as const)
  test(`${what} is refused, and nothing is revoked`, async (t) => {
    const tenant = await withTenant(t, PEOPLE);
    await tenant.cli('pfx', 'issue', JANE, '--purpose', 'signing');
    const { code, err } = await tenant.cli('pfx', 'revoke', ...given);
    assert.equal(code, 78);
    assert.match(err, message);
    assert.deepEqual(await keysOf(tenant, JANE), [['smimeSigning', 'imported', false, false]]);
  });
