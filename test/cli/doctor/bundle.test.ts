/** The archive for a support case: what it holds, and that no secret of a configuration is in it, whichever key it stands at. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { allEntries } from '../../../src/config/reference.ts';
import type { DeviceAttempt } from '../../../src/core/attempt-store.ts';
import { systemClock } from '../../../src/embed/system.ts';
import { openSqliteStore } from '../../../src/store/sqlite.ts';
import { logTail } from '../../../src/cli/doctor/log-tail.ts';
import { installed, run } from '../../app/installation.ts';

/** The files of an archive by their names. */
function unpacked(archive: string, folder: string): Record<string, string> {
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  const inside = join(folder, 'openndes-doctor');
  return Object.fromEntries(readdirSync(inside).map((name) => [name, readFileSync(join(inside, name), 'utf8')]));
}

const KEY = Buffer.from('canary-of-a-secrets-key-32-octets').subarray(0, 32).toString('base64');
const OTHER_KEY = Buffer.from('canary-of-another-key-of-32-octets').subarray(0, 32).toString('base64');

/** Values as they are in a file that was written with care. */
const CANARIES: Readonly<Record<string, string>> = {
  'admin.token': 'canary-admin-token-of-16',
  'admin.users.*': 'canary-user-hash',
  'admin.users.*.password': 'canary-user-password-hash',
  'admin.users.*.totp': 'otpauth://totp/ada?secret=CANARYTOTPSECRET',
  'store.url': 'postgres://openndes:canary-store-url@127.0.0.1:1/openndes',
  'store.password': 'canary-store-password',
  'store.secretsKey': KEY,
  'store.secretsKey.[]': OTHER_KEY,
  'audit.passphrase': 'canary-audit-passphrase',
  'authorities.*.passphrase': 'canary-ca-passphrase',
  'authorities.*.ra.passphrase': 'canary-ra-passphrase',
  'authorities.*.ra.retired.[].passphrase': 'canary-retired-passphrase',
  'authorities.*.previous.[].passphrase': 'canary-previous-passphrase',
  'tenants.*.managedIdentity.header': 'canary-identity-header',
  'tenants.*.certificate.passphrase': 'canary-app-passphrase',
  'tenants.*.clientSecret': 'canary-client-secret',
  'tenants.*.proxy': 'http://ada:canary-proxy-word@127.0.0.1:1',
  'endpoints.[].policy.static': 'canary-static-challenge',
  'endpoints.[].policy.oneTime.single': 'canary-single-password',
  'endpoints.[].policy.webhook.secret': 'canary-webhook-secret',
  'endpoints.[].policy.options': 'canary-module-option',
  'messages.webhooks.*.secret': 'canary-message-secret',
  'messages.mail.password': 'canary-mail-password',
};
/** What else may be in a file by mistake. */
const ELSEWHERE = {
  pin: 'canary-token-pin',
  path: 'canary-webhook-path',
  unknown: 'canary-unknown-key',
  comment: 'canary-comment',
};

const value = (key: string): string => CANARIES[key] ?? assert.fail(key);

/** Keys that exclude each other stand beside each other: a file is given away while it has mistakes, too. */
const CONFIGURATION = {
  admin: {
    port: 0,
    token: value('admin.token'),
    users: {
      ndes: value('admin.users.*'),
      ada: { password: value('admin.users.*.password'), role: 'admin', totp: value('admin.users.*.totp') },
    },
  },
  store: {
    url: value('store.url'),
    password: value('store.password'),
    secretsKey: [value('store.secretsKey'), value('store.secretsKey.[]')],
  },
  audit: { key: 'file:audit.pem', passphrase: value('audit.passphrase') },
  authorities: {
    issuing: {
      certificate: 'ca.pem',
      key: `pkcs11:token=ca;object=ca?module-path=/none.so&pin-value=${ELSEWHERE.pin}`,
      passphrase: value('authorities.*.passphrase'),
      ra: {
        certificate: 'ra.pem',
        key: 'file:ra.pem',
        passphrase: value('authorities.*.ra.passphrase'),
        retired: [
          {
            certificate: 'old.pem',
            key: 'file:old.pem',
            passphrase: value('authorities.*.ra.retired.[].passphrase'),
          },
        ],
      },
      previous: [
        { certificate: 'p.pem', key: 'file:p.pem', passphrase: value('authorities.*.previous.[].passphrase') },
      ],
    },
  },
  tenants: {
    corp: {
      tenant: 'example.com',
      clientId: '00000000-0000-0000-0000-000000000000',
      clientSecret: value('tenants.*.clientSecret'),
      proxy: value('tenants.*.proxy'),
      managedIdentity: { from: 'app-service', header: value('tenants.*.managedIdentity.header') },
      certificate: { file: 'app.pem', key: 'file:app.pem', passphrase: value('tenants.*.certificate.passphrase') },
    },
  },
  endpoints: [
    { path: '/a', policy: { static: value('endpoints.[].policy.static') } },
    { path: '/b', policy: { oneTime: { single: value('endpoints.[].policy.oneTime.single') } } },
    {
      path: '/c',
      policy: {
        webhook: {
          url: `http://127.0.0.1:1/${ELSEWHERE.path}`,
          secret: value('endpoints.[].policy.webhook.secret'),
        },
      },
    },
    { path: '/d', policy: { module: './none.mjs', options: { word: value('endpoints.[].policy.options') } } },
  ],
  messages: {
    webhooks: {
      chat: { url: `https://127.0.0.1:1/${ELSEWHERE.path}`, secret: value('messages.webhooks.*.secret') },
    },
    mail: { host: '127.0.0.1', password: value('messages.mail.password') },
  },
  surprise: ELSEWHERE.unknown,
};

