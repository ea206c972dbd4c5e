/** The report of `openndes doctor` in each form, its exit codes, and the archive for a support case. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { actionPlan } from '../../../src/cli/doctor/action-plan.ts';
import {
  fail,
  type ProbeFinding,
  pass,
  type DoctorProbe,
  runProbes,
  warn,
} from '../../../src/cli/doctor/doctor-probe.ts';
import { htmlReport, jsonReport, textReport } from '../../../src/cli/doctor/report.ts';
import { withoutSecrets } from '../../../src/cli/doctor/secrets.ts';
import { installed } from '../../app/installation.ts';
import { finding, read, withPublicTenant } from './diagnosed.ts';

const ROWS: DoctorProbe[] = [
  { id: 'a', group: 'url', title: 'first', run: () => warn('<b>weak</b>', 'strengthen & "quote" it') },
  {
    id: 'b',
    group: 'tenant',
    title: 'second\u001b[31m',
    run: () => fail("it's broken\nand more", 'mend it', { cause: 'credential', details: ['fact \u009b'] }),
  },
  { id: 'c', group: 'tenant', title: 'third', needs: ['b'], run: () => pass('never') },
  { id: 'd', group: 'tenant', title: 'fourth', needs: ['c'], run: () => pass('never') },
  { id: 'e', group: 'clock', title: 'fifth', needs: ['a'], run: () => fail('late', 'set it', { cause: 'clock' }) },
];
const found = (): Promise<readonly ProbeFinding[]> =>
  runProbes(ROWS, (error) => {
    throw error;
  });
const report = async () => ({ version: '1.2.3', madeAt: new Date('2027-01-02T03:04:05Z'), findings: await found() });

test('the text: groups in their order, what could not be looked at, the plan, the verdict last; no control characters', async () => {
  assert.equal(
    textReport(await report()),
    `openndes doctor 1.2.3, 2027-01-02T03:04:05.000Z

Clock
  FAIL                fifth: late

Entra ID, Graph and Intune
  FAIL                second\\u{1b}[31m: it's broken
                      - and more
                      - fact \\u{9b}
  NOT-RUN             third: needs "second\\u{1b}[31m"
  NOT-RUN             fourth: needs "third"

Public URL
  PASS-WITH-WARNINGS  first: <b>weak</b>

Action plan, the most important first
1. FAIL, fifth: late
   Cause: the clock of this machine is wrong.
   Remedy: set it
2. FAIL, second\\u{1b}[31m: it's broken
   Cause: the credential of the app is wrong or has ended.
   Remedy: mend it
3. PASS-WITH-WARNINGS, first: <b>weak</b>
   Remedy: strengthen & "quote" it

Verdict: FAIL`,
  );
});

test('a plan has what failed before what warns, whatever the group', async () => {
  assert.deepEqual(
    actionPlan(await found()).map(({ id }) => id),
    ['e', 'b', 'a'],
  );
});

test('the page: one file that loads nothing, with everything escaped', async () => {
  const page = htmlReport(await report());
  assert.match(page, /&lt;b&gt;weak&lt;\/b&gt;/);
  assert.match(page, /strengthen &amp; &quot;quote&quot; it/);
  assert.match(page, /it&#39;s broken<ul><li>and more<\/li>/);
  assert.doesNotMatch(page, /<b>weak|<script|src=|href=|https?:/);
  assert.match(page, /default-src 'none'/);
});

test('the JSON has the plan by ids', async () => {
  const { verdict, plan } = JSON.parse(jsonReport(await report())) as { verdict: string; plan: unknown[] };
  assert.deepEqual(
    [verdict, plan[1]],
    ['FAIL', { id: 'b', cause: 'credential', text: "it's broken", remedy: 'mend it' }],
  );
});

test('a configuration that is wrong: exit 78, each problem, and the public URL is looked at all the same', async (t) => {
  const { cli, started } = await installed(t);
  const { url } = await started();
  const broken = await installed(t, (text) => `${text}\nunknown: 1\nother: 2\n`);
  const said = await broken.cli('doctor', '--json', '--url', url);
  assert.equal(said.code, 78);
  const diagnosis = read(said);
  const { verdict, text, details } = finding(diagnosis, 'configuration');
  assert.equal(verdict, 'FAIL');
  assert.match(`${text}\n${details.join('\n')}`, /unknown: .*\n.*other: /);
  assert.equal(finding(diagnosis, 'url.GetCACert /certsrv/mscep/mscep.dll').verdict, 'PASS');
  assert.deepEqual([(await cli('doctor')).code, (await cli('doctor', '--url', 'ftp://x')).code], [0, 1]);
});

test('the archive for a support case holds report, configuration and system, and no secret of the configuration', async (t) => {
  const { folder, config, cli } = await withPublicTenant(t);
  const secrets = {
    token: 'the-token-of-the-administrators',
    hook: 'the-secret-of-the-webhook',
    passphrase: 'the-passphrase-of-nothing',
    fixed: 'the-challenge & <of> "everybody"',
    env: 'the-value-of-a-variable',
  };
  process.env['DOCTOR_TEST'] = secrets.env;
  t.after(() => void delete process.env['DOCTOR_TEST']);
  const text = readFileSync(config, 'utf8');
  const webhook = `{ url: "http://127.0.0.1:1/the-path-of-the-webhook", secret: ${secrets.hook} }`;
  writeFileSync(
    config,
    text
      .replace(
        'policy: { intune: corp }',
        `policy: { allOf: [{ static: ${JSON.stringify(secrets.fixed)} }, { webhook: ${webhook} }] }`,
      )
      .concat(`# ${secrets.passphrase}\nadmin: { port: 0, token: ${secrets.token} }\n`)
      .replace(/"proxy":"[^"]*"/, '"proxy":"http://ada:the-password-of-the-proxy@127.0.0.1:1"')
      .replace(/"clientSecret":"[^"]*"/, '"clientSecret":"${env:DOCTOR_TEST}"'),
  );
  const [bundle, page] = [join(folder, 'bundle.tar'), join(folder, 'report.html')];
  const said = await cli('doctor', '--bundle', bundle, '--html', page);
  assert.equal(said.code, 1, said.err);
  assert.equal(statSync(bundle).mode & 0o777, 0o600);
  execFileSync('tar', ['-xf', bundle, '-C', folder]);
  const files = readdirSync(join(folder, 'openndes-doctor')).toSorted();
  assert.deepEqual(files, [
    'attempts.json',
    'configuration.json',
    'overview.json',
    'report.html',
    'report.json',
    'report.txt',
    'system.json',
    'traces.json',
  ]);
  const all = files.map((name) => readFileSync(join(folder, 'openndes-doctor', name), 'utf8')).join('\n');
  for (const secret of [...Object.values(secrets), 'the-password-of-the-proxy', 'the-path-of-the-webhook'])
    for (const place of [all, said.out, readFileSync(page, 'utf8')]) assert.ok(!place.includes(secret), secret);
  assert.match(all, /"clientSecret": "\$\{env:DOCTOR_TEST\}"/);
  assert.match(all, /webhook 127\.0\.0\.1:1/);
  assert.match(readFileSync(page, 'utf8'), /Verdict: .*FAIL/);
  const again = await cli('doctor', '--bundle', bundle);
  assert.deepEqual([again.code, again.err.includes(`${bundle} is already there`)], [78, true]);
});

test('a secret that a message repeats is taken out, also as a URL writes it, the longest first', () => {
  const clean = withoutSecrets(['abcd', 'abcdef', 'a/b/', 'xyz']);
  assert.deepEqual(['abcd', 'abcdef, abcd: a%2Fb%2F and xyz', 'not a/b/', 'abcdefg'].map(clean), [
    '[withheld]',
    '[withheld], [withheld]: [withheld] and xyz',
    'not [withheld]',
    '[withheld]g',
  ]);
});

for (const [how, message] of [
  ['as it is', '`cannot use ${o.key} ${o.pin}`'],
  ['as JSON', 'JSON.stringify(o)'],
  ['as Node.js shows it', 'inspect(o)'],
  ['where the text is cut', '"x".repeat(1900) + o.pin.repeat(20)'],
] as const)
  test(`a secret of several lines, with quotes and control characters, is withheld ${how}`, async (t) => {
    const secrets = {
      key: '-----BEGIN PRIVATE KEY-----\nTHE-FIRST-LINE\nTHE-SECOND-LINE\n',
      pin: 'pa"ss\u202ew\\ord',
    };
    const { folder, cli } = await installed(t, (text) =>
      text.replace(/^ +policy: \{ static.*$/m, `    policy: { module: leak.mjs, options: ${JSON.stringify(secrets)} }`),
    );
    const module = `import { inspect } from 'node:util'; void inspect; export default (o) => { throw new Error(${message}); };`;
    writeFileSync(join(folder, 'leak.mjs'), module);
    const page = join(folder, 'report.html');
    const { out } = await cli('doctor', '--json', '--html', page);
    const { findings } = JSON.parse(out) as { findings: object[] };
    const said = `${JSON.stringify(findings).replaceAll('\\', '')}${readFileSync(page, 'utf8')}`;
    for (const part of ['THE-FIRST', 'THE-SECOND', 'pa"ss', 'pa&quot;ss', 'word'])
      assert.ok(!said.includes(part), part);
    assert.ok(said.includes('[withheld]'));
  });

test('--html replaces a report and nothing else', async (t) => {
  const { folder, config, cli } = await installed(t);
  const before = readFileSync(config, 'utf8');
  const page = join(folder, 'report.html');
  assert.deepEqual([(await cli('doctor', '--html', page)).code, (await cli('doctor', '--html', page)).code], [0, 0]);
  const said = await cli('doctor', '--html', config);
  assert.deepEqual([said.code, said.err.includes(`${config} is already there, and is no report`)], [78, true]);
  assert.equal(readFileSync(config, 'utf8'), before);
});

test('a policy module that repeats its options in an error: they are in no report', async (t) => {
  const { folder, config, cli } = await installed(t, (text) =>
    text.replace(
      /^ +policy: \{ static.*$/m,
      '    policy: { module: leak.mjs, options: { password: a-word-that-leaks } }',
    ),
  );
  writeFileSync(
    join(folder, 'leak.mjs'),
    'export default ({ password }) => { throw new Error(`cannot use ${password}`); };',
  );
  const page = join(folder, 'report.html');
  const said = await cli('doctor', '--html', page);
  assert.equal(said.code, 78);
  assert.match(said.out, /cannot use \[withheld\]/);
  assert.ok(!`${said.out}${said.err}${readFileSync(page, 'utf8')}`.includes('a-word-that-leaks'));
  assert.match(readFileSync(config, 'utf8'), /a-word-that-leaks/);
});
