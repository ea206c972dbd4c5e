/** An authority whose CA is another product, on a started server: issuing, revoking, reloading, and what is refused at the start. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { loadSettings } from '../../src/app/settings.ts';
import { productProbes } from '../../src/cli/doctor/product-probes.ts';
import { until, untilIs } from '../kit/until.ts';
import { run } from '../app/installation.ts';
import { TOKEN } from './administrator.ts';
import { asked, certified, enrolled, newSubject } from './device.ts';
import { atEnd, file, issuingSection, keyedFiles, second, secondRa } from './files.ts';
import { moduleCa, modulePath, moduleSection } from './module-ca.ts';
import { configured, PLAIN, started } from './server.ts';

const configOf = (authority: object, more: object = {}): string =>
  configured({ authorities: { issuing: authority }, ...more });

/** The problem of the settings, without where the file is. */
async function problemOf(config: string): Promise<string> {
  const error: unknown = await loadSettings(config).then(
    ({ settings }) => settings.close(),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Error, 'the settings can be loaded');
  return error.message.replaceAll(/\S*openndes\.yaml:\d+:\d+ /g, '').replaceAll(/\/\S+\/([\w.-]+)/g, '$1');
}

test('threads have the CA product called in the main thread, and the certificate is recorded and revoked there', async () => {
  const config = configOf(moduleSection({ name: 'threads' }));
  const { url, close } = await started(config, 2);
  const subject = newSubject();
  const { serialNumber } = await certified(url('/plain'), { subject });
  const serial = serialNumber.toLowerCase();
  assert.deepEqual(
    moduleCa.told.filter((what) => what.endsWith(subject)),
    [`threads: issue ${subject}`],
  );
  const { code } = await run('certs', 'revoke', serial, '--reason', 'superseded', '--config', config);
  assert.equal(code, 0);
  await until(() => moduleCa.told.includes(`threads: revoke ${serial} superseded`), 'the revocation');
  await close();
  assert.ok(moduleCa.told.includes('threads: close'));
});

test('there is no revocation list of a CA that is another product, and its certificate is served', async () => {
  const { origin, url, close } = await started(configOf(moduleSection()));
  const statusOf = async (path: string): Promise<number> => (await fetch(origin + path)).status;
  assert.deepEqual([await statusOf('/crl/issuing.crl'), await statusOf('/aia/issuing.cer')], [404, 200]);
  assert.equal((await asked(url('/plain'), 'GetCACert')).status, 200);
  await close();
});

test('a CA product is made once for all endpoints with one profile, and again by a reload', async () => {
  const endpoints = ['/a', '/b'].map((path) => ({ ...PLAIN, path }));
  const config = configOf(moduleSection({ name: 'before' }), { endpoints });
  const server = await startServer(config, { logLevel: 'silent', workers: 1 });
  atEnd(() => server.close());
  writeFileSync(config, readFileSync(config, 'utf8').replace('name: before', 'name: after'));
  await server.reload();
  await until(() => moduleCa.told.includes('before: close'), 'the first product to be closed');
  assert.equal(moduleCa.told.filter((what) => what === 'before: close').length, 1);
  const subject = newSubject();
  const { status } = await enrolled(new URL('/b', server.urls[0]).href, { subject });
  assert.equal(status, 'issued');
  assert.ok(moduleCa.told.includes(`after: issue ${subject}`));
});

test('a certificate of another CA than the pinned one is refused and revoked there', async () => {
  const pinned = { ...keyedFiles('pinned/ca', second), ra: keyedFiles('pinned/ra', secondRa) };
  const { certificate, ra } = pinned;
  const config = configOf({ certificate, ra, issuer: { module: file('foreign.mjs', foreignCa()), options: {} } });
  const { url, close } = await started(config);
  const { status } = await enrolled(url('/plain'));
  assert.equal(status, 'failInfo 2');
  await until(() => moduleCa.told.some((what) => what.startsWith('foreign: revoke ')), 'the revocation');
  assert.equal(moduleCa.told.filter((what) => what.startsWith('foreign: issue ')).length, 1);
  await close();
});

/** It signs with the CA `issuing`, whatever CA is pinned, and sends that chain. */
function foreignCa(): string {
  const [certificate, key] = [issuingSection.certificate, issuingSection.key].map((path) => JSON.stringify(path));
  return `
import { readFileSync } from 'node:fs';
import make from ${JSON.stringify(modulePath)};
import { X509Certificate } from 'node:crypto';
const der = new X509Certificate(readFileSync(${certificate})).raw;
const root = new X509Certificate(readFileSync(${JSON.stringify(issuingSection.chain)})).raw;
export default (options, place) => make({ key: ${key}, name: 'foreign' }, { ...place, certificate: der, chain: [root] });
`;
}

