/** Devices enrol all the time while an RA ends and a CA follows another one: none fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { startServer } from '../../src/app/configured-server.ts';
import { discover } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { startLoad } from '../kit/device-load.ts';
import { until } from '../kit/until.ts';
import { DAY } from '../wiring/files.ts';
import { installed } from './installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };
const recipientAt = async (url: string): Promise<X509Certificate> =>
  new X509Certificate((await discover(url, context)).recipient);

test('the RA ends and is renewed, and the CA rolls over to a new key, under load: no enrolment fails', async (t) => {
  // Devices that are on their way when the clock is moved have signed in its past. The CA has the clock of the system.
  const place = await installed(t, (config) =>
    config
      .replace('profile: device\n', 'profile: device\n    signingTime: off\n')
      .replace('validity: 365d, maxValidity: 730d', 'validity: 1000d, maxValidity: 1000d'),
  );
  let ahead = 0;
  const clock = (): Date => new Date(systemClock().getTime() + ahead);
  const server = await startServer(place.config, { logLevel: 'silent', workers: 1, watchEvery: 50, clock });
  t.after(() => server.close());
  const url = server.urls[0]!;
  const load = startLoad({ url, challenge: place.challenge, atOnce: 4, clock, trustsNext: true });
  await load.more(10);
  const first = await recipientAt(url);
  ahead = 702 * DAY;
  await until(async () => (await recipientAt(url)).serialNumber !== first.serialNumber, 'the next RA');
  await load.more(20);
  ahead = 731 * DAY;
  assert.ok(new Date(first.validTo) < clock());
  await load.more(10);
  const issuerKey = ['--issuer-key', join(place.folder, 'certs/root-ca.key.pem')];
  assert.equal((await place.cli('ca', 'rollover', 'start', '--new-key', ...issuerKey)).code, 0);
  await server.reload();
  await load.more(20);
  assert.equal((await place.cli('ca', 'rollover', 'finish')).code, 0);
  await server.reload();
  await load.more(20);
  await load.end();
  assert.deepEqual(load.faults, []);
  assert.ok(load.certificates.size >= 80);
  assert.deepEqual([...load.issuers.keys()], ['CN=Test Issuing CA', 'CN=Test Issuing CA G2']);
  assert.equal((await recipientAt(url)).issuer, 'CN=Test Issuing CA G2');
});

test('a server with two threads rolls over to a new key and then renews its certificate under load: no enrolment fails', async (t) => {
  const place = await installed(t);
  const server = await startServer(place.config, { logLevel: 'silent', workers: 2 });
  t.after(() => server.close());
  const load = startLoad({ url: server.urls[0]!, challenge: place.challenge, atOnce: 4, trustsNext: true });
  await load.more(10);
  for (const kind of ['--new-key', '--same-key']) {
    const issuerKey = ['--issuer-key', join(place.folder, 'certs/root-ca.key.pem')];
    assert.equal((await place.cli('ca', 'rollover', 'start', kind, ...issuerKey)).code, 0);
    await server.reload();
    await load.more(10);
    assert.equal((await place.cli('ca', 'rollover', 'finish')).code, 0);
    await server.reload();
    await load.more(10);
  }
  await load.end();
  assert.deepEqual(load.faults, []);
  assert.deepEqual([...load.issuers.keys()], ['CN=Test Issuing CA', 'CN=Test Issuing CA G2']);
});
