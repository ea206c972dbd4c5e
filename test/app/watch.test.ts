/** What ends while a server runs: the RA is renewed, and all else is announced and reported. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { type StartOptions, startServer } from '../../src/app/configured-server.ts';
import { watch } from '../../src/app/watch.ts';
import { createRa, createRoot } from '../../src/ca/create.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey, keyFromPem, privateKeyPem } from '../../src/keys/software.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { handClock } from '../kit/clock.ts';
import { newRsaKey } from '../kit/keys.ts';
import { keptLog } from '../kit/log.ts';
import { root } from '../kit/pki.ts';
import { watchedCertificate } from '../../src/pkix/watched-certificates.ts';
import { installed } from './installation.ts';

const DAY = 86_400_000;
const context = { fetch, clock: systemClock, random: systemRandom };

/** The time of the system, moved forward by hand. */
function movedClock() {
  let ahead = 0;
  const clock = (): Date => new Date(systemClock().getTime() + ahead);
  return { clock, forward: (days: number) => void (ahead += days * DAY) };
}

const withAdmin = (config: string): string => `admin: { port: 0, token: a-token-of-more-than-16 }\n${config}`;

async function running(t: TestContext, config: string, options: StartOptions = {}) {
  const server = await startServer(config, { logLevel: 'silent', watchEvery: 20, ...options });
  t.after(() => server.close());
  const url = server.urls[0]!;
  const admin = server.adminUrl ?? assert.fail('no administrators');
  const origin = new URL(url).origin;
  const ready = async (at: string) => {
    const response = await fetch(`${at}/readyz`);
    return { status: response.status, body: (await response.json()) as Record<string, Record<string, string>> };
  };
  const page = async (at: string) => (await fetch(at)).text();
  return { url, origin, admin, ready, page };
}

const thumbprintOf = (der: Uint8Array | undefined): string => new X509Certificate(der!).fingerprint;
const device = (challenge: string) => ({ key: newRsaKey(), subject: nameFromText('CN=device'), challenge });

/** Puts an RA into the folder of an installation that has this many days left. Returns its certificate, DER. */
async function raOfDays(folder: string, days: number): Promise<Uint8Array> {
  const at = (name: string): string => join(folder, 'certs', name);
  const ca = {
    certificate: new Uint8Array(new X509Certificate(readFileSync(at('issuing-ca.pem'))).raw),
    key: keyFromPem(readFileSync(at('issuing-ca.key.pem'), 'utf8'), 'the CA'),
  };
  const key = generateKey('rsa-2048');
  const validity = days * DAY;
  const plan = { subject: 'CN=Earlier RA', key, validity, backdate: 0, clock: systemClock, random: systemRandom };
  const ra = await createRa(plan, ca, 'both');
  writeFileSync(at('ra.pem'), certificatePem(ra));
  writeFileSync(at('ra.key.pem'), privateKeyPem(key.privateKey), { mode: 0o600 });
  return ra;
}

/** Tries until it holds, for five seconds. */
async function becomes(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await pause(25);
  }
  assert.fail('it did not become true');
}

test('A08 a server that runs on renews its RA 30 days before the end: GetCACert has the next one, and the old one still opens', async (t) => {
  const { folder, config, challenge } = await installed(t, withAdmin);
  const { clock, forward } = movedClock();
  const before = await raOfDays(folder, 30.5);
  const { url, ready, admin } = await running(t, config, { clock });
  const first = await discover(url, { ...context, clock });
  assert.equal(thumbprintOf(first.recipient), thumbprintOf(before));
  forward(1);
  await becomes(async () => thumbprintOf((await discover(url, context)).recipient) !== thumbprintOf(before));
  const next = await discover(url, context);
  assert.match(new X509Certificate(next.recipient).subject, /CN=Test Issuing CA RA/);
  // The reply is signed by the next RA, so the client must know it; the message is encrypted to the old one.
  const mixed = { ...next, recipient: first.recipient };
  assert.equal((await enroll(mixed, device(challenge), { ...context, clock })).status, 'success');
  assert.equal((await enroll(next, device(challenge), { ...context, clock })).status, 'success');
  const { status, body } = await ready(admin);
  assert.deepEqual([status, body['endpoints']], [200, { '/certsrv/mscep/mscep.dll': 'ok' }]);
});

test('an RA that begins in the future is made anew while the server runs: the clock was wrong, and then corrected', async (t) => {
  const { config } = await installed(t, withAdmin);
  const { clock, forward } = movedClock();
  forward(400);
  const { url } = await running(t, config, { clock });
  const first = thumbprintOf((await discover(url, context)).recipient);
  forward(-400);
  await becomes(async () => thumbprintOf((await discover(url, context)).recipient) !== first);
  const { recipient } = await discover(url, context);
  assert.ok(new X509Certificate(recipient).validFromDate < systemClock());
});

