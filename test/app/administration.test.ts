/** One-time passwords from end to end: command line, page and API of a running server. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, after, test, type TestContext } from 'node:test';
import { parsePasswordHash, passwordMatches } from '../../src/access/password-hash.ts';
import { init } from '../../src/cli/installation.ts';
import { main } from '../../src/cli/main.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { decoded, passwordOn } from '../admin/admin-under-test.ts';
import { newRsaKey } from '../kit/keys.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'openndes.mjs');
const TOKEN = 'a-token-of-more-than-16';
const context = { fetch, clock: systemClock, random: systemRandom };

/** Runs the command as people do, with this on its standard input. */
const hashed = (input: string) => spawnSync(process.execPath, [BIN, 'hash-password'], { input, encoding: 'utf8' });

let folder: string;
let config: string;
let printed: ReturnType<typeof hashed>;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openndes-administration-'));
  await init(folder, { key: 'p256', organisation: 'Test' });
  printed = hashed('correct horse\n');
  writeFileSync(join(folder, 'ndes.hash'), printed.stdout);
  config = join(folder, 'openndes.yaml');
  writeFileSync(
    config,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0, token: ${TOKEN}, users: { ndes: "\${file:ndes.hash}" } }
store: sqlite:./store.db
authorities: { issuing: { certificate: certs/issuing-ca.pem, chain: certs/chain.pem, key: "file:certs/issuing-ca.key.pem" } }
endpoints:
  - { policy: { oneTime: { max: 3 } }, adminPage: public }
  - { path: /scep/routers, policy: { oneTime: { max: 1, length: 16, validity: 5m } } }
  - { path: /scep/lab, policy: { static: abcdefgh } }
