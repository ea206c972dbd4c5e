/**
 * `kill -9` in the work of the jobs that revoke: each certificate that is to be revoked is, no other one, and Intune has
 * one result for each of its requests, sent again only with the same content.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, test } from 'node:test';
import type { QueuedRevocation } from '../../src/simulator/connector/revocation-queue.ts';
import { until } from '../kit/until.ts';
import type { CrashPoint, JobPoint } from './kit/crash.ts';
import { configuration } from './kit/endpoints.ts';
import { type Installation, install } from './kit/installation.ts';
import { messagesFor } from './kit/message.ts';
import { openndes } from './kit/openndes.ts';
import { serve, serveUntilDead } from './kit/server.ts';

const HOUR = 3_600_000;
/** Longer than the cool-down of a download. */
const NEXT_DOWNLOAD = 62 * 60_000;
/** Certificates; of those, the ones that are to be revoked. */
const [ALL, DUE] = [30, 25];
/** Devices without a certificate, so that the others are few among them: a listing that lost many is not believed. */
const MORE = 130;

const devices = Array.from({ length: ALL }, () => randomUUID());
const wiped = devices.slice(0, DUE);

let installation: Installation;
/** Configurations of the same server, by what it does in the background. */
const config = { poller: '', directory: '' };
/** What Intune was told of each certificate, in the order of the devices. */
let issued: { serialNumber: string; issuerName: string; caConfiguration: string }[];

const store = (name = 'openndes.db'): string => join(installation.dir, name);

before(async () => {
  installation = await install('p256');
  const { tenant, dir } = installation;
  for (const [name, more] of Object.entries({
    poller: { revocation: 'on' },
    directory: { directory: { limit: 50 } },
  })) {
    const path = join(dir, `${name}.yaml`);
    writeFileSync(path, configuration({ ...tenant, block: { ...tenant.block, ...more } }));
    config[name as keyof typeof config] = path;
  }
  const server = await installation.serve();
  for (const message of await messagesFor(installation, server.url, devices))
    assert.equal((await message.send(server.url)).status, 'success');
  assert.equal(await server.stop(), 0);
  issued = await notified();
  copyFileSync(store(), store('issued.db'));
});
after(() => installation.remove());
beforeEach(async () => {
  restoreStore('issued.db');
  const { tenant } = installation;
  await tenant.clearFaults();
  for (const path of ['/revocations', '/clock', '/directory']) await tenant.control('DELETE', path);
});

function restoreStore(from: string): void {
  for (const end of ['-wal', '-shm']) rmSync(store() + end, { force: true });
  copyFileSync(store(from), store());
}

async function notified(): Promise<typeof issued> {
  const all = (await installation.tenant.calls()).flatMap(({ hop, body }) =>
    hop === 'successNotification' && body?.notification ? [body.notification] : [],
  );
  const serials = new Map(
    rows('select subject, serial from certificates').map((row) => [row['subject'], row['serial']]),
  );
  return devices.map((device) => {
    const serial = String(serials.get(`CN=${device},O=Test`))
      .replace(/^0+/, '')
      .toUpperCase();
    const found = all.find((each) => each.certificateSerialNumber === serial);
    const issuerName = found?.issuingCertificateAuthority ?? 'not notified';
    return { serialNumber: serial, issuerName, caConfiguration: issuerName };
  });
}

function rows(query: string): Record<string, string | number | null>[] {
  const database = new DatabaseSync(store(), { readOnly: true });
  try {
    return database.prepare(query).all() as Record<string, string | number | null>[];
  } finally {
    database.close();
  }
}

/** The devices whose certificates are revoked, in the order of all devices. */
function revoked(): string[] {
  const subjects = new Set(
    rows("select subject from certificates where state = 'revoked'").map((row) => row['subject']),
  );
  return devices.filter((device) => subjects.has(`CN=${device},O=Test`));
}

const standing = () => rows('select * from directory_standings')[0] ?? { listing: 0, waiting: 0, next_at: 0 };
const queue = async () => (await installation.tenant.control('GET', '/revocations')) as QueuedRevocation[];

/** Intune asks for the certificates of the wiped devices, and for one that this CA has not issued. */
async function asked(): Promise<void> {
  const unknown = { ...issued[0]!, serialNumber: 'ABCDEF' };
  await installation.tenant.control('POST', '/revocations', { requests: [...issued.slice(0, DUE), unknown] });
}

/** A server runs, by its clock so much later, until Intune has a result for each request. `times`: results of each. */
async function finished(times: 1 | 2, later = 0): Promise<void> {
  const server = await serve(config.poller, { later });
  await until(async () => (await queue()).every(({ results }) => results.length >= times), 'a result for each request');
  await until(() => rows('select id from revocation_requests').length === 0, 'no result to be sent');
  assert.equal(await server.stop(), 0);
  for (const { serialNumber, results } of await queue()) {
    const told = results.map(({ at: _at, ...result }) => result);
    const expected =
      serialNumber === 'ABCDEF'
        ? {
            succeeded: false,
            errorCode: 'CertificateNotFoundError',
            errorMessage: 'This issuer has no certificate with this number.',
          }
        : { succeeded: true, errorCode: 'None', errorMessage: null };
    assert.deepEqual(
      told,
      Array.from({ length: times }, () => expected),
      serialNumber,
    );
  }
  assert.deepEqual(revoked(), wiped);
  assert.equal(rows("select id from audit where event = 'revoked'").length, DUE);
}

