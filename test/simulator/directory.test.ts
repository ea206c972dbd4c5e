/** The directory in Graph: managed devices in pages, delta queries, permissions, and what a test can do to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withGraph } from './graph.ts';
import { codeOf, control, csr } from './tenant.ts';

const DEVICES = '/v1.0/deviceManagement/managedDevices';
const MANAGED = 'DeviceManagementManagedDevices.Read.All';
const STATES = '/beta/deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates';
const DAY = 86_400;
const names = (rows: readonly Record<string, unknown>[], name = 'deviceName') => rows.map((row) => row[name]);

test('managed devices come in pages of $top, at most 1000, with the members of $select', async (t) => {
  const { simulator, page, list } = await withGraph(t, MANAGED);
  simulator.directory.addDevices({ count: 2500, prefix: 'laptop' });
  const all = await list(DEVICES);
  assert.deepEqual([all.rows.length, all.pages], [2500, 3]);
  assert.equal(new Set(all.rows.map(({ id }) => id)).size, 2500);
  assert.equal((await page(`${DEVICES}?$top=5000`)).value.length, 1000);
  const small = await list(`${DEVICES}?$top=999&$select=id,azureADDeviceId,userPrincipalName`);
  assert.deepEqual([small.rows.length, small.pages], [2500, 3]);
  assert.deepEqual(Object.keys(small.rows[2499]!).toSorted(), ['azureADDeviceId', 'id', 'userPrincipalName']);
});

test('a whole last page has no nextLink, and an empty list is one empty page', async (t) => {
  const { simulator, page } = await withGraph(t, MANAGED);
  assert.deepEqual((await page(DEVICES)).value, []);
  simulator.directory.addDevices({ count: 4 });
  const first = await page(`${DEVICES}?$top=2`);
  const second = await page(first['@odata.nextLink']!);
  assert.equal(second.value.length, 2);
  assert.equal(second['@odata.nextLink'], undefined);
});

test('devices that go while a client pages shift nothing', async (t) => {
  const { simulator, page } = await withGraph(t, MANAGED);
  const devices = simulator.directory.addDevices({ count: 6, prefix: 'd' });
  const first = await page(`${DEVICES}?$top=2`);
  simulator.directory.deviceAction({ action: 'wipe', ids: [devices[0]!.id, devices[3]!.id] });
  const second = await page(first['@odata.nextLink']!);
  const third = await page(second['@odata.nextLink']!);
  assert.deepEqual(names([...first.value, ...second.value, ...third.value]), ['d-1', 'd-2', 'd-3', 'd-5', 'd-6']);
});

for (const [path, wrong] of [
  [`${DEVICES}?$top=0`, /top/],
  [`${DEVICES}?$filter=deviceName eq 'x'`, /\$filter/],
  ['/v1.0/users/delta?$top=x', /top/],
  ['/v1.0/users/delta?$orderby=id', /\$orderby/],
  ['/v1.0/users/delta?$deltatoken=nonsense', /token/],
] as const)
  test(`${path} is refused`, async (t) => {
    const { ask } = await withGraph(t, MANAGED, 'User.Read.All');
    const { status, text } = await ask(path);
    assert.equal(status, 400);
    assert.match((JSON.parse(text) as { error: { message: string } }).error.message, wrong);
  });

test('a delta token of one list is none of another', async (t) => {
  const { ask, list } = await withGraph(t, 'Directory.Read.All');
  const { deltaLink } = await list('/v1.0/users/delta');
  assert.equal((await ask(deltaLink!.replace('/users/', '/devices/'))).status, 400);
});

for (const [path, role, others] of [
  [DEVICES, MANAGED, ['Device.Read.All', 'User.Read.All']],
  ['/v1.0/users/delta', 'User.Read.All', ['Device.Read.All', MANAGED]],
  ['/v1.0/devices/delta', 'Device.Read.All', ['User.Read.All', MANAGED]],
  [STATES, 'DeviceManagementConfiguration.Read.All', [MANAGED]],
] as const)
  test(`${path} needs ${role} in the token`, async (t) => {
    assert.equal((await (await withGraph(t, role)).ask(path)).status, 200);
    const without = await withGraph(t, ...others);
    const { status, text } = await without.ask(path);
    assert.equal(status, 403);
    if (path.includes('deviceManagement')) assert.match(text, new RegExp(`${role}.*Activity ID`));
    assert.equal((await without.ask(path, { authorization: 'Bearer none' })).status, 401);
    const foreign = { authorization: `Bearer ${await without.token()}` };
    assert.equal((await without.ask(path, foreign)).status, 401, 'a token for Intune');
  });

test('users/delta: everything once, then what has changed, with @removed for deleted users', async (t) => {
  const { simulator, list } = await withGraph(t, 'User.Read.All');
  const { directory } = simulator;
  directory.addUsers({ count: 250, prefix: 'user' });
  const first = await list('/v1.0/users/delta?$select=userPrincipalName,accountEnabled');
  assert.deepEqual([first.rows.length, first.pages], [250, 3]);
  assert.deepEqual(Object.keys(first.rows[0]!).toSorted(), ['accountEnabled', 'id', 'userPrincipalName']);
  assert.deepEqual((await list(first.deltaLink!)).rows, []);
  directory.userAction({ action: 'disable', ids: ['user-7@contoso.example'] });
  directory.userAction({ action: 'delete', ids: ['user-9@contoso.example'] });
  const [added] = directory.addUsers({ users: [{ userPrincipalName: 'new@contoso.example' }] });
  const second = await list(first.deltaLink!);
  assert.deepEqual(
    second.rows.map((row) => [row['userPrincipalName'], row['accountEnabled'], row['@removed']]),
    [
      ['user-7@contoso.example', false, undefined],
      [undefined, undefined, { reason: 'changed' }],
      ['new@contoso.example', true, undefined],
    ],
  );
  assert.equal(second.rows[2]!.id, added!.id);
  assert.deepEqual(
    Object.keys(second.rows[0]!).toSorted(),
    ['accountEnabled', 'id', 'userPrincipalName'],
    '$select holds',
  );
  assert.deepEqual((await list(first.deltaLink!)).rows.length, 3, 'a token may be used again');
  assert.deepEqual((await list(second.deltaLink!)).rows, []);
});

test('devices/delta: a first round has no removed devices; a device that comes and goes is @removed later', async (t) => {
  const { simulator, list } = await withGraph(t, 'Device.Read.All');
  const { directory } = simulator;
  const [gone, kept] = directory.addDevices({ count: 2, prefix: 'd' });
  directory.deviceAction({ action: 'delete', ids: [gone!.azureADDeviceId] });
  const first = await list('/v1.0/devices/microsoft.graph.delta()');
  assert.deepEqual(first.rows, [
    {
      id: kept!.objectId,
      deviceId: kept!.azureADDeviceId,
      displayName: 'd-2',
      operatingSystem: 'Windows',
      accountEnabled: true,
    },
  ]);
  directory.deviceAction({ action: 'disable', ids: [kept!.id] });
  assert.equal((await list(first.deltaLink!)).rows[0]!['accountEnabled'], false);
  directory.deviceAction({ action: 'delete', ids: [kept!.id] });
  assert.deepEqual((await list(first.deltaLink!)).rows, [{ id: kept!.objectId, '@removed': { reason: 'deleted' } }]);
});

test('a change while a client pages through a round is in the next round', async (t) => {
  const { simulator, page, list } = await withGraph(t, 'User.Read.All');
  const users = simulator.directory.addUsers({ count: 4, prefix: 'u' });
  const first = await page('/v1.0/users/delta?$top=2');
  simulator.directory.userAction({ action: 'disable', ids: [users[3]!.id] });
  simulator.directory.userAction({ action: 'delete', ids: [users[0]!.id] });
  const rest = await list(first['@odata.nextLink']!);
  const next = await list(rest.deltaLink!);
  assert.deepEqual(
    next.rows.map(({ id }) => id),
    [users[3]!.id, users[0]!.id],
  );
});

test('$deltatoken=latest gives a link and no rows; Prefer sets the size of a page', async (t) => {
  const { simulator, page, list } = await withGraph(t, 'User.Read.All');
  simulator.directory.addUsers({ count: 10 });
  const latest = await page('/v1.0/users/delta?$deltatoken=latest');
  assert.deepEqual(latest.value, []);
  simulator.directory.addUsers({ users: [{}] });
  assert.equal((await list(latest['@odata.deltaLink']!)).rows.length, 1);
  assert.equal((await page('/v1.0/users/delta', { prefer: 'odata.maxpagesize=3' })).value.length, 3);
});

test('a delta token of another generation, or of more than seven days, answers 410 with the address to begin anew', async (t) => {
  const { simulator, ask, list, token } = await withGraph(t, 'User.Read.All');
  simulator.directory.addUsers({ count: 3 });
  const { deltaLink } = await list('/v1.0/users/delta?$select=accountEnabled');
  simulator.clock.advance(6 * DAY);
  const bearer = async () => ({ authorization: `Bearer ${await token(`${simulator.tenant.cloud.graph}/.default`)}` });
  assert.equal((await ask(deltaLink!, await bearer())).status, 200);
  simulator.clock.advance(2 * DAY);
  const old = await ask(deltaLink!, await bearer());
  assert.equal(old.status, 410);
  assert.equal((JSON.parse(old.text) as { error: { code: string } }).error.code, 'syncStateNotFound');
  const location = String(old.headers['location']);
  assert.match(location, /\/users\/delta\?\$select=accountEnabled&\$deltatoken=$/);
  const again = await ask(location, await bearer());
  assert.equal((JSON.parse(again.text) as { value: unknown[] }).value.length, 3);
  const fresh = JSON.parse(again.text) as { '@odata.deltaLink': string };
  simulator.directory.resync();
  assert.equal((await ask(fresh['@odata.deltaLink'], await bearer())).status, 410);
});

test('wipe and retire take a device out of Intune and leave it in Entra; pending ones are listed with their state', async (t) => {
  const { simulator, list } = await withGraph(t, MANAGED, 'Device.Read.All');
  const { directory } = simulator;
  const [a, b, c] = directory.addDevices({ devices: ['a', 'b', 'c'].map((deviceName) => ({ deviceName })) });
  directory.deviceAction({ action: 'wipe', ids: [a!.id] });
  directory.deviceAction({ action: 'retire', ids: [b!.id], pending: true });
  directory.deviceAction({ action: 'wipe', ids: [c!.id], pending: true });
  const { rows } = await list(DEVICES);
  assert.deepEqual(
    rows.map((row) => [row['deviceName'], row['managementState']]),
    [
      ['b', 'retirePending'],
      ['c', 'wipePending'],
    ],
  );
  assert.equal((await list('/v1.0/devices/delta')).rows.length, 3);
  directory.deviceAction({ action: 'retire', ids: [b!.azureADDeviceId] });
  assert.deepEqual(names((await list(DEVICES)).rows), ['c']);
});

test('challenges for a device that is gone, or for a user that is disabled, are refused', async (t) => {
  const tenant = await withGraph(t);
  const { simulator } = tenant;
  const [device] = simulator.directory.addDevices({ count: 1 });
  const [user] = simulator.directory.addUsers({ count: 1 });
  const code = async (ids: object): Promise<string> => {
    const challenge = simulator.mint({ subject: 'CN=device-1', ...ids });
    return codeOf(await tenant.validate(await csr({ challenge })));
  };
  const ids = [{ deviceId: device!.id }, { deviceId: device!.azureADDeviceId }, { userId: user!.id }];
  simulator.directory.deviceAction({ action: 'wipe', all: true, pending: true });
  for (const each of ids) assert.equal(await code(each), 'Success');
  simulator.directory.deviceAction({ action: 'wipe', all: true });
  simulator.directory.userAction({ action: 'disable', first: 1 });
  assert.deepEqual(
    [await code(ids[0]!), await code(ids[1]!), await code(ids[2]!)],
    ['BadDeviceIdInChallenge', 'BadDeviceIdInChallenge', 'BadUserIdInChallenge'],
  );
});

test('Intune lists the certificates that it was told of, and a wipe can ask for their revocation', async (t) => {
  const tenant = await withGraph(t, 'DeviceManagementConfiguration.Read.All');
  const { simulator, list } = tenant;
  const [device] = simulator.directory.addDevices({
    devices: [{ deviceName: 'laptop-1', userPrincipalName: 'ada@contoso.example' }],
  });
  const minted = simulator.challenge({ subject: 'CN=device-1', deviceId: device!.id });
  const certificateRequest = await csr({ challenge: minted.challenge });
  await tenant.validate(certificateRequest);
  const notification = {
    transactionId: 'AB12',
    certificateRequest,
    certificateThumbprint: '0123456789ABCDEF0123456789ABCDEF01234567',
    certificateSerialNumber: '5F00A1',
    certificateExpirationDateUtc: '2030-01-31T12:00:00.000Z',
    issuingCertificateAuthority: 'CN=Issuing CA',
    callerInfo: 'test',
    caConfiguration: 'issuing',
    certificateAuthority: 'issuing',
  };
  const notify = async (): Promise<string[]> => {
    assert.equal(codeOf(await tenant.act('successNotification', { notification })), 'Success');
    return simulator.issued.list().map(({ id }) => id);
  };
  const first = await notify();
  assert.deepEqual(await notify(), first, 'a notification that comes again changes nothing');
  const state = async (): Promise<Record<string, unknown>[]> =>
    (await list(STATES)).rows.map((row) => ({ ...row, id: '' }));
  const expected = {
    id: '',
    certificateRevokeStatus: 'none',
    managedDeviceDisplayName: 'laptop-1',
    userPrincipalName: 'ada@contoso.example',
    certificateExpirationDateTime: '2030-01-31T12:00:00.000Z',
    certificateIssuerName: 'CN=Issuing CA',
    certificateThumbprint: '0123456789ABCDEF0123456789ABCDEF01234567',
    certificateSerialNumber: '5F00A1',
    certificateSubjectName: 'CN=device-1',
  };
  assert.deepEqual(await state(), [expected]);
  const ofProfile = `/beta/deviceManagement/deviceConfigurations/${minted.profileId}/managedDeviceCertificateStates`;
  assert.equal((await list(ofProfile)).rows[0]!['certificateSerialNumber'], '5F00A1');
  assert.deepEqual((await list(ofProfile.replace(minted.profileId, 'other'))).rows, []);
  simulator.directory.deviceAction({ action: 'wipe', ids: [device!.id], revoke: true });
  const [queued] = simulator.revocations.list();
  assert.deepEqual(
    [queued!.serialNumber, queued!.issuerName, queued!.caConfiguration],
    ['5F00A1', 'CN=Issuing CA', 'issuing'],
  );
  assert.equal((await state())[0]!['certificateRevokeStatus'], 'pending');
  simulator.revocations.download(1, null);
  assert.equal((await state())[0]!['certificateRevokeStatus'], 'issued');
  const { requestContext } = queued!;
  simulator.revocations.upload([{ requestContext, succeeded: true, errorCode: 'None', errorMessage: null }]);
  assert.equal((await state())[0]!['certificateRevokeStatus'], 'revoked');
});

test('the control API: 10,000 devices within seconds, 500 wiped at once, certificates, and a clean slate', async (t) => {
  const { simulator, list } = await withGraph(t, MANAGED, 'DeviceManagementConfiguration.Read.All');
  const post = async (path: string, body: unknown) => (await control(simulator, 'POST', path, body)).json;
  const started = performance.now();
  const { added } = (await post('/directory/devices', { count: 10_000, prefix: 'laptop' })) as { added: number };
  assert.equal(added, 10_000);
  assert.deepEqual(await post('/directory/devices/actions', { action: 'wipe', first: 500 }), { changed: 500 });
  assert.equal((await list(DEVICES)).rows.length, 9500);
  assert.ok(performance.now() - started < 20_000);
  const planned = {
    devices: [{ id: 'i-1', azureADDeviceId: 'e-1', userPrincipalName: 'ada@contoso.example', userId: '' }],
  };
  assert.deepEqual(await post('/directory/devices', planned), { added: 1, ids: ['i-1'] });
  assert.deepEqual(await post('/directory/users', { count: 2 }), {
    added: 2,
    ids: simulator.directory.users.objects().map(({ id }) => id),
  });
  assert.deepEqual(await post('/directory/users/actions', { action: 'disable', all: true }), { changed: 2 });
  assert.equal(((await control(simulator, 'GET', '/directory/devices')).json as unknown[]).length, 9501);
  assert.equal(((await control(simulator, 'GET', '/directory/users')).json as unknown[]).length, 2);
  await post('/directory/certificates', {
    certificates: [{ serialNumber: '0A', issuer: 'CN=A' }, { serialNumber: '0B' }],
  });
  assert.deepEqual(names((await list(STATES)).rows, 'certificateSerialNumber'), ['0A', '0B']);
  for (const path of ['/directory', '/directory/certificates'])
    assert.equal((await control(simulator, 'DELETE', path)).status, 204);
  assert.equal((await control(simulator, 'POST', '/directory/resync')).status, 204);
  assert.deepEqual((await list(DEVICES)).rows, []);
  assert.deepEqual((await list(STATES)).rows, []);
});

for (const [path, body, message] of [
  ['devices', { devices: [{ name: 'x' }] }, /^name: unknown; there are id/],
  ['devices', {}, /^count: is missing/],
  ['devices', { count: 0 }, /^count: must be a whole number from 1/],
  ['users', { users: 'all' }, /^users: must be a list of objects/],
  ['devices/actions', { action: 'wipe' }, /one of ids, first or all/],
  ['devices/actions', { action: 'wipe', first: 1, all: true }, /one of ids, first or all/],
  ['devices/actions', { action: 'wipe', ids: ['none'] }, /none with the id none/],
  ['devices/actions', { action: 'sell', all: true }, /^action: must be "wipe"/],
  ['users/actions', { action: 'wipe', all: true }, /^action: must be "delete"/],
  ['certificates', { certificates: [{}] }, /^serialNumber: is missing/],
] as const)
  test(`POST /directory/${path} refuses ${JSON.stringify(body)} and says why`, async (t) => {
    const { simulator } = await withGraph(t);
    const { status, json } = await control(simulator, 'POST', `/directory/${path}`, body);
    assert.equal(status, 400);
    assert.match((json as { error: string }).error, message);
  });

test('faults apply to each list, and to all three by the name directory', async (t) => {
  const { simulator, ask } = await withGraph(t, MANAGED, 'User.Read.All', 'Device.Read.All');
  const paths = [DEVICES, '/v1.0/users/delta', '/v1.0/devices/delta'];
  simulator.fault({ hop: 'directory', fault: { status: 429, retryAfter: 5 }, count: 3 });
  for (const path of paths) {
    const { status, headers, text } = await ask(path);
    assert.deepEqual([status, headers['retry-after']], [429, '5']);
    assert.equal((JSON.parse(text) as { error: { code: string } }).error.code, 'TooManyRequests');
  }
  for (const path of paths) assert.equal((await ask(path)).status, 200);
  assert.deepEqual(
    simulator
      .calls()
      .map(({ hop }) => hop)
      .slice(-3),
    ['managedDevices', 'users', 'devices'],
  );
});
