/** The watch of a server that loads its configuration again: that of the newest loading runs, and no other. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { createRoot } from '../../src/ca/create.ts';
import { discover } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { until } from '../kit/until.ts';
import { installed } from './installation.ts';
import { context, DAY, movedClock, raOfDays, running, thumbprintOf, withAdmin } from './watch-under-test.ts';

/** `change` rewrites the configuration and loads it again. `next` waits until GetCACert has another RA than `before`. */
async function reloadable(t: TestContext, folder: string, config: string) {
  const before = await raOfDays(folder, 30.5);
  const { clock, forward } = movedClock();
  const { url, reload } = await running(t, config, { clock });
  const change = async (replace: (text: string) => string): Promise<void> => {
    writeFileSync(config, replace(readFileSync(config, 'utf8')));
    await reload();
  };
  const served = async (): Promise<string> => thumbprintOf((await discover(url, context)).recipient);
  assert.equal(await served(), thumbprintOf(before));
  const next = () => until(async () => (await served()) !== thumbprintOf(before), 'another RA at GetCACert');
  return { forward, reload, change, served, next };
}

const retired = (folder: string): string[] =>
  readdirSync(join(folder, 'certs')).filter((name) => /^ra-[0-9a-f]{16}\.pem$/.test(name));

const OTHER_CA = '  other: { certificate: other/ca.pem, key: "file:other/ca.key.pem" }\n';
const OTHER_ENDPOINT = '  - { path: /other, authority: other, profile: device, policy: { static: abcdefgh } }\n';

test('after a reload the new watch renews the RA of what is configured now, and the old one renews nothing more', async (t) => {
  const { folder, config } = await installed(t, (text) =>
    withAdmin(text)
      .replace('authorities:\n', `authorities:\n${OTHER_CA}`)
      .replace('endpoints:\n', `endpoints:\n${OTHER_ENDPOINT}`),
  );
  const key = generateKey('p256');
  const plan = {
    subject: 'CN=Other',
    key,
    validity: 5000 * DAY,
    backdate: 0,
    clock: systemClock,
    random: systemRandom,
  };
  mkdirSync(join(folder, 'other'));
  writeFileSync(join(folder, 'other/ca.pem'), certificatePem(await createRoot(plan)));
  writeFileSync(join(folder, 'other/ca.key.pem'), privateKeyPem(key.privateKey), { mode: 0o600 });
  // The endpoint that stays first in the list of URLs.
  writeFileSync(config, moved(readFileSync(config, 'utf8')));
  const { forward, change, next } = await reloadable(t, folder, config);
  const others = (): string[] => readdirSync(join(folder, 'other')).toSorted();
  assert.deepEqual(others(), ['ca.key.pem', 'ca.pem', 'ra.key.pem', 'ra.pem']);
  const ra = readFileSync(join(folder, 'other/ra.pem'), 'utf8');
  await change((text) => text.replace(OTHER_CA, '').replace(OTHER_ENDPOINT, ''));
  // Two years on, both RAs are to be renewed.
  forward(720);
  await next();
  await pause(200);
  assert.deepEqual(others(), ['ca.key.pem', 'ca.pem', 'ra.key.pem', 'ra.pem']);
  assert.equal(readFileSync(join(folder, 'other/ra.pem'), 'utf8'), ra);
});

/** The endpoint of the other CA at the end. */
const moved = (text: string): string => `${text.replace(OTHER_ENDPOINT, '').trimEnd()}\n${OTHER_ENDPOINT}`;

test('an RA that is due while reloads happen is made once', async (t) => {
  const { folder, config } = await installed(t, withAdmin);
  const { forward, reload, served, next } = await reloadable(t, folder, config);
  forward(1);
  await Promise.all([reload(), pause(20).then(reload), next()]);
  await pause(200);
  assert.equal(retired(folder).length, 1);
  assert.equal(await served(), thumbprintOf(readFileSync(join(folder, 'certs/ra.pem'))));
});

test('a reload that fails leaves the watch of before running', async (t) => {
  const { folder, config } = await installed(t, withAdmin);
  const { forward, change, next } = await reloadable(t, folder, config);
  await change((text) => text.replace('ra: auto', 'ra: automatic'));
  forward(1);
  await next();
  assert.equal(retired(folder).length, 1);
});

test('a reload does not go on with a part: an authority that cannot be used leaves everything as it was', async (t) => {
  const { folder, config } = await installed(t, withAdmin);
  const { url, reload, ready, admin } = await running(t, config);
  const text = readFileSync(config, 'utf8');
  writeFileSync(
    config,
    text
      .replace('authorities:\n', `authorities:\n${OTHER_CA}`)
      .replace('endpoints:\n', `endpoints:\n${OTHER_ENDPOINT}`),
  );
  await reload();
  assert.deepEqual((await ready(admin)).body['endpoints'], { '/certsrv/mscep/mscep.dll': 'ok' });
  assert.equal((await fetch(`${url}?operation=GetCACaps`)).status, 200);
  assert.deepEqual(retired(folder), []);
});
