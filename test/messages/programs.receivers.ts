/** Mails and syslog, as programs of others receive them: aiosmtpd, and rsyslog with GnuTLS, both of Debian. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { startServer } from '../../src/app/configured-server.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { ecKey } from '../kit/keys.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { newAuthority, serverCredential } from '../../src/simulator/throwaway-ca.ts';
import { installed, run } from '../app/installation.ts';
import { context, device } from '../app/watch-under-test.ts';
import { freePort } from '../kit/ports.ts';
import { until } from '../kit/until.ts';

const authority = await newAuthority(systemClock(), systemRandom);
const credential = await serverCredential(authority, systemClock(), systemRandom);
const QUICK = { logLevel: 'silent', workers: 1, watchEvery: 50 };

/** The lines that a program prints until the test ends. */
function program(t: TestContext, command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => void lines.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => void errors.push(line));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  t.after(stop);
  return { lines, errors, stop };
}

function certificatesIn(folder: string): { ca: string; cert: string; key: string } {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => join(folder, `receiver-${name}.pem`));
  writeFileSync(ca!, authority.certificate);
  writeFileSync(cert!, credential.certificate);
  writeFileSync(key!, credential.key, { mode: 0o600 });
  return { ca: ca!, cert: cert!, key: key! };
}

test('aiosmtpd receives a mail by STARTTLS and login, and the command says so', async (t) => {
  const port = await freePort();
  const mail = { host: '127.0.0.1', port, user: 'openndes', password: 'open sesame', from: 'openndes@example.com' };
  const messages = { mail: { ...mail, to: ['pki@example.com', 'zoë@example.com'], trustCa: 'receiver-ca.pem' } };
  const { folder, config } = await installed(t, (text) => `${text}\n${stringify({ messages })}`);
  const { cert, key } = certificatesIn(folder);
  const reader = program(t, '/usr/bin/python3', [join(import.meta.dirname, 'mail-reader.py'), `${port}`, cert, key]);
  await until(
    () => reader.lines.includes('ready'),
    () => `aiosmtpd: ${reader.errors.join('\n')}`,
  );
  const server = await startServer(config, QUICK);
  t.after(() => server.close());
  assert.deepEqual(await run('messages', 'test', 'mail', '--config', config), {
    code: 0,
    out: 'mail has accepted the test',
    err: '',
  });
  const got = JSON.parse(reader.lines[1] ?? '') as Record<string, unknown> & { mail: string };
  assert.deepEqual([got['tls'], got['login'], got['from'], got['to']], [true, true, mail.from, messages.mail.to]);
  assert.match(got.mail, /^Subject: openndes: a test\r$/m);
  assert.match(got.mail.replaceAll('=\r\n', ''), /Mails of openndes arrive\./);
  assert.doesNotMatch(got.mail, /open sesame/);
});

/** rsyslog that writes one line for each message: its parts with a bar between them. */
async function rsyslog(t: TestContext, folder: string, port: number) {
  const { ca, cert, key } = certificatesIn(folder);
  const got = join(folder, 'received.txt');
  const work = join(folder, 'rsyslog');
  mkdirSync(work, { recursive: true });
  const parts = ['syslogfacility-text', 'syslogseverity-text', 'app-name', 'msgid', 'structured-data', 'msg'];
  const form = parts.map((part) => `%${part}%`).join('|');
  writeFileSync(
    join(folder, 'rsyslog.conf'),
    `global(workDirectory="${work}" maxMessageSize="64k" defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="${ca}" defaultNetstreamDriverCertFile="${cert}" defaultNetstreamDriverKeyFile="${key}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="parts" type="string" string="${form}\\n")
input(type="imtcp" port="${port}" address="127.0.0.1")
action(type="omfile" file="${got}" template="parts")
`,
  );
  const start = () =>
    program(t, '/usr/sbin/rsyslogd', ['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(work, 'pid')]);
  const lines = (): string[] => (existsSync(got) ? readFileSync(got, 'utf8').split('\n').slice(0, -1) : []);
  return { start, lines };
}

test('rsyslog receives the history with its signed heads, and after a pause what came meanwhile, each entry once', async (t) => {
  const port = await freePort();
  const syslog = { host: '127.0.0.1', port, trustCa: 'receiver-ca.pem', timeout: '5s' };
  const sections = { messages: { syslog }, audit: { key: 'file:audit.key.pem' } };
  const { folder, config, challenge } = await installed(t, (text) => `${text}\n${stringify(sections)}`);
  writeFileSync(join(folder, 'audit.key.pem'), privateKeyPem(ecKey('audit of syslog').privateKey), { mode: 0o600 });
  const { start, lines } = await rsyslog(t, folder, port);
  const first = start();
  const server = await startServer(config, QUICK);
  t.after(() => server.close());
  const url = server.urls[0]!;
  const enrolled = async () => (await enroll(await discover(url, context), device(challenge), context)).status;
  const issued = (): string[] => lines().filter((line) => line.includes('|issued|'));
  assert.equal(await enrolled(), 'success');
  await until(
    () => issued().length === 1 && lines().some((line) => line.includes('|audit-head|')),
    () => `an entry and a head: ${lines().join('\n')} ${first.errors.join('\n')}`,
  );
  const [certificate] = await server.desk().store.listCertificates({});
  assert.match(
    issued()[0]!,
    new RegExp(
      `^\\w+\\|notice\\|openndes\\|issued\\|\\[audit@32473 number="1" hash="[0-9a-f]{64}" .*serial="${certificate?.serial}".*\\]\\|.*issued ${certificate?.serial}`,
    ),
  );
  await first.stop();
  assert.equal(await enrolled(), 'success');
  await until(async () => ((await server.desk().store.chainEnd())?.number ?? 0) >= 2, 'a second link');
  start();
  await until(
    () => issued().length === 2,
    () => `a second entry: ${lines().join('\n')}`,
  );
  await until(async () => Number(await server.desk().store.messagePlace('syslog')) >= 2, 'the place');
  assert.equal(issued().length, 2);
  assert.ok(!lines().some((line) => line.includes(challenge)));
});
