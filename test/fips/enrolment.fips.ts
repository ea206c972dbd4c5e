/** A whole enrolment in FIPS mode: `init`, `check`, `serve`, `enroll`, each a process of its own. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { fipsEnvironment, type Pkcs1 } from './provider.ts';

const MAIN = join(import.meta.dirname, '../../bin/openndes.mjs');

type Installation = {
  folder: string;
  env: NodeJS.ProcessEnv;
  run: (...args: string[]) => ReturnType<typeof spawnSync>;
};

/** A new installation whose configuration asks for FIPS mode. */
function installed(t: TestContext, pkcs1: Pkcs1): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-fips-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const env = fipsEnvironment(join(folder, 'openssl'), pkcs1);
  const run: Installation['run'] = (...args) =>
    spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, env, encoding: 'utf8' });
  assert.equal(run('init').status, 0);
  const config = join(folder, 'openndes.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('port: 8080', 'port: 0'));
  appendFileSync(config, `\nfips: { required: true, pkcs1KeyTransport: ${pkcs1} }\n`);
  return { folder, env, run };
}

/** The SCEP URL of a server that is stopped at the end of the test. */
async function served(t: TestContext, { folder, env }: Installation): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, [MAIN, 'serve'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout! })) {
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the server ended');
}

const ENROLL = ['--subject', 'CN=fips', '--challenge-file', 'challenge.txt', '--out', 'device'];

test('PKCS#1 v1.5 allowed: a device enrols as every client does', async (t) => {
  const installation = installed(t, 'allow');
  const { run, folder } = installation;
  assert.deepEqual([run('check').stderr, run('check').status], ['', 0]);
  assert.equal(run('enroll', await served(t, installation), ...ENROLL).status, 0);
  assert.equal(new X509Certificate(readFileSync(join(folder, 'device/certificate.pem'))).subject, 'CN=fips');
});

test('PKCS#1 v1.5 refused: a device with RSAES-OAEP enrols, and OpenSSL lets no other encrypt', async (t) => {
  const installation = installed(t, 'refuse');
  const { run, folder } = installation;
  assert.deepEqual([run('check').stderr, run('check').status], ['', 0]);
  const url = await served(t, installation);
  assert.equal(run('enroll', url, ...ENROLL, '--oaep').status, 0);
  assert.equal(new X509Certificate(readFileSync(join(folder, 'device/certificate.pem'))).subject, 'CN=fips');
  // The client outside FIPS mode encrypts with PKCS#1 v1.5; the server refuses it by its configuration.
  const outside = spawnSync(process.execPath, [MAIN, 'enroll', url, ...ENROLL.slice(0, -1), 'other'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.match(outside.stdout, /badAlg/);
  assert.equal(outside.status, 2);
});

test('a process that is not in FIPS mode does not start with `fips.required`', (t) => {
  const { folder } = installed(t, 'allow');
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'serve'], { cwd: folder, encoding: 'utf8' });
  assert.match(stderr, /fips\.required: OpenSSL of this process is not in FIPS mode\. .*docs\/fips\.md/);
  assert.equal(status, 78);
});

test('hash-password writes PBKDF2 with --pbkdf2', (t) => {
  const { folder, env } = installed(t, 'allow');
  const { stdout } = spawnSync(process.execPath, [MAIN, 'hash-password', '--pbkdf2'], {
    cwd: folder,
    env,
    input: 'correct horse\n',
    encoding: 'utf8',
  });
  assert.match(stdout, /^\$pbkdf2-sha256\$i=600000\$/);
});
