/** `openndes pfx link`: a file that waits, fetched from a server by its link. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { endedLinksJob } from '../../src/app/ended-links-job.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { readPkcs12 } from '../../src/keys/pkcs12/pkcs12.ts';
import { writePkcs12 } from '../../src/pfx/pkcs12-writer.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { nameText } from '../../src/pkix/name.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { fields, installed } from '../app/installation.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { until } from '../kit/until.ts';
import { connectorPem } from '../pfx/connector-forms.ts';
import { USER } from '../pfx/template-samples.ts';
import { userPfx } from '../pfx/user-under-test.ts';

const LINKS = 'https://keys.contoso.example/scep';
const LINK = /^https:\/\/keys\.contoso\.example\/scep\/pfx\/#([\w-]{43})$/;
const officers = (folder: string) =>
  ['alice', 'bob'].map((name) => `${name}: ${JSON.stringify(join(folder, `${name}.pem`))}`).join(', ');

async function withLinks(t: TestContext, section = (_folder: string) => `links: "${LINKS}"`) {
  const { folder, config, ...rest } = await installed(t, (text) =>
    text.replace(/^( +)policy: \{ static.*$/m, '$1name: people\n$&'),
  );
  for (const name of ['alice', 'bob'])
    writeFileSync(join(folder, `${name}.pem`), connectorPem(createPublicKey(rsaKey(name).privateKey)), { mode: 0o600 });
  const pfx = `pfx: { subject: "CN={{UserPrincipalName}}", altNames: ["email:{{EmailAddress}}"], key: p256, ${section(folder)} }\n`;
  writeFileSync(config, readFileSync(config, 'utf8') + pfx);
  writeFileSync(join(folder, 'jane.json'), JSON.stringify(USER));
  const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock: systemClock });
  t.after(() => store.close());
  const made = (...options: string[]) =>
    rest.cli('pfx', 'link', join(folder, 'jane.json'), '--endpoint', 'people', '--json', ...options);
  return { folder, config, store, made, ...rest };
}

const post = (origin: string, token: string) =>
  fetch(`${origin}/pfx/`, { method: 'POST', body: new URLSearchParams({ token }) });

test('a key is made for a user, and its file is fetched once and opens with the password', async (t) => {
  const { made, store, started, cli } = await withLinks(t);
  const { code, out, err } = await made('--purpose', 'signing');
  assert.deepEqual([code, err], [0, '']);
  const { link, password, until: ends, key } = JSON.parse(out) as Record<string, string>;
  const [, token] = LINK.exec(link!)!;
  const minutes = (Date.parse(ends!) - Date.now()) / 60_000;
  assert.ok(minutes > 8 && minutes <= 10, `${minutes} minutes`);

  const { origin } = await started();
  assert.equal((await fetch(`${origin}/pfx/`)).status, 200);
  const answer = await post(origin, token!);
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="jane-signing.p12"');
  const { keys, certificates } = readPkcs12(new Uint8Array(await answer.arrayBuffer()), 'jane', password);
  assert.equal(keys.length, 1);
  const [certificate] = await store.listCertificates({});
  assert.equal(nameText(readCertificate(certificates[0]!).subject), 'CN=jane@contoso.example');
  assert.deepEqual(Buffer.from(certificates[0]!), Buffer.from(certificate!.der));
  assert.equal((await post(origin, token!)).status, 404);

  const entries = await store.listAudit({ certificate: certificate! });
  assert.deepEqual(
    entries.map(({ event, detail }) => [event, detail]).filter(([event]) => event?.startsWith('key-')),
    [
      ['key-fetched', 'for jane@contoso.example, signing'],
      ['key-link-made', 'for jane@contoso.example, signing'],
    ],
  );
  assert.match((await cli('pfx', 'list')).out, new RegExp(`^${key} {2}jane@contoso.example {2}smimeSigning {2}linked`));
});

test('a key for encryption is in escrow too, and one for signing is not', async (t) => {
  const { made, store } = await withLinks(
    t,
    (folder) => `links: "${LINKS}", escrow: { officers: { ${officers(folder)} } }`,
  );
  for (const purpose of ['encryption', 'signing']) assert.equal((await made('--purpose', purpose)).code, 0);
  assert.deepEqual(
    (await store.listUserKeys({})).map(({ purpose, escrow }) => [purpose, escrow !== undefined]),
    [
      ['smimeEncryption', true],
      ['smimeSigning', false],
    ],
  );
});

test('a file that somebody brings waits as it is, under its own password', async (t) => {
  const { folder, cli, started, store } = await withLinks(t);
  const content = await userPfx(ecKey('user'));
  const file = writePkcs12(content, { profile: 'modern', password: 'its own', random: systemRandom });
  writeFileSync(join(folder, "Jane's key.pfx"), file);
  writeFileSync(join(folder, 'password.txt'), 'its own\n');
  const given = ['--file', join(folder, "Jane's key.pfx"), '--password-file', join(folder, 'password.txt')];
  const { code, out, err } = await cli('pfx', 'link', ...given, '--user', 'jane@contoso.example');
  assert.equal(code, 0, err);
  assert.match(err, /^The link works once, until /);
  const [, token] = LINK.exec(out)!;
  const { origin } = await started();
  const answer = await post(origin, token!);
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="Jane_s_key.p12"');
  assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), new Uint8Array(file));
  assert.deepEqual([await store.listCertificates({}), await store.listUserKeys({})], [[], []]);
  writeFileSync(join(folder, 'password.txt'), 'wrong\n');
  const refused = await cli('pfx', 'link', ...given, '--user', 'jane@contoso.example');
  assert.deepEqual([refused.code, refused.out], [78, '']);
});

test('the certificate of a key that nobody has fetched in time is revoked, and that of a fetched one is not', async (t) => {
  const { made, folder, started } = await withLinks(t);
  const serialOf = async () => fields(await made('--purpose', 'signing'));
  const [kept, lost] = [await serialOf(), await serialOf()];
  const server = await started();
  assert.equal((await post(server.origin, LINK.exec(String(kept['link']))![1]!)).status, 200);
  await server.close();
  const clock = () => new Date(Date.now() + 11 * 60_000);
  const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock });
  t.after(() => store.close());
  await endedLinksJob({ store, clock }).run(new AbortController().signal);
  const state = async ({ issuerId, serial }: Record<string, unknown>) =>
    (await store.findCertificate({ issuerId: String(issuerId), serial: String(serial) }))?.state;
  assert.deepEqual([await state(kept), await state(lost)], ['delivered', 'revoked']);
  assert.deepEqual(await store.listEndedKeyLinks(10), []);
  const [entry] = (await store.listAudit({})).filter(({ event }) => event === 'revoked');
  assert.equal(
    entry?.detail,
    'cessationOfOperation (the link to the key of this certificate ended, and nobody has fetched it)',
  );
});

test('neither link nor password is in the store, or in what a server logs at the level debug', async (t) => {
  const { folder, config, made } = await withLinks(t);
  const bin = join(import.meta.dirname, '..', '..', 'bin', 'openndes.mjs');
  writeFileSync(
    config,
    readFileSync(config, 'utf8')
      .replace(/^log: .*$/m, '')
      .concat('log: { level: debug }\n'),
  );
  const { link, password } = fields(await made());
  const [, token] = LINK.exec(String(link))!;
  const child = spawn(process.execPath, [bin, 'serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text));
  const origin = await until(() => /http:\/\/[^/\s"]+(?=\/certsrv)/.exec(log)?.[0], 'the server');
  const statuses = [];
  for (const url of ['/pfx/', `/pfx/${token}`, `/pfx/?token=${token}`])
    statuses.push((await fetch(origin + url)).status);
  for (const wrong of [token!.toLowerCase(), token!, token!]) statuses.push((await post(origin, wrong)).status);
  assert.deepEqual(statuses, [200, 404, 200, 404, 200, 404]);
  await until(() => log.includes('"key-fetched"') || undefined, 'its line');
  child.kill('SIGTERM');
  await once(child, 'exit');
  const files = readdirSync(folder).filter((name) => name.startsWith('openndes.db'));
  const stored = files.map((name) => readFileSync(join(folder, name), 'latin1')).join('');
  for (const secret of [
    token!,
    token!.toLowerCase(),
    String(password),
    Buffer.from(token!, 'base64url').toString('latin1'),
  ])
    assert.ok(!log.includes(secret) && !stored.includes(secret));
});

for (const [what, options, message] of [
  ['no user', [], /neither a user nor a file was given/],
  ['a file without a user', ['--file', 'jane.p12'], /neither a user nor a file was given/],
  ['another purpose', ['jane.json', '--endpoint', 'people', '--purpose', 'vpn'], /neither encryption nor signing/],
  ['no endpoint', ['jane.json'], /neither `--endpoint` was given nor `pfx.people` is configured/],
  ['an unknown endpoint', ['jane.json', '--endpoint', 'x'], /no endpoint x/],
  ['a user without a name', ['nobody.json', '--endpoint', 'people'], /has no userPrincipalName/],
] as const)
  test(`${what} is refused, and nothing is made`, async (t) => {
    const { folder, cli, store } = await withLinks(t);
    writeFileSync(join(folder, 'nobody.json'), '{"mail":"x@contoso.example"}');
    const inFolder = options.map((each) => (each.endsWith('.json') ? join(folder, each) : each));
    const { code, err } = await cli('pfx', 'link', ...inFolder);
    assert.equal(code, 78);
    assert.match(err, message);
    assert.deepEqual(await store.listAudit({}), []);
  });

test('without `pfx.links` no link is made', async (t) => {
  const { made, store } = await withLinks(t, () => 'userName: local');
  const { code, err } = await made();
  assert.equal(code, 78);
  assert.match(err, /has no `pfx\.links`/);
  assert.deepEqual(await store.listCertificates({}), []);
});
