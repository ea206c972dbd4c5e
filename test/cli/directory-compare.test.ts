/** `openndes directory compare` against a simulated tenant, without a running server. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { StoredCertificate } from '../../src/core/records.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, issuanceFor } from '../../src/testing/store-samples.ts';
import { installed } from '../app/installation.ts';

const ROLE = 'DeviceManagementConfiguration.Read.All';
const END = '2090-01-31T12:00:00.000Z';
const ENDED = '2020-01-31T12:00:00.000Z';

/** Forty digits: the thumbprint of the certificate with these two digits in its serial number. */
const print = (digits: string): string => digits.repeat(20);

/** A simulated tenant with an installation for it. `add` puts a certificate into the store. */
async function withTenant(t: TestContext) {
  const simulator = await startSimulator({ clock: systemClock, random: systemRandom });
  t.after(() => simulator.close());
  const fields = Object.entries(simulator.tenant).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const { folder, cli } = await installed(t, (text) =>
    text
      .replace(/^ +policy: \{ static.*$/m, '    name: scep\n    policy: { intune: corp }')
      .concat(`tenants: { corp: { ${fields.join(', ')}, trustCa: sim.pem } }\n`),
  );
  writeFileSync(join(folder, 'sim.pem'), simulator.caPem);
  const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock: systemClock });
  t.after(() => store.close());
  let count = 0;
  const add = async (serial: string, more: Partial<StoredCertificate> = {}): Promise<void> => {
    const n = count++;
    const certificate = {
      ...issuanceFor(n).certificate,
      serial,
      thumbprint: print(serial.slice(-2)).toUpperCase(),
      subject: `CN=device-${serial}`,
      endpoint: 'scep',
      notAfter: new Date(END),
      ...more,
    };
    const audit = { ...auditFor(n, 'imported'), serial };
    assert.equal(await store.importCertificate({ certificate, names: [], audit }), 'recorded');
  };
  const revoke = async (serial: string): Promise<void> => {
    const [certificate] = await store.findCertificatesBySerial(serial);
    assert.ok(await store.revoke(certificate!, 'superseded', { ...auditFor(0, 'revoked'), serial }));
  };
  return { simulator, folder, cli, store, add, revoke };
}

