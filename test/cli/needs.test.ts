/** A command reads of the configuration only what it uses, and a command that reads the store never creates it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fields, installed, rows, run } from '../app/installation.ts';

/** Every variable that the file names; no test sets them all. */
const VARIABLES = ['NEEDS_TOKEN', 'NEEDS_SECRET', 'NEEDS_LAB', 'NEEDS_HOOK', 'NEEDS_PASSPHRASE', 'NEEDS_PORT'] as const;

function set(t: TestContext, ...names: (typeof VARIABLES)[number][]): void {
  for (const name of names) process.env[name] = name === 'NEEDS_PORT' ? '0' : 'a-value-of-the-environment';
  t.after(() => names.forEach((name) => delete process.env[name]));
}

const withVariables = (text: string): string =>
  text
    .replace('port: 0', 'port: "${env:NEEDS_PORT}"')
    .replace('\nauthorities:', '\nadmin: { port: 0, token: "${env:NEEDS_TOKEN}" }\nauthorities:')
    .replace('    ra: auto', '    passphrase: "${env:NEEDS_PASSPHRASE}"\n    ra: auto')
    .replace(
      '\nendpoints:',
      `
tenants:
  corp: { tenant: a.example, clientId: 00000000-0000-0000-0000-000000000000, clientSecret: "\${env:NEEDS_SECRET}" }
endpoints:
  - { path: /lab, policy: { static: "\${env:NEEDS_LAB}" } }
  - { path: /hook, policy: { webhook: { url: "http://127.0.0.1:1/", secret: "\${env:NEEDS_HOOK}" } } }
  - { path: /intune, policy: { intune: corp } }
  - { path: /once, policy: { oneTime: { max: 5 } } }`,
    );

test('commands on the store need no variable of the configuration', async (t) => {
  const { folder, challenge, cli, started } = await installed(t, withVariables);
  {
    set(t, ...VARIABLES);
    const { origin, close } = await started();
    const out = join(folder, 'laptop');
    const url = `${origin}/certsrv/mscep/mscep.dll`;
    const said = await run('enroll', url, '--subject', 'CN=laptop', '--challenge', challenge, '--out', out);
    assert.equal(said.code, 0, said.err);
    await close();
    for (const name of VARIABLES) delete process.env[name];
  }
  assert.equal((await cli('check')).code, 78);
  assert.match((await cli('check')).err, /the environment variable NEEDS_SECRET is not set/);

  const [certificate] = rows(await cli('certs', 'list', '--json'));
  const serial = certificate!['serial']!;
  for (const args of [
    ['certs', 'show', serial],
    ['certs', 'export', serial],
    ['certs', 'pending'],
    ['jobs'],
    ['ca', 'show'],
    ['ca', 'export-root'],
    ['challenge', 'new', '--endpoint', '/once'],
    ['certs', 'revoke', serial],
  ]) {
    const { code, err } = await cli(...args);
    assert.equal(code, 0, `${args.join(' ')}: ${err}`);
  }
  assert.equal(rows(await cli('certs', 'list', '--json'))[0]!['state'], 'revoked');

  const crl = await cli('ca', 'crl');
  assert.equal(crl.code, 78);
  assert.match(crl.err, /^[^\n]*passphrase: the environment variable NEEDS_PASSPHRASE is not set\.[^\n]*\n[^\n]*$/);
  set(t, 'NEEDS_PASSPHRASE');
  assert.match((await cli('ca', 'crl')).out, /BEGIN X509 CRL/);
});

test('a password for an endpoint needs the variables of its policy', async (t) => {
  const { cli } = await installed(t, (text) =>
    withVariables(text).replace('oneTime: { max: 5 }', 'oneTime: { single: "${env:NEEDS_LAB}" }'),
  );
  assert.deepEqual((await cli('challenge', 'new', '--endpoint', '/once')).code, 78);
  set(t, 'NEEDS_LAB');
  const said = await cli('challenge', 'new', '--endpoint', '/once', '--json');
  assert.equal(said.code, 0, said.err);
  assert.equal(fields(said)['challenge'], 'a-value-of-the-environment');
});

test('a command that reads creates no store, says so, and finds nothing', async (t) => {
  const { folder, config, cli } = await installed(t, (text) => text.replace('./openndes.db', './data/openndes.db'));
  const before = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const note = `note: there is no store at ${folder}/data/openndes.db yet; \`openndes serve\` creates it`;
  for (const [args, code, out] of [
    [['certs', 'list', '--json'], 0, '[]'],
    [['certs', 'pending', '--json'], 0, '[]'],
    [['jobs', '--json'], 0, '[]'],
    [['certs', 'show', '5f2c01'], 1, ''],
    [['certs', 'export', '5f2c01'], 1, ''],
    [['certs', 'revoke', '5f2c01'], 1, ''],
    [['certs', 'approve', '5f2c01'], 1, ''],
    [['certs', 'reject', '5f2c01'], 1, ''],
  ] as const) {
    const said = await cli(...args);
    assert.deepEqual([said.code, said.out, said.err.split('\n')[0]], [code, out, note], args.join(' '));
  }
  assert.equal((await cli('check')).code, 0);
  assert.equal((await cli('ca', 'show')).code, 0);
  const capture = join(folder, 'challenge.txt');
  await run('explain', capture, '--config', config);
  assert.deepEqual(readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted(), before);
});

test('a list needs no certificate and no key of the authorities', async (t) => {
  const { folder, config, cli, started } = await installed(t);
  await (await started()).close();
  rmSync(join(folder, 'certs'), { recursive: true });
  writeFileSync(config, readFileSync(config, 'utf8').replace('endpoints:', 'endpoint:'));
  assert.deepEqual(await cli('certs', 'list', '--json'), { code: 0, out: '[]', err: '' });
  assert.ok(existsSync(join(folder, 'openndes.db')));
});