test('a CA product that cannot be used is in /readyz, in doctor and in check --online, and leaves the server ready', async (t) => {
  const config = configOf(moduleSection(), { admin: { port: 0, token: TOKEN } });
  t.after(() => (moduleCa.isDown = false));
  moduleCa.isDown = true;
  const { adminUrl, origin, close } = await started(config);
  const detail = async (): Promise<unknown> =>
    ((await (await fetch(`${adminUrl}/readyz`)).json()) as { authorities?: { issuing?: string } }).authorities?.issuing;
  await untilIs<unknown>('failed: it is down', detail, 'the standing of the CA');
  assert.equal((await fetch(`${origin}/readyz`)).status, 200);
  await close();
  const online = await run('check', '--online', '--config', config);
  assert.equal(online.code, 1);
  assert.equal(
    online.err,
    'error: authority issuing: its CA cannot be used: it is down. Look at the CA, at our credentials there and at the network: docs/backends.md.',
  );
  moduleCa.isDown = false;
  const again = await run('check', '--online', '--config', config);
  assert.deepEqual(
    [again.code, /^authority issuing: its .*$/m.exec(again.out)?.[0]],
    [0, 'authority issuing: its CA can be used: it is up'],
  );
  const { settings } = await loadSettings(config);
  const [probe] = productProbes(settings);
  assert.deepEqual(
    [probe?.id, await probe?.run()],
    ['issuers.issuing', { verdict: 'PASS', text: 'The CA product can be used.', details: ['it is up'] }],
  );
  moduleCa.isDown = true;
  assert.deepEqual(await probe?.run(), {
    verdict: 'FAIL',
    text: 'The CA product cannot be used: it is down',
    remedy: 'Look at the CA, at our credentials there and at the network: docs/backends.md.',
  });
  await settings.close();
});

test('what should be changed at a CA product is in /readyz, in doctor and in check --online, which stay good', async (t) => {
  const config = configOf(moduleSection(), { admin: { port: 0, token: TOKEN } });
  t.after(() => (moduleCa.warnings = []));
  moduleCa.warnings = ['Everybody may enrol.', 'The key is short.'];
  const { adminUrl, close } = await started(config);
  const detail = async (): Promise<unknown> =>
    ((await (await fetch(`${adminUrl}/readyz`)).json()) as { authorities?: { issuing?: string } }).authorities?.issuing;
  await untilIs<unknown>('ok, but Everybody may enrol. The key is short.', detail, 'the warnings');
  const online = await run('check', '--online', '--config', config);
  assert.deepEqual(
    [online.code, online.err, /^authority issuing: its .*$/m.exec(online.out)?.[0]],
    [
      0,
      'warning: authority issuing: Everybody may enrol.\nwarning: authority issuing: The key is short.',
      'authority issuing: its CA can be used: it is up',
    ],
  );
  const { settings } = await loadSettings(config);
  const [probe] = productProbes(settings);
  assert.deepEqual(await probe?.run(), {
    verdict: 'PASS-WITH-WARNINGS',
    text: 'The CA product can be used, but: Everybody may enrol.',
    remedy: 'Do what the text says: docs/backends.md.',
    details: ['The key is short.', 'it is up'],
  });
  await settings.close();
  await close();
});

test('what a program warns of is a warning of check --online', async () => {
  const { certificate, chain, ra } = moduleSection();
  const answer = { version: 1, status: 'done', detail: 'ca1 answers', warnings: ['ESC1: Domain Users may enrol.'] };
  const program = file('warning.mjs', `process.stdout.write(${JSON.stringify(JSON.stringify(answer))});`);
  const command = { program: process.execPath, arguments: [program], operations: ['issue', 'check'] };
  const config = configOf({ certificate, chain, ra, issuer: { command } });
  const { code, out, err } = await run('check', '--online', '--config', config);
  assert.deepEqual(
    [code, err, /^authority issuing: its .*$/m.exec(out)?.[0]],
    [
      0,
      'warning: authority issuing: ESC1: Domain Users may enrol.',
      'authority issuing: its CA can be used: ca1 answers',
    ],
  );
});

test('an RA of another CA is refused', async () => {
  const { issuer } = moduleSection();
  const config = configOf({
    certificate: issuingSection.certificate,
    chain: issuingSection.chain,
    ra: keyedFiles('odd/ra', secondRa),
    issuer,
  });
  assert.equal(
    await problemOf(config),
    'authorities.issuing.ra.certificate: CN=Wiring RA: the RA was not issued by CN=Wiring Issuing. Clients trust an RA that the CA of this authority has issued: issue it with this CA.',
  );
});

/** A module, and the problem. */
const WRONG: readonly [string, string, string][] = [
  [
    'no function',
    'export const a = 1;',
    'authorities.issuing: wrong.mjs: the issuer module has no function as its default export. Write `export default (options, place) => ({ backend, capabilities, issue })`; docs/backends.md has an example.',
  ],
  [
    'no issuer',
    'export default () => ({ backend: "a" });',
    'authorities.issuing: wrong.mjs: the default export of the issuer module did not return an issuer. Return an object with a function `issue`; poll, find, revoke, release, check and close only as functions; docs/backends.md has an example.',
  ],
  [
    'a text in place of a function',
    'export default () => ({ issue() {}, revoke: "yes" });',
    'authorities.issuing: wrong.mjs: the default export of the issuer module did not return an issuer. Return an object with a function `issue`; poll, find, revoke, release, check and close only as functions; docs/backends.md has an example.',
  ],
  [
    'an exception',
    'export default () => { throw new Error("no licence"); };',
    'authorities.issuing: wrong.mjs: making its issuer failed: no licence (an issuer module). Check the module and its path.',
  ],
  [
    'no ability to take a validity',
    'export default () => ({ issue() {}, capabilities: { sanFromCsr: true } });',
    'authorities.issuing: the profile device has `validity`, and the CA decides by itself how long a certificate is valid. Write `validity: 730d` and `maxValidity: 730d`, or both as the CA certifies: a certificate that is valid for longer is refused.',
  ],
];
for (const [what, text, problem] of WRONG)
  test(`an issuer module does not start with ${what}`, async () => {
    const { certificate, chain, ra } = moduleSection();
    // A module is loaded once: each has a folder of its own.
    const module = file(`${what.replaceAll(' ', '-')}/wrong.mjs`, text);
    assert.equal(await problemOf(configOf({ certificate, chain, ra, issuer: { module } })), problem);
  });