test('directory compare says what only Intune lists, what only the store has, and where one of them has it revoked', async (t) => {
  const { simulator, folder, cli, store, add, revoke } = await withTenant(t);
  const { revocations, issued } = simulator;
  simulator.app.setRoles({ graph: [ROLE] });
  simulator.directory.addDevices({
    devices: [{ id: 'i-1', deviceName: 'laptop-1', userPrincipalName: 'ada@contoso.example' }],
  });
  for (const serial of ['0a01', '0b', '0c', '0d', '0e', '0f', '10', '16', '17']) await add(serial);
  await add('18', { der: new X509Certificate(readFileSync(join(folder, 'certs/issuing-ca.pem'))).raw });
  await add('12', { endpoint: 'other' });
  await add('13', { notAfter: new Date(ENDED) });
  await add('14', { notAfter: new Date(ENDED) });
  await add('15', { state: 'issued' });
  for (const serial of ['0c', '0f']) await revoke(serial);

  const of = (serialNumber: string, digits: string) => ({
    serialNumber,
    thumbprint: print(digits).toUpperCase(),
    expires: END,
    issuer: 'CN=Issuing CA',
  });
  issued.add({
    certificates: [
      { ...of('00:0A:01', '01'), thumbprint: '01 '.repeat(20) },
      of('11', '0b'),
      of('0C', '0c'),
      of('0D', '0d'),
      of('0E', '0e'),
      of('0F', '0f'),
      of('14', '14'),
      of('no number', '16'),
      of('17', '99'),
      { serialNumber: '18', issuer: 'Test Root CA', expires: END },
      { serialNumber: '18', issuer: 'Another CA', expires: END },
      { ...of('5F00A1', 'ff'), subject: 'CN=other', issuer: 'CN=Old CA', deviceId: 'i-1' },
      { ...of('FE', 'fe'), expires: ENDED },
    ],
  });
  const request = (serialNumber: string) => ({ serialNumber, issuerName: 'CN=Issuing CA', caConfiguration: null });
  revocations.add({ requests: ['0D', '0F'].map(request) });
  revocations.download(100, null);
  const results = revocations.list().map(({ requestContext }) => ({ requestContext, succeeded: true }));
  revocations.upload(results.map((each) => ({ ...each, errorCode: 'None', errorMessage: null })));
  revocations.add({ requests: [request('0E')] });

  const before = await store.listCertificates({});
  const { code, out, err } = await cli('directory', 'compare', 'corp');
  assert.equal(err, '');
  assert.equal(code, 0);
  assert.equal(
    out,
    `corp: Intune lists 13 certificates, and 8 of the store are valid
  the same on both sides: 5
  ended, not compared: 2
  another state (state): 3
  not in the store (only-intune): 3
  not in Intune (only-here): 2
DIFFERENCE   HERE     INTUNE   SERIAL  EXPIRES     SUBJECT       ISSUER         DEVICE    USER
state        revoked  none     0c      2090-01-31  CN=device-0c  CN=Issuing CA  -         -
state        valid    revoked  0d      2090-01-31  CN=device-0d  CN=Issuing CA  -         -
state        valid    pending  0e      2090-01-31  CN=device-0e  CN=Issuing CA  -         -
only-intune  -        none     18      2090-01-31  -             Another CA     -         -
only-intune  -        none     17      2090-01-31  -             CN=Issuing CA  -         -
only-intune  -        none     5F00A1  2090-01-31  CN=other      CN=Old CA      laptop-1  ada@contoso.example
only-here    valid    -        17      2090-01-31  CN=device-17  CN=Issuing CA  -         -
only-here    valid    -        10      2090-01-31  CN=device-10  CN=Issuing CA  -         -`,
  );
  assert.deepEqual(await store.listCertificates({}), before);

  const [{ differences, ...counts }] = JSON.parse((await cli('directory', 'compare', '--json')).out) as [
    { differences: unknown[] },
  ];
  assert.deepEqual(counts, { tenant: 'corp', listed: 13, ended: 2, same: 5, valid: 8, waiting: 0 });
  assert.deepEqual(differences[5], {
    difference: 'only-intune',
    serial: '5F00A1',
    thumbprint: 'FF'.repeat(20),
    here: '',
    intune: 'none',
    ends: END,
    issuer: 'CN=Old CA',
    subject: 'CN=other',
    endpoint: '',
    device: 'laptop-1',
    user: 'ada@contoso.example',
  });
  const lines = (await cli('directory', 'compare', '--csv')).out.split('\r\n');
  assert.equal(lines.length, 9);
  assert.equal(lines[0], 'tenant,difference,serial,thumbprint,here,intune,ends,issuer,subject,endpoint,device,user');
  assert.equal(lines[1], `corp,state,0c,${print('0C')},revoked,none,${END},CN=Issuing CA,CN=device-0c,scep,,`);
});

test('directory compare reads every page of the list', async (t) => {
  const { simulator, cli } = await withTenant(t);
  simulator.app.setRoles({ graph: [ROLE] });
  const certificates = Array.from({ length: 2_500 }, (_, n) => ({
    serialNumber: (n + 4096).toString(16),
    thumbprint: n.toString(16).padStart(40, '0'),
    expires: END,
  }));
  simulator.issued.add({ certificates });
  const [{ listed, differences }] = JSON.parse((await cli('directory', 'compare', '--json')).out) as [
    { listed: number; differences: { serial: string }[] },
  ];
  assert.equal(listed, 2_500);
  assert.deepEqual([differences.length, differences.at(-1)?.serial], [2_500, '19c3']);
  assert.equal(simulator.calls().filter(({ hop }) => hop === 'certificateStates').length, 3);
});

test('directory compare without its permission, with a page that fails, and for a tenant that is none: why, and what to do', async (t) => {
  const { simulator, cli } = await withTenant(t);
  const denied = await cli('directory', 'compare');
  assert.equal(denied.code, 1);
  assert.equal(denied.out, '');
  assert.match(denied.err, /^Intune certificateStates: HTTP 403, Forbidden: .*\nGrant the application role Device/);
  assert.match(
    denied.err,
    /\nGrant the application role DeviceManagementConfiguration\.Read\.All of Microsoft Graph with admin consent; see docs\/intune\.md\.$/,
  );
  simulator.app.setRoles({ graph: [ROLE] });
  simulator.fault({ hop: 'certificateStates', fault: 'html' });
  const broken = await cli('directory', 'compare');
  assert.deepEqual([broken.code, broken.out], [1, '']);
  assert.match(broken.err, /^Intune certificateStates: HTTP 200, HTML or XML where an answer was expected/);
  const unknown = await cli('directory', 'compare', 'other');
  assert.deepEqual([unknown.code, unknown.err], [78, 'there is no tenant other\nName one of: corp.']);
});
