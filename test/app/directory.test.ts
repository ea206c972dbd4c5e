/** Revocation by the directory: a simulated tenant, a store on disk, and the work that the job does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { CertificateName } from '../../src/core/records.ts';
import { planDirectory } from '../../src/manage/follow-directory.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { manyWiped } from '../fleet/wiped.ts';
import { withDirectory } from './directory-under-test.ts';

const intune = (value: string): CertificateName[] => [{ kind: 'intuneDeviceId', value }];

test('a certificate is revoked after two complete listings without its device, with its history, and the device is blocked', async (t) => {
  const { directory, turn, later, add, store, events } = await withDirectory(t, 100);
  const [gone, stays] = directory.addDevices({ count: 2 });
  await add([intune(gone!.id), intune(stays!.id), [{ kind: 'cn', value: 'printer' }]]);
  await turn();
  directory.deviceAction({ action: 'wipe', ids: [gone!.id] });
  await later();
  assert.equal(await store().countCertificates({ state: 'revoked' }), 0);
  await later();
  const [certificate, ...others] = await store().listCertificates({ state: 'revoked' });
  assert.deepEqual(others, []);
  assert.equal(certificate?.serial, issuanceFor(0).certificate.serial);
  assert.equal(certificate.revocationReason, 'cessationOfOperation');
  const [blocked, revoked] = (await store().listAudit({ certificate })).toReversed().slice(1);
  assert.equal(blocked?.event, 'blocked');
  assert.equal(revoked?.detail, `cessationOfOperation (the device ${gone!.id} is not in Intune any more)`);
  assert.deepEqual(revoked.actor, { kind: 'system', name: 'directory corp' });
  assert.equal(revoked.source, 'job');
  assert.deepEqual(
    (await store().listBlocks()).map(({ name, by }) => ({ name, by })),
    [{ name: `device:${gone!.id}`, by: 'directory corp' }],
  );
  assert.equal(events.filter(({ event }) => event === 'directory-revoked').length, 1);
});

test('a device that is there again at the second listing keeps its certificate', async (t) => {
  const { directory, turn, later, add, revoked } = await withDirectory(t, 100);
  const [device] = directory.addDevices({ count: 2 });
  await add([intune(device!.id)]);
  await turn();
  directory.deviceAction({ action: 'wipe', ids: [device!.id] });
  await later();
  directory.managed.set(device!.id, device!);
  await later();
  await later();
  assert.equal(await revoked(), 0);
});

test('a user counts when it is disabled or deleted, by its UPN in the SAN or the CN; when it is enabled again its block ends', async (t) => {
  const { directory, turn, later, add, revoked, store } = await withDirectory(t, 100);
  directory.addUsers({ count: 3, prefix: 'user' });
  await add([
    [{ kind: 'upn', value: 'User-1@contoso.example' }],
    [{ kind: 'cn', value: 'user-2@contoso.example' }],
    [{ kind: 'upn', value: 'user-3@contoso.example' }],
    [{ kind: 'email', value: 'user-1@contoso.example' }],
  ]);
  await turn();
  directory.userAction({ action: 'disable', ids: ['user-1@contoso.example'] });
  directory.userAction({ action: 'delete', ids: ['user-2@contoso.example'] });
  await later();
  await later();
  assert.equal(await revoked(), 2);
  const blocks = async () => (await store().listBlocks()).map(({ name }) => name);
  assert.deepEqual(await blocks(), ['user:user-1@contoso.example', 'user:user-2@contoso.example']);
  directory.userAction({ action: 'enable', ids: ['user-1@contoso.example'] });
  await later();
  assert.deepEqual(await blocks(), ['user:user-2@contoso.example']);
});

test('by the Entra device id: a device that Intune manages again under another id keeps its certificates', async (t) => {
  const { directory, turn, later, add, store } = await withDirectory(t, 100);
  const [again, wiped, deleted] = directory.addDevices({ count: 4 });
  const entra = (value: string): CertificateName[] => [{ kind: 'entraDeviceId', value }];
  await add([again!, wiped!, deleted!].map(({ azureADDeviceId }) => entra(azureADDeviceId)));
  await turn();
  directory.deviceAction({ action: 'wipe', ids: [again!.id, wiped!.id] });
  directory.managed.set('new-id', { ...again!, id: 'new-id' });
  directory.deviceAction({ action: 'delete', ids: [deleted!.id] });
  await later();
  await later();
  const states = await Promise.all(
    [0, 1, 2].map(async (n) => (await store().findCertificate(issuanceFor(n).certificate))?.state),
  );
  assert.deepEqual(states, ['delivered', 'revoked', 'revoked']);
});

test('an empty, a failed and a much shorter listing revoke nothing and record nothing; the loss can be approved', async (t) => {
  const { simulator, directory, turn, later, add, revoked, standing, approve } = await withDirectory(t, 100);
  const devices = directory.addDevices({ count: 100 });
  await add(devices.map(({ id }) => intune(id)));
  await turn();
  await turn();
  assert.equal((await standing()).listing, 1);
  for (const fault of ['empty', 'html', 'truncated', 'cut', 'wrong-types'] as const) {
    simulator.fault({ hop: 'directory', fault });
    await assert.rejects(later(), { hop: 'directory' }, fault);
    await simulator.clearFaults();
    assert.notEqual((await standing()).error, '');
  }
  directory.managed.clear();
  await assert.rejects(later(), /^DirectoryDoubtful: 100 of 100 devices of Intune are gone at once/);
  for (const each of devices.slice(21)) directory.managed.set(each.id, each);
  await assert.rejects(later(), /^DirectoryDoubtful: 21 of 100 devices of Intune/);
  assert.match((await standing()).error, /^21 of 100/);
  assert.deepEqual([await revoked(), (await standing()).listing], [0, 1]);
  assert.deepEqual(await approve(), { kind: 'nothing' });
  assert.deepEqual(await approve(true), { kind: 'approved', certificates: 0 });
  await turn();
  assert.deepEqual([(await standing()).error, (await standing()).acceptsLoss, await revoked()], ['', false, 0]);
  await later();
  assert.equal(await revoked(), 21);
});

test('a listing that waits because Graph is throttling ends at once with the reason of its signal', async (t) => {
  const { simulator, turn } = await withDirectory(t);
  simulator.fault({ hop: 'directory', fault: { status: 429, retryAfter: 60 } });
  const stop = new AbortController();
  const reason = new Error('the server stops');
  const started = performance.now();
  const listed = turn(stop.signal);
  await pause(300);
  assert.equal(simulator.calls().at(-1)?.status, 429);
  stop.abort(reason);
  await assert.rejects(listed, (error) => error === reason);
  assert.ok(performance.now() - started < 10_000);
});

test('a delta token that Graph does not know any more: everything is listed anew', async (t) => {
  const { directory, turn, later, add, revoked } = await withDirectory(t, 100);
  directory.addUsers({ count: 3, prefix: 'user' });
  await add([[{ kind: 'upn', value: 'user-1@contoso.example' }]]);
  await turn();
  directory.userAction({ action: 'delete', ids: ['user-1@contoso.example'] });
  directory.resync();
  await later();
  directory.resync();
  await later();
  assert.equal(await revoked(), 1);
});

test('certificates that name nothing of the directory, or are of another endpoint, are counted and never revoked', async (t) => {
  const { directory, turn, later, add, revoked, status, work } = await withDirectory(t, 100);
  const [gone] = directory.addDevices({ count: 2 });
  await add([intune('unknown'), [{ kind: 'cn', value: 'printer' }], intune(gone!.id)]);
  await turn();
  directory.deviceAction({ action: 'retire', ids: [gone!.id] });
  await later();
  const { certificates, unmatched } = await status();
  assert.deepEqual({ certificates, unmatched }, { certificates: 3, unmatched: 2 });
  const plan = await planDirectory(work(), new AbortController().signal);
  assert.deepEqual(
    plan.due.map(({ object, certificates: each }) => [object.id, each.length]),
    [[gone!.id, 1]],
  );
  assert.equal(await revoked(), 0);
  assert.deepEqual((await planDirectory({ ...work(), endpoints: ['/other'] }, new AbortController().signal)).due, []);
});

test('an approval is for what was counted: what is gone since a listing whose revocations were not begun has its bound', async (t) => {
  const { directory, turn, later, add, revoked, approve, standing, events } = await withDirectory(t);
  const devices = directory.addDevices({ count: 100 });
  await add(devices.map(({ id }) => intune(id)));
  await turn();
  const wipe = (from: number, to: number) =>
    directory.deviceAction({ action: 'wipe', ids: devices.slice(from, to).map(({ id }) => id) });
  wipe(0, 5);
  await later();
  await later();
  assert.deepEqual([await revoked(), (await standing()).waiting], [2, 3]);
  wipe(5, 20);
  await later();
  // The server ends between a listing and its revocations.
  const ended = new AbortController();
  events.push = (event) => {
    if (event.event === 'directory-listed') ended.abort();
    return 0;
  };
  await assert.rejects(later(ended.signal));
  assert.deepEqual(await approve(), { kind: 'approved', certificates: 3 });
  await turn();
  assert.equal(await revoked(), 5);
  assert.equal((await standing()).waiting, 15);
  assert.deepEqual(await approve(), { kind: 'approved', certificates: 15 });
  assert.deepEqual(await approve(), { kind: 'nothing' });
});

test('a user or a device that is made anew under the old name is not blocked any more', async (t) => {
  const { directory, turn, later, add, store } = await withDirectory(t, 100);
  directory.addUsers({ count: 2, prefix: 'user' });
  const [device] = directory.addDevices({ count: 2 });
  await add([
    [{ kind: 'upn', value: 'user-1@contoso.example' }],
    [{ kind: 'entraDeviceId', value: device!.azureADDeviceId }],
  ]);
  await turn();
  directory.userAction({ action: 'delete', ids: ['user-1@contoso.example'] });
  directory.deviceAction({ action: 'delete', ids: [device!.id] });
  await later();
  await later();
  const blocks = async () => (await store().listBlocks()).map(({ name }) => name);
  const entra = `device:${device!.azureADDeviceId}` as const;
  assert.deepEqual(await blocks(), [entra, 'user:user-1@contoso.example']);
  directory.addUsers({ users: [{ userPrincipalName: 'User-1@contoso.example' }] });
  directory.addDevices({ devices: [{ azureADDeviceId: device!.azureADDeviceId }] });
  await later();
  assert.deepEqual(await blocks(), []);
});

test('a server that ends while it records what came back ends its block at the next listing', async (t) => {
  const { directory, turn, later, add, store } = await withDirectory(t, 100);
  directory.addUsers({ count: 2, prefix: 'user' });
  await add([[{ kind: 'upn', value: 'user-1@contoso.example' }]]);
  await turn();
  directory.userAction({ action: 'disable', ids: ['user-1@contoso.example'] });
  await later();
  await later();
  directory.userAction({ action: 'enable', ids: ['user-1@contoso.example'] });
  const recordDirectory = store().recordDirectory.bind(store());
  store().recordDirectory = async (...args) => {
    await recordDirectory(...args);
    throw new Error('ended');
  };
  await assert.rejects(later(), /ended/);
  store().recordDirectory = recordDirectory;
  await later();
  assert.deepEqual(await store().listBlocks(), []);
});

// With 10,000 in `npm run fleet`.
manyWiped(1_000);
