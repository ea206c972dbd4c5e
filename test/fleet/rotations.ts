/**
 * Credentials of a tenant are replaced while devices enrol without a pause: not one of them notices it. `npm test` has a few
 * enrolments between the rotations, `npm run fleet` many.
 */
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { createRoot } from '../../src/ca/create.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { DAY } from '../../src/core/durations.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { newRsaKey, rsaKey } from '../kit/keys.ts';
import { installed } from '../app/installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };
/** Devices that enrol at the same time, each again and again. */
const DEVICES = 4;

/** A simulated tenant, and an installation for it. `start` takes its credential, and devices begin to enrol. */
async function underLoad(t: TestContext, between: number) {
  const simulator = await startSimulator({ clock: systemClock, random: systemRandom });
  t.after(() => simulator.close());
  const place = await installed(t, (text) => text.replace(/policy: \{ static.*$/m, 'policy: { intune: corp }'));
  const write = (name: string, text: string): string => {
    const path = join(place.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const { tenant, clientId, cloud } = simulator.tenant;
  const start = async (credential: object) => {
    const section = { tenant, clientId, cloud, trustCa: write('sim.pem', simulator.caPem), ...credential };
    writeFileSync(place.config, `\ntenants: ${JSON.stringify({ corp: section })}\n`, { flag: 'a' });
    const server = await startServer(place.config, { logLevel: 'silent', workers: 1 });
    t.after(() => server.close());
    return {
      server,
      ...enrolments(t, { url: server.urls[0]!, mint: (subject) => simulator.mint({ subject }), between }),
    };
  };
  const statusesOf = (hop: string): number[] =>
    simulator
      .calls()
      .filter((call) => call.hop === hop)
      .map(({ status }) => status);
  return { simulator, write, start, statusesOf };
}

type Load = { url: string; mint: (subject: string) => string; between: number };

/** Devices enrol until `stop`. `more` resolves after so many further enrolments. */
function enrolments(t: TestContext, { url, mint, between }: Load) {
  const statuses: string[] = [];
  const key = rsaKey('rotation');
  let stopped = false;
  const loop = async (device: number): Promise<void> => {
    const scep = await discover(url, context);
    for (let count = 0; !stopped; count++) {
      const subject = `CN=device-${device}-${count}`;
      const plan = { key, subject: nameFromText(subject), challenge: mint(subject) };
      statuses.push((await enroll(scep, plan, context)).status);
    }
  };
  const loops = Promise.all(Array.from({ length: DEVICES }, (_, device) => loop(device)));
  const stop = async (): Promise<string[]> => {
    stopped = true;
    await loops;
    return statuses;
  };
  t.after(stop);
  const more = async (): Promise<void> => {
    const wanted = statuses.length + between;
    while (statuses.length < wanted) await Promise.race([pause(10), loops]);
  };
  return { stop, more };
}

function assertAllCertified(statuses: readonly string[], least: number): void {
  assert.ok(statuses.length >= least, `${statuses.length} enrolments`);
  assert.deepEqual([...new Set(statuses)], ['success']);
}

/** Entra refused no credential: one token for Graph and one for Intune, and one after each of two revocations. */
const TOKENS = [200, 200, 200, 200];

/** Services refused the tokens that were revoked, and nothing else. */
function assertRevoked(answers: readonly number[]): void {
  assert.deepEqual([...new Set(answers)].toSorted(), [200, 401]);
}

async function clientSecret(t: TestContext, between: number): Promise<void> {
  const { simulator, write, start, statusesOf } = await underLoad(t, between);
  const first = simulator.app.view().secrets[0]!.keyId;
  write('secret', simulator.tenant.clientSecret);
  const { server, stop, more } = await start({ clientSecret: '${file:secret}' });
  let old = first;
  for (let rotation = 0; rotation < 2; rotation++) {
    await more();
    const { keyId, value } = simulator.app.addSecret();
    write('secret', value);
    await server.reload();
    // Requests that began before the reload end with the old secret.
    await more();
    simulator.app.removeSecret(old);
    simulator.revokeTokens();
    old = keyId;
  }
  await more();
  assertAllCertified(await stop(), 5 * between);
  assert.deepEqual([...new Set(statusesOf('token'))], [200]);
}

async function appCertificate(name: string) {
  const key = newRsaKey();
  const plan = { subject: `CN=${name}`, key, validity: 30 * DAY, backdate: DAY };
  const der = await createRoot({ ...plan, clock: systemClock, random: systemRandom });
  return { pem: certificatePem(der), key: privateKeyPem(key.privateKey) };
}

async function certificateAndKey(t: TestContext, between: number): Promise<void> {
  const { simulator, write, start, statusesOf } = await underLoad(t, between);
  const first = await appCertificate('app-0');
  let old = simulator.app.addCertificate({ pem: first.pem }).keyId;
  const certificate = { file: write('app.pem', first.pem), key: `file:${write('app.key.pem', first.key)}` };
  const { stop, more } = await start({ certificate });
  for (let rotation = 1; rotation <= 2; rotation++) {
    const next = await appCertificate(`app-${rotation}`);
    await more();
    const { keyId } = simulator.app.addCertificate({ pem: next.pem });
    write('app.pem', next.pem);
    simulator.app.removeCertificate(old);
    // Now a token is needed, and the key is still the old one.
    simulator.revokeTokens();
    await pause(150);
    write('app.key.pem', next.key);
    old = keyId;
  }
  await more();
  assertAllCertified(await stop(), 3 * between);
  assert.deepEqual(statusesOf('token'), TOKENS);
  assertRevoked(statusesOf('validateRequest').concat(statusesOf('successNotification')));
}

async function federatedAssertion(t: TestContext, between: number): Promise<void> {
  const { simulator, write, start, statusesOf } = await underLoad(t, between);
  const issuers = [0, 1, 2].map((each) => `https://cluster-${each}.example`);
  const subject = 'system:serviceaccount:scep:openndes';
  const assertion = (issuer: string): string => simulator.app.assertion({ issuer, subject });
  let old = simulator.app.addFederated({ issuer: issuers[0]!, subject }).id;
  const file = write('token', assertion(issuers[0]!));
  const { stop, more } = await start({ federated: { file } });
  for (const issuer of issuers.slice(1)) {
    await more();
    const { id } = simulator.app.addFederated({ issuer, subject });
    write('token', '');
    simulator.app.removeFederated(old);
    simulator.revokeTokens();
    await pause(150);
    renameSync(write('token.next', assertion(issuer)), file);
    old = id;
  }
  await more();
  assertAllCertified(await stop(), 3 * between);
  assert.deepEqual(statusesOf('token'), TOKENS);
  assertRevoked(statusesOf('validateRequest').concat(statusesOf('successNotification')));
}

async function revokedToken(t: TestContext, between: number): Promise<void> {
  const { simulator, write, start, statusesOf } = await underLoad(t, between);
  write('secret', simulator.tenant.clientSecret);
  const { stop, more } = await start({ clientSecret: '${file:secret}' });
  for (let time = 0; time < 2; time++) {
    await more();
    simulator.revokeTokens();
  }
  await more();
  assertAllCertified(await stop(), 3 * between);
  assert.deepEqual(statusesOf('token'), TOKENS);
  assertRevoked(statusesOf('validateRequest').concat(statusesOf('successNotification')));
}

const ROTATIONS = {
  'a client secret is replaced by a reload while devices enrol': clientSecret,
  'a certificate and its key are replaced in their files while devices enrol, one file after the other':
    certificateAndKey,
  'a federated assertion is replaced in its file while devices enrol, also when the file is empty for a moment':
    federatedAssertion,
  'a token that is revoked while devices enrol is renewed once, by one call for all of them': revokedToken,
};

/** The tests, with at least so many enrolments before, between and after the rotations. */
export function rotations(between: number): void {
  for (const [title, run] of Object.entries(ROTATIONS)) test(title, (t) => run(t, between));
}