/** Configurations that have a canary at every key that is marked as secret; keys that exclude each other are in different ones. */
function planted(): { documents: Record<string, unknown>[]; canaries: string[] } {
  const documents: Record<string, unknown>[] = [];
  const secret = allEntries().filter((entry) => entry.secret);
  const canaries = secret.map(({ path }, at) => {
    const canary = `canary-${at}-${path.join('-').replace(/[^\w-]/g, '')}`;
    if (!documents.some((document) => isPlanted(document, path, canary))) {
      const document = {};
      documents.push(document);
      assert.ok(isPlanted(document, path, canary), path.join('.'));
    }
    return canary;
  });
  return { documents, canaries };
}

/** `*` is any name, and `[]` the first of a list. False where something is at the place already. */
function isPlanted(inside: Record<string, unknown>, [key = '', ...below]: readonly string[], canary: string): boolean {
  const name = key === '*' ? 'any' : key === '[]' ? '0' : key;
  const there = inside[name];
  if (below.length === 0) return there === undefined && Boolean((inside[name] = canary));
  if (there === undefined) inside[name] = below[0] === '[]' ? [] : {};
  else if (typeof there !== 'object' || Array.isArray(there) !== (below[0] === '[]')) return false;
  return isPlanted(inside[name] as Record<string, unknown>, below, canary);
}

test('a canary at each key that is marked as secret is in no archive and on no terminal', async (t) => {
  const { documents, canaries } = planted();
  assert.ok(canaries.length > 20 && canaries.includes('canary-0-admin-token'));
  for (const document of documents) {
    const folder = folderOf(t);
    const config = join(folder, 'openndes.yaml');
    writeFileSync(config, stringify(document));
    const said = await run('doctor', '--config', config, '--bundle', join(folder, 'bundle.tar'));
    const files = unpacked(join(folder, 'bundle.tar'), folder);
    assert.match(files['configuration.json'] ?? '', /\[withheld\]/);
    assert.doesNotMatch([...Object.values(files), said.out, said.err].join('\n'), /canary/);
  }
});

test('no secret of a configuration is in the archive, in the report or on the terminal, also while the file has mistakes', async (t) => {
  const folder = folderOf(t);
  const config = join(folder, 'openndes.yaml');
  writeFileSync(config, `# ${ELSEWHERE.comment}\n${stringify(CONFIGURATION)}`);
  const bundle = join(folder, 'bundle.tar');
  const said = await run('doctor', '--config', config, '--bundle', bundle);
  assert.equal(said.code, 78);
  const files = unpacked(bundle, folder);
  const all = [...Object.values(files), said.out, said.err].join('\n');
  for (const canary of [KEY, OTHER_KEY]) assert.ok(!all.includes(canary), canary);
  assert.doesNotMatch(all, /canary/i);
  // What is no secret is there, so that the archive is worth something.
  assert.match(
    files['configuration.json'] ?? '',
    /"pkcs11:token=ca;object=ca\?module-path=\/none\.so&pin-value=\[withheld\]"/,
  );
  assert.match(files['configuration.json'] ?? '', /"clientSecret": "\[withheld\]"/);
});

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-bundle-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
};

/** Of a device that asks and never sends a request. */
const SILENT: DeviceAttempt = {
  at: new Date('2026-03-01T11:00:00Z'),
  times: 1,
  ms: 1,
  endpoint: '/certsrv/mscep/mscep.dll',
  operation: 'GetCACaps',
  outcome: 'answered',
  address: '192.0.2.8',
  names: [],
};

