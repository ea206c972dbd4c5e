/** A running server loads its configuration again: TLS, profiles, policies, users. All or nothing. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { startServer } from '../../src/app/configured-server.ts';
import { createRoot } from '../../src/ca/create.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { DAY } from '../../src/core/durations.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { readCertificate, readValidity } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { writePrivateFile, writePublicFile } from '../../src/app/files.ts';
import { newRsaKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';
import { installed, rows } from './installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };

/** `change` rewrites the configuration and loads it again. */
async function reloadable(t: TestContext, first?: (config: string) => string) {
  const place = await installed(t, first);
  const server = await startServer(place.config, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  const change = async (replace: (config: string) => string): Promise<void> => {
    writeFileSync(place.config, replace(readFileSync(place.config, 'utf8')));
    await server.reload();
  };
  return { ...place, server, url: server.urls[0]!, change };
}

async function outcome(url: string, challenge: string) {
  const scep = await discover(url, context);
  return enroll(scep, { key: newRsaKey(), subject: nameFromText('CN=laptop'), challenge }, context);
}

async function days(url: string, challenge: string): Promise<number> {
  const reply = await outcome(url, challenge);
  assert.ok(reply.status === 'success', reply.status);
  const { notBefore, notAfter } = readValidity(readCertificate(reply.certificates[0]!));
  return Math.round((notAfter.getTime() - notBefore.getTime()) / DAY);
}

test('after a reload the new challenge and the new profile apply, at the same address', async (t) => {
  const { url, challenge, change, folder } = await reloadable(t);
  const before = await days(url, challenge);
  assert.ok(before >= 365, String(before));
  writeFileSync(join(folder, 'challenge.txt'), 'the-challenge-of-today\n');
  await change((config) => config.replace('validity: 365d', 'validity: 30d'));
  assert.equal((await outcome(url, challenge)).status, 'failure');
  const after = await days(url, 'the-challenge-of-today');
  assert.ok(after >= 30 && after <= 31, String(after));
});

test('a configuration with one mistake changes nothing, and the next good one is taken', async (t) => {
  const { url, challenge, change, folder } = await reloadable(t);
  writeFileSync(join(folder, 'challenge.txt'), 'the-challenge-of-today\n');
  await change((config) => config.replace('ra: auto', 'ra: automatic'));
  assert.equal((await outcome(url, challenge)).status, 'success');
  assert.equal((await outcome(url, 'the-challenge-of-today')).status, 'failure');
  await change((config) => config.replace('ra: automatic', 'ra: auto'));
  assert.equal((await outcome(url, 'the-challenge-of-today')).status, 'success');
});

test('what needs a restart is not half taken over', async (t) => {
  const { url, challenge, change, folder } = await reloadable(t);
  writeFileSync(join(folder, 'challenge.txt'), 'the-challenge-of-today\n');
  await change((config) => config.replace('sqlite:./openndes.db', 'sqlite:./other.db'));
  assert.equal((await outcome(url, challenge)).status, 'success');
  await change((config) => config.replace('sqlite:./other.db', 'sqlite:./openndes.db'));
  assert.equal((await outcome(url, challenge)).status, 'failure');
});

test('an endpoint comes and goes with a reload', async (t) => {
  const { url, change } = await reloadable(t);
  const lab = '  - { path: /scep/lab, policy: { static: abcdefgh } }\n';
  const caps = async () => (await fetch(`${new URL(url).origin}/scep/lab?operation=GetCACaps`)).status;
  assert.equal(await caps(), 404);
  await change((config) => config + lab);
  assert.equal(await caps(), 200);
  await change((config) => config.replace(lab, ''));
  assert.equal(await caps(), 404);
});

test('the token of the administrator listener is replaced by a reload', async (t) => {
  const admin = (token: string) => `admin: { port: 0, token: ${token} }\n`;
  const oneTime = (config: string) =>
    config.replace('policy: { static: "${file:challenge.txt}" }', 'policy: { oneTime: {} }');
  const { server, change } = await reloadable(t, (config) => admin('the-first-token-of-all') + oneTime(config));
  const status = async (token: string) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${server.adminUrl}/api/challenges`, { method: 'POST', headers, body: '{}' });
    return response.status;
  };
  assert.deepEqual([await status('the-first-token-of-all'), await status('the-second-token-of-all')], [201, 401]);
  await change((config) => config.replace('the-first-token-of-all', 'the-second-token-of-all'));
  assert.deepEqual([await status('the-first-token-of-all'), await status('the-second-token-of-all')], [401, 201]);
});

/** A self-signed pair for TLS in the folder. */
async function tlsPair(folder: string, name: string): Promise<void> {
  const key = generateKey('p256');
  const plan = { subject: `CN=${name}`, key, validity: DAY, backdate: DAY, clock: systemClock, random: systemRandom };
  writePublicFile(join(folder, 'tls.pem'), certificatePem(await createRoot(plan)));
  writePrivateFile(join(folder, 'tls.key'), privateKeyPem(key.privateKey));
}

/** The subject of the certificate that a new connection gets. */
const served = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { rejectUnauthorized: false, agent: false as const };
    request(`${new URL(url).origin}/healthz`, options, (response) => {
      resolve(String((response.socket as TLSSocket).getPeerCertificate().subject['CN']));
      response.resume();
    })
      .on('error', reject)
      .end();
  });

test('the administrator’s listener shows its new TLS certificate after a reload', async (t) => {
  const { folder, config } = await installed(t, (text) =>
    text.replace(/^listen:/m, 'admin: { port: 0, tls: { certificate: tls.pem, key: tls.key } }\nlisten:'),
  );
  await tlsPair(folder, 'first');
  const server = await startServer(config, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  assert.match(server.adminUrl ?? '', /^https:/);
  assert.equal(await served(server.adminUrl!), 'first');
  await tlsPair(folder, 'second');
  await server.reload();
  assert.equal(await served(server.adminUrl!), 'second');
});

test('new connections get the new TLS certificate after a reload; a pair that does not fit changes nothing', async (t) => {
  const { folder, server, url } = await (async () => {
    const place = await installed(t, (config) =>
      config.replace('port: 0 }', 'port: 0, tls: { certificate: tls.pem, key: tls.key } }'),
    );
    await tlsPair(place.folder, 'first');
    const running = await startServer(place.config, { logLevel: 'silent', workers: 1 });
    t.after(() => running.close());
    return { ...place, server: running, url: running.urls[0]! };
  })();
  assert.equal(await served(url), 'first');
  const key = readFileSync(join(folder, 'tls.key'));
  await tlsPair(folder, 'second');
  const fitting = readFileSync(join(folder, 'tls.key'));
  writePrivateFile(join(folder, 'tls.key'), key);
  await server.reload();
  assert.equal(await served(url), 'first');
  writePrivateFile(join(folder, 'tls.key'), fitting);
  await server.reload();
  assert.equal(await served(url), 'second');
});

test('of several listeners each gets its own new TLS certificate after a reload; another number of them needs a restart', async (t) => {
  const list = (name: string, more = '') => `listen:
  - { host: 127.0.0.1, port: 0, tls: { certificate: ${name}/tls.pem, key: ${name}/tls.key } }
  - { host: 127.0.0.1, port: 0 }
  - { host: 127.0.0.1, port: 0, tls: { certificate: other/tls.pem, key: other/tls.key } }
${more}`;
  const { folder, config } = await installed(t);
  for (const name of ['one', 'other', 'next']) {
    mkdirSync(join(folder, name));
    await tlsPair(join(folder, name), name);
  }
  const write = (listen: string): void =>
    writeFileSync(config, readFileSync(config, 'utf8').replace(/^listen:.*\n( {2}- \{ host.*\n)*/m, listen));
  write(list('one'));
  const server = await startServer(config, { logLevel: 'silent' });
  t.after(() => server.close());
  const [first = '', second = '', third = ''] = server.urls;
  const state = async () => [
    await served(first),
    (await fetch(`${second}?operation=GetCACaps`)).status,
    await served(third),
  ];
  assert.deepEqual(await state(), ['one', 200, 'other']);
  write(list('next'));
  await server.reload();
  assert.deepEqual(await state(), ['next', 200, 'other']);
  await tlsPair(join(folder, 'other'), 'newer');
  write(list('one', '  - { host: 127.0.0.1, port: 0 }\n'));
  await server.reload();
  assert.deepEqual(await state(), ['next', 200, 'other'], 'a fourth listener needs a restart');
  write(list('one'));
  await server.reload();
  assert.deepEqual(await state(), ['one', 200, 'newer']);
});

test('a request that does not end does not keep the jobs of the old configuration running', async (t) => {
  let asked = 0;
  const tenant = createServer((socket) => {
    asked++;
    socket.on('error', () => {}).destroy();
  }).listen(0, '127.0.0.1');
  await once(tenant, 'listening');
  t.after(() => tenant.close());
  const url = `https://127.0.0.1:${(tenant.address() as AddressInfo).port}`;
  const tenants = `tenants:
  corp:
    tenant: contoso.onmicrosoft.com
    clientId: 00000000-0000-0000-0000-000000000000
    clientSecret: a-secret-of-the-old-configuration
    cloud: { login: ${url}, graph: ${url}, intune: ${url} }
`;
  const place = await installed(t, (config) => config + tenants);
  const server = await startServer(place.config, { logLevel: 'silent', workers: 1, watchEvery: 20 });
  t.after(() => server.close());
  await until(() => asked >= 2, 'two questions to the tenant', { every: 20 });
  const { port, pathname } = new URL(server.urls[0]!);
  const socket = connect(Number(port), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(`POST ${pathname}?operation=PKIOperation HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx`);
  await pause(100);
  writeFileSync(place.config, readFileSync(place.config, 'utf8').replace(tenants, ''));
  await server.reload();
  // A check that had begun may still try again.
  await pause(1_500);
  const before = asked;
  await pause(1_500);
  assert.equal(asked, before);
});

test('a reload with another CA while a request is decided or its certificate notified: that request ends as it began', async (t) => {
  const other = await installed(t);
  for (const gate of ['decide', 'notify'] as const) {
    const place = await installed(t, (text) => text.replace(/policy: { static: .*/, 'policy: { module: ./gates.mjs }'));
    writeFileSync(join(place.folder, 'gates.mjs'), GATES, { mode: 0o600 });
    const server = await startServer(place.config, { logLevel: 'silent' });
    t.after(() => server.close());
    const gates = new Map<string, () => void>();
    Object.assign(globalThis, { [GATE]: (name: string) => new Promise<void>((open) => void gates.set(name, open)) });
    const arrived = (name: string) => until(() => gates.has(name), `the call of ${name}`, { every: 10 });
    const reply = outcome(server.urls[0]!, 'none');
    await arrived('decide');
    if (gate === 'notify') {
      gates.get('decide')?.();
      await arrived('notify');
    }
    const text = readFileSync(place.config, 'utf8').replaceAll(' certs/', ` ${other.folder}/certs/`);
    writeFileSync(place.config, text.replace('file:certs/', `file:${other.folder}/certs/`));
    await server.reload();
    gates.get(gate)?.();
    if (gate === 'decide') {
      await arrived('notify');
      gates.get('notify')?.();
    }
    const answer = await reply;
    assert.ok(answer.status === 'success', gate);
    const [leaf] = answer.certificates;
    assert.ok(subjectOf(join(place.folder, 'certs/issuing-ca.pem')).equals(readCertificate(leaf!).issuer), gate);
    const [stored] = rows(await place.cli('certs', 'list', '--json'));
    assert.equal(stored?.['state'], 'delivered', gate);
    await server.close();
  }
});

const GATE = 'openndesGateOfTheTest';
const GATES = `
  const pass = (name) => globalThis.${GATE}(name);
  export default () => ({
    name: 'gates',
    decide: async () => (await pass('decide'), { kind: 'allow', notify: 'strict' }),
    notify: async () => (await pass('notify'), {}),
  });`;

const subjectOf = (path: string): Buffer => {
  const [, base64 = ''] = /-----BEGIN CERTIFICATE-----([^-]*)/.exec(readFileSync(path, 'latin1')) ?? [];
  return Buffer.from(readCertificate(Buffer.from(base64, 'base64')).subject);
};

test('reloads at the same time as requests and as the end lose nothing', async (t) => {
  const { url, challenge, server } = await reloadable(t);
  const requests = Array.from({ length: 12 }, () => outcome(url, challenge));
  const reloads = Promise.all([server.reload(), server.reload(), server.reload()]);
  const replies = await Promise.all(requests);
  assert.deepEqual(
    replies.map(({ status }) => status),
    Array.from({ length: 12 }, () => 'success'),
  );
  await reloads;
  void server.reload();
  await server.close();
  await assert.rejects(fetch(url));
});

/** `openndes serve` as a process of its own; `event` waits for the next log line of this name. */
function serverProcess(t: TestContext, config: string) {
  const bin = join(import.meta.dirname, '../../bin/openndes.mjs');
  const child = spawn(process.execPath, [bin, 'serve', '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
  const event = async (name: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the server ended before ${name}`);
      const line = JSON.parse(value) as Record<string, unknown>;
      if (line['event'] === name) return line;
    }
  };
  return { child, event };
}

const SIGNALS = { skip: process.platform === 'win32' && 'no signals' };

test('serve: SIGHUP while it starts does not end it; it reloads as soon as it runs', SIGNALS, async (t) => {
  const { config, folder } = await installed(t, (text) =>
    text.replace(/policy: { static: .*/, 'policy: { module: ./slow.mjs }'),
  );
  const slow = `console.error('{"event":"starting"}'); await new Promise((done) => setTimeout(done, 300));
    export default () => ({ name: 'slow', decide: async () => ({ kind: 'deny', code: 'policy_denied', detail: 'no' }) });`;
  writeFileSync(join(folder, 'slow.mjs'), slow, { mode: 0o600 });
  const { child, event } = serverProcess(t, config);
  await event('starting');
  child.kill('SIGHUP');
  await event('server-started');
  await event('configuration-reloaded');
});

test(
  'serve: SIGHUP reloads and is logged, a mistake is logged at level error, SIGTERM ends with exit 0',
  SIGNALS,
  async (t) => {
    const { config, folder } = await installed(t);
    const { child, event } = serverProcess(t, config);
    const started = await event('server-started');
    assert.match(String(started['version']), /^\d+\.\d+\.\d+$/);
    assert.match(String(started['listeners']), /^127\.0\.0\.1:\d+$/);
    if (process.platform === 'linux') assert.equal(readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim(), 'openndes');
    child.kill('SIGHUP');
    assert.equal((await event('configuration-reloaded'))['endpoints'], 1);
    writeFileSync(join(folder, 'challenge.txt'), 'short');
    writeFileSync(config, readFileSync(config, 'utf8').replace('ra: auto', 'ra: automatic'));
    child.kill('SIGHUP');
    const failed = await event('configuration-not-reloaded');
    assert.equal(failed['level'], 50);
    assert.match(JSON.stringify(failed['err']), /authorities\.issuing\.ra/);
    child.kill('SIGTERM');
    await event('server-stopping');
    await event('server-stopped');
    const [code] = (await once(child, 'exit')) as [number];
    assert.equal(code, 0);
  },
);