test('a CA that ends while the server runs: not ready, red in the detail, and the page for browsers says it', async (t) => {
  const { config } = await installed(t, withAdmin);
  const { clock, forward } = movedClock();
  const { url, origin, admin, ready, page } = await running(t, config, { clock });
  assert.deepEqual(await ready(origin), { status: 200, body: { status: 'ok' } });
  assert.match(await page(url), /&#10003;<\/span> This is a SCEP server, and it answers/);
  forward(10 * 365 - 20);
  await becomes(async () => (await ready(admin)).body['endpoints']!['/certsrv/mscep/mscep.dll'] === 'ok');
  const soon = (await ready(admin)).body['certificates'] as unknown as { what: string; standing: string }[];
  assert.deepEqual(
    soon.map(({ what, standing }) => `${what}: ${standing}`),
    ['authority issuing: issuing CA: ends', 'authority issuing: root CA: valid', 'authority issuing: RA: valid'],
  );
  forward(21);
  // It is checked once a second at most.
  await becomes(async () => (await ready(origin)).status === 503);
  assert.deepEqual((await ready(origin)).body, { status: 'failed' });
  const { status, body } = await ready(admin);
  assert.equal(status, 503);
  assert.match(
    body['endpoints']!['/certsrv/mscep/mscep.dll']!,
    /^failed: issuing CA CN=Test Issuing CA ended at \d{4}-\d\d-\d\dT/,
  );
  const text = await page(url);
  assert.match(text, /&#10007;<\/span> This SCEP server answers, and it cannot issue certificates now/);
  assert.doesNotMatch(text, /&#10003;/);
});

test('serve starts while one endpoint can serve: another one, whose CA has ended, is red in the detail', async (t) => {
  const { folder, config, challenge } = await installed(t, withAdmin);
  const key = generateKey('p256');
  const longAgo = () => new Date(systemClock().getTime() - 100 * DAY);
  const plan = { subject: 'CN=Old CA', key, validity: 50 * DAY, backdate: 0, clock: longAgo, random: systemRandom };
  mkdirSync(join(folder, 'old'));
  writeFileSync(join(folder, 'old/ca.pem'), certificatePem(await createRoot(plan)));
  writeFileSync(join(folder, 'old/ca.key.pem'), privateKeyPem(key.privateKey), { mode: 0o600 });
  const both = readFileSync(config, 'utf8')
    .replace('authorities:\n', 'authorities:\n  old: { certificate: old/ca.pem, key: "file:old/ca.key.pem" }\n')
    .replace(
      'endpoints:\n',
      'endpoints:\n  - { path: /old, authority: old, profile: device, policy: { static: abcdefgh } }\n',
    );
  writeFileSync(config, both);
  const { url, admin, ready, origin } = await running(t, config);
  assert.equal((await fetch(`${origin}/old?operation=GetCACaps`)).status, 404);
  assert.equal((await enroll(await discover(url, context), device(challenge), context)).status, 'success');
  const { status, body } = await ready(admin);
  assert.equal(status, 200);
  assert.equal(body['endpoints']!['/certsrv/mscep/mscep.dll'], 'ok');
  assert.match(body['endpoints']!['/old']!, /^failed: [^]*Old CA/);
});

test('serve does not start when no endpoint can serve', async (t) => {
  const { folder, config } = await installed(t);
  writeFileSync(join(folder, 'certs/issuing-ca.pem'), 'nothing');
  await assert.rejects(startServer(config, { logLevel: 'silent' }), ConfigError);
});

test('people who open the name of a server or the administrators’ URL get a page', async (t) => {
  const { config } = await installed(t, withAdmin);
  const { origin, admin, page } = await running(t, config);
  for (const [at, text] of [
    [origin, 'Devices ask for certificates here'],
    [admin, '<a href="/readyz">'],
  ] as const) {
    const response = await fetch(at);
    assert.deepEqual([response.status, response.headers.get('content-type')?.split(';')[0]], [200, 'text/html']);
    assert.ok((await page(at)).includes(text), at);
  }
});

test('what ends is said once a day, and as an error when it has ended', async () => {
  const clock = handClock();
  const { emit, lines } = keptLog();
  const { notAfter } = watchedCertificate('x', root.certificate).validity;
  const watched = () => [watchedCertificate('authority issuing: root CA', root.certificate)];
  const { look } = watch({ watched, keepers: [], crls: new Map(), clock, emit });
  const said = (): string[] =>
    lines.splice(0).map((line) => {
      const { level, event, what, days } = JSON.parse(line) as Record<string, string>;
      return [level, event, what, days].filter((part) => part !== undefined).join(' ');
    });
  look();
  assert.deepEqual(said(), []);
  clock.forward(notAfter.getTime() - clock().getTime() - 10 * DAY);
  look();
  look();
  assert.deepEqual(said(), ['40 certificate-ends authority issuing: root CA 10']);
  clock.forward(DAY);
  look();
  assert.deepEqual(said(), ['40 certificate-ends authority issuing: root CA 9']);
  clock.forward(10 * DAY);
  look();
  look();
  assert.deepEqual(said(), ['50 certificate-not-in-force authority issuing: root CA']);
});

test('an RA that cannot be renewed and a list that cannot be signed are errors, once a day, and nothing else stops', async () => {
  const clock = handClock();
  const { emit, lines } = keptLog();
  const fails = () => Promise.reject(new Error('read-only folder'));
  const keeper = { current: () => assert.fail(), automatic: true, renew: fails };
  const { job } = watch({ watched: () => [], keepers: [keeper], crls: new Map([['issuing', fails]]), clock, emit });
  await job.run(new AbortController().signal);
  await job.run(new AbortController().signal);
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { event: string }).event),
    ['ra-not-renewed', 'revocation-list-failed'],
  );
});