test('the archive has what is wrong now, what devices met and the log; what repeats a secret is cleaned', async (t) => {
  const { folder, config, challenge, cli } = await installed(t);
  const clock = systemClock;
  const path = join(folder, 'openndes.db');
  const store = await openSqliteStore({ path, clock });
  const at = new Date('2026-03-01T12:00:00Z');
  await store.recordAttempts(
    [1, 2].map((times) => ({
      at,
      times,
      ms: 4,
      endpoint: '/certsrv/mscep/mscep.dll',
      operation: 'PKIOperation',
      outcome: 'refused',
      code: 'challenge_wrong',
      detail: `the word ${challenge} of <b>device-7</b>`,
      address: '192.0.2.7',
      names: [{ kind: 'cn', value: 'device-7' }],
    })),
  );
  await store.recordAttempts([
    { ...SILENT, at: new Date('2026-03-01T11:00:00Z'), operation: 'GetCACaps' },
    { ...SILENT, at: new Date('2026-03-01T11:00:01Z'), operation: 'GetCACert', times: 14 },
    {
      ...SILENT,
      at,
      operation: 'PKIOperation',
      outcome: 'issued',
      names: [{ kind: 'cn', value: 'device-8' }],
      address: '192.0.2.9',
    },
  ]);
  await store.close();
  const log = join(folder, 'openndes.log');
  writeFileSync(
    log,
    [
      'Mar 01 12:00:00 host openndes[7]: {"level":40,"time":1,"event":"certificate-ends","msg":"a certificate ends"}',
      `{"level":30,"event":"answered","detail":"${challenge}"}`,
      '-----BEGIN PRIVATE KEY-----',
      readFileSync(config, 'utf8'),
    ].join('\n'),
  );
  const bundle = join(folder, 'bundle.tar');
  const said = await cli('doctor', '--bundle', bundle, '--log', log);
  assert.equal(said.code, 0, said.out);
  const files = unpacked(bundle, join(folder, 'unpacked'));
  assert.deepEqual(Object.keys(files).toSorted(), [
    'attempts.json',
    'configuration.json',
    'log.txt',
    'overview.json',
    'report.html',
    'report.json',
    'report.txt',
    'system.json',
    'traces.json',
  ]);
  const traces = JSON.parse(files['traces.json'] ?? '') as {
    label: string;
    verdict: { state: string; what: string };
  }[];
  assert.deepEqual(
    traces.map(({ label, verdict }) => [label, verdict.state]),
    [
      ['192.0.2.8', 'silent'],
      ['device-7', 'refused'],
    ],
  );
  assert.match(traces[0]?.verdict.what ?? '', /^It asked for the CA certificate 14 times since 2026-03-01 11:00 UTC/);
  assert.deepEqual(files['log.txt']?.trim().split('\n'), [
    '{"level":40,"time":1,"event":"certificate-ends","msg":"a certificate ends"}',
    '{"level":30,"event":"answered","detail":"[withheld]"}',
  ]);
  const attempts = JSON.parse(files['attempts.json'] ?? '') as { code: string; detail: string }[];
  assert.deepEqual(
    attempts.map(({ code, detail }) => [code, detail]),
    [
      ['challenge_wrong', 'the word [withheld] of <b>device-7</b>'],
      ['challenge_wrong', 'the word [withheld] of <b>device-7</b>'],
    ],
  );
  const overview = JSON.parse(files['overview.json'] ?? '') as { conditions: unknown[]; jobs: unknown[] };
  assert.deepEqual([overview.conditions, overview.jobs], [[], []]);
  const page = files['report.html'] ?? '';
  assert.match(page, /<h2>What is wrong now<\/h2>\n<p>Nothing\. No server has checked yet\.<\/p>/);
  assert.match(page, /<td>challenge_wrong<\/td><td>3 times<\/td><td>last at 2026-03-01T12:00:00\.000Z<\/td>/);
  assert.match(page, /<td>192\.0\.2\.8<\/td><td>silent<\/td>/);
  assert.match(page, /of &lt;b&gt;device-7/);
  assert.doesNotMatch(Object.values(files).join('\n'), new RegExp(challenge));
});

test('without a store the archive says so', async (t) => {
  const { folder, cli } = await installed(t);
  const bundle = join(folder, 'bundle.tar');
  assert.equal((await cli('doctor', '--bundle', bundle)).code, 0);
  const { unreadable } = JSON.parse(unpacked(bundle, join(folder, 'unpacked'))['overview.json'] ?? '') as {
    unreadable: string;
  };
  assert.match(unreadable, /^There is no store of this version/);
});

test('of a long log the last two megabytes are looked at, from a whole line on', (t) => {
  const log = join(folderOf(t), 'openndes.log');
  const line = (number: number): string => JSON.stringify({ level: 30, event: 'answered', number, x: 'x'.repeat(900) });
  writeFileSync(log, Array.from({ length: 4_000 }, (_, number) => line(number)).join('\n'));
  const lines = logTail(log).split('\n');
  assert.equal(lines.at(-1), line(3_999));
  assert.ok(lines.length > 2_000 && lines.length < 2_300, String(lines.length));
});
