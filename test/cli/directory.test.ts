/** `openndes directory` against a simulated tenant, without a running server. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, issuanceFor } from '../../src/testing/store-samples.ts';
import { installed } from '../app/installation.ts';

test('directory run --dry-run says what is due, run revokes within the bound, status shows what waits, and approve lets it go', async (t) => {
  const simulator = await startSimulator({ clock: systemClock, random: systemRandom });
  t.after(() => simulator.close());
  const fields = Object.entries(simulator.tenant).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const { folder, cli } = await installed(t, (text) =>
    text
      .replace(/^ +policy: \{ static.*$/m, '    name: scep\n    policy: { intune: corp }')
      .concat(`tenants: { corp: { ${fields.join(', ')}, trustCa: sim.pem, directory: { limit: 1 } } }\n`),
  );
  writeFileSync(join(folder, 'sim.pem'), simulator.caPem);
  const nothing = await cli('directory', 'status', 'other');
  assert.equal(nothing.code, 78);
  assert.match(nothing.err, /no tenant other has `directory`\n/);
  assert.match((await cli('directory', 'run')).err, /DeviceManagementManagedDevices\.Read\.All|HTTP 403/);

  simulator.app.setRoles({ graph: ['DeviceManagementManagedDevices.Read.All', 'User.Read.All', 'Device.Read.All'] });
  const devices = simulator.directory.addDevices({ count: 4 });
  const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock: systemClock });
  t.after(() => store.close());
  for (const [n, { id }] of devices.entries()) {
    const notAfter = new Date(systemClock().getTime() + 86_400_000);
    const certificate = { ...issuanceFor(n).certificate, endpoint: 'scep', notAfter };
    const names = [{ kind: 'intuneDeviceId', value: id }] as const;
    await store.importCertificate({ certificate, names, audit: auditFor(n, 'imported') });
  }
  const run = async (...more: string[]) => (await cli('directory', 'run', ...more)).out;
  assert.match(await run(), /^corp: listing 1 is complete, 0 certificates wait for approval$/m);
  simulator.directory.deviceAction({ action: 'wipe', ids: devices.slice(0, 3).map(({ id }) => id) });
  assert.match(await run(), /^corp: listing 2 is complete, 0 certificates/m);
  const due = await run('--dry-run');
  assert.equal(due.match(/^due: /gm)?.length, 3);
  assert.match(due, /^corp: nothing was recorded or revoked$/m);
  assert.match(
    await run(),
    /^revoked [0-9a-f]+: the device \S+ is not in Intune any more\ncorp: listing 3 .*, 2 cert/m,
  );
  const status = await cli('directory', 'status');
  assert.match(status.out, /^ {2}devices of Intune: 1 there, 3 gone$/m);
  assert.match(status.out, /^ {2}valid certificates: 3, of which 0 name nothing/m);
  assert.match(status.out, /^ {2}waiting for approval: 2$/m);
  const [{ waiting }] = JSON.parse((await cli('directory', 'status', '--json')).out) as [{ waiting: number }];
  assert.equal(waiting, 2);
  assert.equal((await cli('directory', 'approve', 'corp')).out.trim(), 'corp: 2 approved');
  assert.equal((await cli('directory', 'approve', 'corp')).code, 1);
  assert.match(await run(), /^corp: listing 4 is complete, 0 certificates wait/m);
  assert.equal(await store.countCertificates({ state: 'revoked' }), 3);
  assert.equal((await store.listAudit({})).filter(({ event }) => event === 'directory-approved').length, 1);
});