`,
  );
});
after(() => rmSync(folder, { recursive: true }));

async function cli(...args: string[]) {
  const lines: string[] = [];
  const errors: string[] = [];
  const output = { out: (line: string) => void lines.push(line), err: (line: string) => void errors.push(line) };
  const code = await main([...args, '--config', config], output);
  return { code, out: lines.join('\n'), err: errors.join('\n') };
}

async function started(t: TestContext) {
  const server = await startServer(config, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  const [url] = server.urls;
  return { url: url!, origin: new URL(url!).origin, admin: server.adminUrl ?? assert.fail('no administrators') };
}

async function enrolled(url: string, challenge: string) {
  const plan = { key: newRsaKey(), subject: nameFromText('CN=router'), challenge };
  return (await enroll(await discover(url, context), plan, context)).status;
}

const authorization = `Basic ${Buffer.from('ndes:correct horse').toString('base64')}`;
const pageOf = async (url: string, headers: Record<string, string> = { authorization }) => {
  const response = await fetch(url, { headers });
  return { status: response.status, octets: new Uint8Array(await response.arrayBuffer()) };
};
const asksApi = (origin: string, endpoint: string): Promise<Response> =>
  fetch(`${origin}/api/challenges`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ endpoint }),
  });

test('hash-password: one line of standard input to the hash of it', async () => {
  for (const each of [printed, hashed('correct horse'), hashed('correct horse\r\nanother line\n')]) {
    const hash = parsePasswordHash(each.stdout.trim());
    assert.ok(hash && (await passwordMatches('correct horse', hash)), each.stdout);
    assert.equal(each.status, 0);
  }
  for (const input of ['', '\n']) {
    const { stdout, stderr, status } = hashed(input);
    assert.deepEqual([stdout, status], ['', 1]);
    assert.match(stderr, /No password/);
  }
});

test('challenge new works without the server, and the password can be used once', async (t) => {
  const { code, out, err } = await cli('challenge', 'new', '--endpoint', '/certsrv/mscep/mscep.dll');
  assert.equal(code, 0);
  assert.match(out, /^[A-F0-9]{16}$/);
  assert.match(err, /^For \/certsrv\/mscep\/mscep.dll, once, until 2/);
  const { url } = await started(t);
  assert.equal(await enrolled(url, out), 'success');
  assert.equal(await enrolled(url, out), 'failure');
});

test('challenge new --subject --san: a device with another subject or name is refused, and the bound one enrolled', async (t) => {
  const own = ['--subject', 'CN=router-7', '--san', 'dns:router-7.example.com'];
  const { code, out, err } = await cli('challenge', 'new', '--endpoint', '/certsrv/mscep/mscep.dll', ...own);
  assert.equal(code, 0, err);
  const { url } = await started(t);
  const enroll = (...names: string[]) =>
    main(['enroll', url, '--challenge', out, '--out', mkdtempSync(join(folder, 'device-')), ...names], quiet);
  assert.equal(await enroll('--subject', 'CN=router-8'), 2);
  assert.equal(await enroll('--subject', 'CN=router-7', '--san', 'dns:admin.example.com'), 2);
  assert.equal(await enroll(...own), 0);
  assert.equal(await enroll(...own), 2);
  const unbindable = await cli('challenge', 'new', '--endpoint', '/certsrv/mscep/mscep.dll', '--san', 'dns:a.example');
  assert.deepEqual([unbindable.code, unbindable.out], [1, '']);
  assert.match(unbindable.err, /give the subject/);
});

const quiet = { out: () => {}, err: () => {} };

test('challenge new --json, and the errors for a full cache and an unknown endpoint', async () => {
  const first = await cli('challenge', 'new', '--endpoint', '/scep/routers', '--json');
  const { challenge, expiresAt, endpoint } = JSON.parse(first.out) as Record<string, string>;
  assert.match(challenge!, /^[A-F0-9]{32}$/);
  assert.ok(Date.parse(expiresAt!) > systemClock().getTime());
  assert.equal(endpoint, '/scep/routers');
  const full = await cli('challenge', 'new', '--endpoint', '/scep/routers');
  assert.deepEqual([full.code, full.out], [1, '']);
  assert.match(full.err, /cache of \/scep\/routers is full/);
  for (const args of [[], ['--endpoint', '/scep/lab'], ['--endpoint', '/nowhere']]) {
    const unknown = await cli('challenge', 'new', ...args);
    assert.deepEqual([unknown.code, unknown.out], [1, '']);
    assert.match(unknown.err, /--endpoint.*: \/certsrv\/mscep\/mscep.dll, \/scep\/routers$/);
  }
});

test('M01 the page is on both listeners where it is public; its password can be used once', async (t) => {
  const { url, origin, admin } = await started(t);
  for (const at of [origin, admin]) {
    assert.equal((await pageOf(`${at}/certsrv/mscep_admin/`, {})).status, 401);
    const { status, octets } = await pageOf(`${at}/certsrv/mscep_admin`);
    assert.equal(status, 200, decoded(octets));
    assert.equal(await enrolled(url, passwordOn(octets)!), 'success');
  }
});

test('a page that is not public is only on the administrator’s listener', async (t) => {
  const { origin, admin } = await started(t);
  assert.equal((await pageOf(`${admin}/scep/routers/mscep_admin/`)).status, 200);
  // Below a SCEP path there is only SCEP.
  assert.equal(passwordOn((await pageOf(`${origin}/scep/routers/mscep_admin/`)).octets), undefined);
  assert.equal((await pageOf(`${admin}/scep/lab/mscep_admin/`)).status, 404);
  assert.equal((await asksApi(origin, '/certsrv/mscep/mscep.dll')).status, 404);
  assert.equal((await fetch(`${admin}/certsrv/mscep/mscep.dll?operation=GetCACaps`)).status, 404);
  assert.equal((await fetch(`${origin}/readyz`)).status, 200);
});

test('the API issues a valid password', async (t) => {
  const { url, admin } = await started(t);
  const response = await asksApi(admin, '/certsrv/mscep/mscep.dll');
  assert.equal(response.status, 201);
  const { challenge } = (await response.json()) as { challenge: string };
  assert.equal(await enrolled(url, challenge), 'success');
});

test('S07 no file of the store contains a password', async () => {
  const { out } = await cli('challenge', 'new', '--endpoint', '/certsrv/mscep/mscep.dll');
  assert.match(out, /^[A-F0-9]{16}$/);
  const files = readdirSync(folder).filter((name) => name.startsWith('store.db'));
  assert.ok(files.length > 0);
  for (const name of files) assert.ok(!readFileSync(join(folder, name)).includes(out), name);
});

test('a second server on the same store is refused, and the first keeps running', async (t) => {
  const { origin } = await started(t);
  await assert.rejects(
    startServer(config, { logLevel: 'silent', workers: 1 }),
    (error) =>
      error instanceof ConfigError && /store\.db belongs to another server that is running/.test(error.message),
  );
  assert.equal((await fetch(`${origin}/readyz`)).status, 200);
});

test('an administrator port in use is reported, and the server does not stay behind', async (t) => {
  const { admin } = await started(t);
  const other = join(folder, 'taken.yaml');
  writeFileSync(
    other,
    readFileSync(config, 'utf8')
      .replace('admin: { port: 0', `admin: { port: ${new URL(admin).port}`)
      .replace('store.db', 'other.db'),
  );
  await assert.rejects(
    startServer(other, { logLevel: 'silent', workers: 1 }),
    (error) => error instanceof ConfigError && error.remedy.includes('`admin.port`'),
  );
});

test('readyz: short in public; on the administrator’s listener it has the reasons and the jobs', async (t) => {
  const { origin, admin } = await started(t);
  const answer = async (at: string) => {
    const response = await fetch(`${at}/readyz`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  assert.deepEqual(await answer(origin), { status: 200, body: { status: 'ok' } });
  const { status, body } = await answer(admin);
  assert.deepEqual(
    [status, Object.keys(body)],
    [200, ['probes', 'endpoints', 'tenants', 'certificates', 'jobs', 'load']],
  );
  assert.deepEqual(body['probes'], { store: 'ok', endpoints: 'ok', jobs: 'ok' });
  assert.deepEqual(body['endpoints'], { '/certsrv/mscep/mscep.dll': 'ok', '/scep/routers': 'ok', '/scep/lab': 'ok' });
  const idle = { running: 0, most: 512, queued: 0, answerMs: 0, full: false };
  assert.deepEqual(body['load'], [
    { endpoint: '/certsrv/mscep/mscep.dll', ...idle },
    { endpoint: '/scep/routers', ...idle },
    { endpoint: '/scep/lab', ...idle },
  ]);
  const jobs = body['jobs'] as Record<string, string>[];
  assert.deepEqual(
    jobs.map(({ name }) => name),
    [
      'audit-chain',
      'clean-up',
      'command-revocations',
      'notifications',
      'old-attempts',
      'old-records',
      'orders',
      'revocations',
      'tenants',
      'watch',
    ],
  );
  for (const { state } of jobs) assert.ok(state === 'waiting' || state === 'running', state);
});