/** Where the server ends → how many certificates it has revoked then, and how often Intune gets each result in the end. */
const POLLER: Readonly<Partial<Record<JobPoint, [number, 1 | 2]>>> = {
  'after the requests are recorded': [0, 1],
  'before the 7th revocation is recorded': [6, 1],
  'after the 7th revocation is recorded': [7, 1],
  'after the 7th result is recorded': [7, 1],
  // Intune has taken the results already, which was not recorded.
  'before it is recorded that Intune has the results': [DUE, 2],
  'after it is recorded that Intune has the results': [DUE, 1],
};

for (const [crash, [count, times]] of Object.entries(POLLER) as [CrashPoint, [number, 1 | 2]][])
  test(`revocation requests: killed ${crash}`, async () => {
    await asked();
    await serveUntilDead(config.poller, { crash });
    assert.deepEqual(revoked(), wiped.slice(0, count));
    await finished(times);
  });

test('revocation requests: killed before they are recorded; they come again after the 60 minutes of Intune', async () => {
  await asked();
  await serveUntilDead(config.poller, { crash: 'before the requests are recorded' });
  assert.deepEqual(rows('select id from revocation_requests'), []);
  const server = await serve(config.poller);
  await until(() => rows('select at from revocation_downloads').length === 1, 'another download');
  assert.equal(await server.stop(), 0);
  assert.deepEqual(revoked(), []);
  await installation.tenant.control('POST', '/clock', { advanceSeconds: NEXT_DOWNLOAD / 1_000 });
  await finished(1, NEXT_DOWNLOAD);
  assert.deepEqual(new Set((await queue()).map(({ downloads }) => downloads)), new Set([2]));
});

/** What happens to the call for whose answer the server waits → how often Intune has each result in the end. */
for (const [fault, code, times] of [
  ['timeout', 'timeout', 1],
  [{ drip: 60_000 }, 'OK', 2],
] as const)
  test(`revocation requests: killed while it waits for the answer to the results, which Intune ${times === 2 ? 'has' : 'has not'} taken`, async () => {
    await asked();
    const { tenant } = installation;
    const arrived = async () =>
      (await tenant.calls()).filter((call) => call.hop === 'uploadRevocationResults' && call.code === code).length;
    const known = await arrived();
    await tenant.setFault({ hop: 'uploadRevocationResults', fault });
    const server = await serve(config.poller);
    await until(async () => (await arrived()) > known, 'an upload');
    assert.equal(await server.kill(), 'SIGKILL');
    await tenant.clearFaults();
    assert.deepEqual(revoked(), wiped);
    await finished(times);
  });

/** One more complete listing, by the clock of a server that is so many hours ahead, and what it revokes. */
async function listed(hours: number, number: number): Promise<void> {
  const server = await serve(config.directory, { later: hours * HOUR });
  const done = () => standing()['listing'] === number && jobRan(hours);
  await until(done, `listing ${number}`);
  assert.equal(await server.stop(), 0);
}

/** The job has recorded its run. */
function jobRan(hours: number): boolean {
  const [job] = rows("select finished_at, last_error from jobs where name = 'directory corp'");
  assert.equal(job?.['last_error'] ?? null, null);
  return Number(job?.['finished_at'] ?? 0) > Date.now() + hours * HOUR - HOUR;
}

/** Two complete listings, between which the devices were wiped; made once. */
async function listedTwice(): Promise<void> {
  const { tenant } = installation;
  await tenant.control('PUT', '/app/roles', {
    graph: ['DeviceManagementManagedDevices.Read.All', 'User.Read.All', 'Device.Read.All'],
  });
  await tenant.control('POST', '/directory/devices', { devices: devices.map((id) => ({ id })) });
  await tenant.control('POST', '/directory/devices', { count: MORE });
  await listed(0, 1);
  await tenant.control('POST', '/directory/devices/actions', { action: 'wipe', ids: wiped });
  await listed(4, 2);
  assert.deepEqual(revoked(), []);
}

for (const [crash, count] of [
  ['before the 7th revocation is recorded', 6],
  ['after the 7th revocation is recorded', 7],
  ['after the 7th certificate is counted', 6],
  ['after the 7th device is blocked', 6],
] as const)
  test(`directory: killed ${crash}: half of the certificates are revoked within a day, and the rest after approval`, async () => {
    await listedTwice();
    await serveUntilDead(config.directory, { crash, later: 8 * HOUR });
    assert.equal(revoked().length, count);
    await listed(12, 4);
    // 50 % of 30. What was counted before the end is not counted again.
    assert.equal(revoked().length, ALL / 2);
    assert.equal(standing()['waiting'], DUE - ALL / 2);
    await openndes.output(['directory', 'approve', 'corp', '--config', config.directory]);
    await listed(16, 5);
    assert.deepEqual(revoked(), wiped);
    assert.equal(rows("select id from audit where event = 'revoked'").length, DUE);
    assert.equal(rows('select * from blocks').length, DUE);
  });
