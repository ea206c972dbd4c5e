/** docs/getting-started.md, walked: its configuration and its commands as they stand, as far as they need no Microsoft and no proxy. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { run } from '../app/installation.ts';
import { copiedCommands, shellWords } from './command-lines.ts';
import { read } from './read.ts';

const PAGE = read('docs/getting-started.md');
const HOME = process.cwd();
const commands = (step: number): string[] =>
  copiedCommands(PAGE.split(/^## /m).find((section) => section.startsWith(`${step}. `)) ?? '');

/** An empty folder in the place of those of the page. The working folder is put back afterwards. */
function machine(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-start-'));
  t.after(() => {
    process.chdir(HOME);
    rmSync(folder, { recursive: true });
  });
  process.chdir(folder);
  let publicUrl = 'https://scep.example.com';
  const here = (text: string): string =>
    text
      .replaceAll('/etc/openndes', folder)
      .replaceAll('/var/lib/openndes', folder)
      .replaceAll('https://scep.example.com', publicUrl);
  /** Runs a line of the page; `> FILE` at its end takes what it says. */
  async function type(line: string): Promise<string> {
    const { code, out, err } = await run(...shellWords(here(line)));
    assert.equal(code, 0, `${line}: ${err}`);
    const [, file] = / > (\S+)$/.exec(line) ?? [];
    if (file !== undefined) writeFileSync(file, `${out}\n`);
    return out;
  }
  const served = async (): Promise<void> => {
    const server = await startServer(join(folder, 'openndes.yaml'), { logLevel: 'silent', workers: 1 });
    t.after(() => server.close());
    publicUrl = new URL(server.urls[0]!).origin;
  };
  return { folder, here, type, served };
}

/** The configuration of the page, on a free port and without a proxy. */
function writeConfiguration(here: (text: string) => string): void {
  const [, block = ''] = /^```yaml\n(publicUrl[\s\S]*?)^```/m.exec(PAGE) ?? [];
  writeFileSync(
    'openndes.yaml',
    here(block)
      .replace(/^publicUrl: .*\n/, '')
      .replace('port: 8080', 'drain: 0, port: 0'),
  );
}

test('docs/getting-started.md, from init to a certificate without Intune, and the files for the profiles', {
  skip: process.platform === 'win32',
}, async (t) => {
  const { here, type, served } = machine(t);
  for (const line of commands(3)) await type(line);
  rmSync('certs/root-ca.key.pem');
  // The certificate of the app is made with openssl on the page: any with an RSA key will do.
  copyFileSync('certs/issuing-ca.pem', 'certs/app.pem');
  copyFileSync('certs/issuing-ca.key.pem', 'certs/app.key.pem');
  writeConfiguration(here);
  const [check = ''] = commands(5);
  assert.match(await type(check), /endpoint \/certsrv\/mscep\/mscep\.dll: ok/);
  await served();
  for (const line of commands(7)) await type(line);
  const certificate = new X509Certificate(readFileSync('try/certificate.pem'));
  assert.equal(certificate.subject, 'CN=try');
  assert.equal(certificate.issuer, 'CN=Example Ltd Issuing CA');
  for (const line of commands(8)) await type(line);
  assert.deepEqual(
    readdirSync('.').filter((file) => file.endsWith('.cer')),
    ['issuing.cer', 'root.cer'],
  );
});
