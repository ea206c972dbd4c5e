/** What ends while a server runs: the RA is renewed, and all else is announced and reported. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { readinessOf } from '../../src/app/standings.ts';
import { watch } from '../../src/app/watch.ts';
import { createRoot } from '../../src/ca/create.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { handClock } from '../kit/clock.ts';
import { keptLog } from '../kit/log.ts';
import { root } from '../kit/pki.ts';
import { until } from '../kit/until.ts';
import { watchedCertificate } from '../../src/pkix/watched-certificates.ts';
import { installed } from './installation.ts';
import { context, DAY, device, movedClock, raOfDays, running, thumbprintOf, withAdmin } from './watch-under-test.ts';

const servedRa = async (url: string): Promise<string> => thumbprintOf((await discover(url, context)).recipient);

test('A08 a server that runs on renews its RA 30 days before the end: GetCACert has the next one, and the old one still opens', async (t) => {
  const { folder, config, challenge } = await installed(t, withAdmin);
  const { clock, forward } = movedClock();
  const before = await raOfDays(folder, 30.5);
  const { url, ready, admin } = await running(t, config, { clock });
  const first = await discover(url, { ...context, clock });
  assert.equal(thumbprintOf(first.recipient), thumbprintOf(before));
  forward(1);
  await until(async () => (await servedRa(url)) !== thumbprintOf(before), 'another RA at GetCACert');
  const next = await discover(url, context);
  assert.match(new X509Certificate(next.recipient).subject, /CN=Test Issuing CA RA/);
  // A client that knows the old RA alone encrypts to it, and takes a reply from it alone.
  assert.equal((await enroll(first, device(challenge), { ...context, clock })).status, 'success');
  assert.equal((await enroll(next, device(challenge), { ...context, clock })).status, 'success');
  const { status, body } = await ready(admin);
  assert.deepEqual([status, body['endpoints']], [200, { '/certsrv/mscep/mscep.dll': 'ok' }]);
});

test('A08 the RA of a webhook, in a folder of its own, is renewed there while the server runs', async (t) => {
  const webhook = (text: string): string =>
    text.replace(
      /^ +policy: \{ static.*$/m,
      '    policy: { webhook: { url: "http://127.0.0.1:9/decide", secret: 0123456789abcdef } }',
    );
  const { folder, config, started } = await installed(t, (text) => withAdmin(webhook(text)));
  await (await started()).close();
  const certs = join(folder, 'certs');
  const [own] = readdirSync(certs).filter((name) => /^ra-webhook-[0-9a-f]{8}$/.test(name));
  const before = await raOfDays(folder, 30.5, own);
  const { clock, forward } = movedClock();
  const { url } = await running(t, config, { clock });
  const first = await discover(url, { ...context, clock });
  assert.equal(thumbprintOf(first.recipient), thumbprintOf(before));
  forward(1);
  await until(async () => (await servedRa(url)) !== thumbprintOf(before), 'another RA at GetCACert');
  const next = await discover(url, context);
  assert.match(new X509Certificate(next.recipient).subject, new RegExp(`CN=Test Issuing CA RA ${own!.slice(3)}$`));
  assert.match(
    readdirSync(join(certs, own!)).toSorted().join(' '),
    /^ra-[0-9a-f]{16}\.key\.pem ra-[0-9a-f]{16}\.pem ra\.key\.pem ra\.pem$/,
  );
  assert.equal(existsSync(join(certs, 'ra.pem')), false);
  // The webhook cannot be reached, so that a request waits that was opened.
  assert.equal((await enroll(first, device('any-challenge'), { ...context, clock })).status, 'pending');
});

test('an RA that begins in the future is made anew while the server runs: the clock was wrong, and then corrected', async (t) => {
  const { config } = await installed(t, withAdmin);
  const { clock, forward } = movedClock();
  forward(400);
  const { url } = await running(t, config, { clock });
  const first = await servedRa(url);
  forward(-400);
  await until(async () => (await servedRa(url)) !== first, 'another RA at GetCACert');
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
  const endpoint = async () => (await ready(admin)).body['endpoints']!['/certsrv/mscep/mscep.dll'];
  await until(async () => (await endpoint()) === 'ok', 'an endpoint that is ok');
  const soon = (await ready(admin)).body['certificates'] as unknown as { what: string; standing: string }[];
  assert.deepEqual(
    soon.map(({ what, standing }) => `${what}: ${standing}`),
    ['authority issuing: issuing CA: ends', 'authority issuing: root CA: valid', 'authority issuing: RA: valid'],
  );
  forward(21);
  // It is checked once a second at most.
  await until(async () => (await ready(origin)).status === 503, '503 at /readyz');
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

test('an authority of which a previous CA cannot be read has no list under the name of another CA', async (t) => {
  const { folder, config } = await installed(t, withAdmin);
  mkdirSync(join(folder, 'other'));
  for (const name of ['ca', 'older']) {
    const key = generateKey('p256');
    const plan = {
      subject: `CN=${name}`,
      key,
      validity: 500 * DAY,
      backdate: 0,
      clock: systemClock,
      random: systemRandom,
    };
    writeFileSync(join(folder, `other/${name}.pem`), certificatePem(await createRoot(plan)));
    writeFileSync(join(folder, `other/${name}.key.pem`), privateKeyPem(key.privateKey), { mode: 0o600 });
  }
  const files = (name: string): string => `certificate: other/${name}.pem, key: "file:other/${name}.key.pem"`;
  const other = `  other: { ${files('ca')}, previous: [{ ${files('missing')} }, { ${files('older')} }] }\n`;
  const endpoint = '  - { path: /other, authority: other, profile: device, policy: { static: abcdefgh } }\n';
  const text = readFileSync(config, 'utf8');
  writeFileSync(
    config,
    text.replace('authorities:\n', `authorities:\n${other}`).replace('endpoints:\n', `endpoints:\n${endpoint}`),
  );
  const { origin, admin, ready } = await running(t, config);
  const list = async (name: string): Promise<number> => (await fetch(`${origin}/crl/${name}.crl`)).status;
  assert.deepEqual(
    [await list('issuing'), await list('other'), await list('other-1'), await list('other-2')],
    [200, 404, 404, 404],
  );
  assert.match((await ready(admin)).body['endpoints']!['/other']!, /^failed: .*missing\.pem: there is no such file/);
});

test('serve does not start when no endpoint can serve', async (t) => {
  const { folder, config } = await installed(t);
  writeFileSync(join(folder, 'certs/issuing-ca.pem'), 'nothing');
  await assert.rejects(startServer(config, { logLevel: 'silent', workers: 1 }), ConfigError);
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

test('a list from before that is served in place of a new one is an error, and in the detail until a new one is made; so is a clock that went back', async () => {
  const clock = handClock();
  const { emit, lines } = keptLog();
  let failure: Error | undefined = new Error('disk full');
  const list = Object.assign(async () => new Uint8Array(1), { failure: () => failure });
  const crls = new Map([['issuing', list]]);
  const { job } = watch({ watched: () => [], keepers: [], crls, clock, emit });
  await job.run(new AbortController().signal);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as { event: string; path: string }).map(({ event, path }) => [event, path]),
    [['revocation-list-failed', '/crl/issuing.crl']],
  );
  const store = await openSqliteStore({ path: ':memory:', clock });
  const endpoints = { served: [], notServed: [] };
  const { detail } = readinessOf({ endpoints, watched: () => [], clients: new Map(), crls, store, clock });
  const lists = async () => (await detail?.())?.['revocationLists'];
  assert.deepEqual(await lists(), { issuing: 'no new list can be made, the last one is served: disk full' });
  failure = undefined;
  assert.equal(await lists(), undefined);
  const clockText = async () => (await detail?.())?.['clock'];
  assert.equal(await clockText(), undefined);
  await store.noteSigning(new Date('2099-01-01'));
  assert.match(String(await clockText()), /^failed: the clock went back: .* run `openndes clock --accept`\.$/);
  await store.close();
});

test('an earlier CA whose certificates renew here is announced before it ends, and the endpoint serves on after it', async (t) => {
  const { folder, config } = await installed(t, (text) =>
    withAdmin(text).replace(/^ +policy: \{ static.*$/m, '$&\n    renewal: { from: [old-ca.pem] }'),
  );
  const key = generateKey('p256');
  const plan = { subject: 'CN=Old', key, validity: 10 * DAY, backdate: 0, clock: systemClock, random: systemRandom };
  writeFileSync(join(folder, 'old-ca.pem'), certificatePem(await createRoot(plan)));
  const { clock, forward } = movedClock();
  const { ready, admin } = await running(t, config, { clock });
  const what = 'endpoint /certsrv/mscep/mscep.dll: earlier CA';
  const standing = async () => {
    const { status, body } = await ready(admin);
    const all = body['certificates'] as unknown as { what: string; subject: string; standing: string }[];
    const own = all.find((each) => each.what === what);
    return [status, own?.subject, own?.standing, body['endpoints']];
  };
  const serves = { '/certsrv/mscep/mscep.dll': 'ok' };
  assert.deepEqual(await standing(), [200, 'CN=Old', 'ends', serves]);
  forward(11);
  assert.deepEqual(await standing(), [200, 'CN=Old', 'ended', serves]);
});
