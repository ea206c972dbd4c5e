/** A pipe without a writer in the place of a file that a tenant reads, or a backup: refused, and not waited for. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { installed } from './installation.ts';

const app = (name: string): string => JSON.stringify(new URL(`../../src/app/${name}.ts`, import.meta.url).href);
const TENANT = { tenant: 'contoso.example', clientId: '11111111-2222-3333-4444-555555555555', cloud: 'public' };

/** What the tenant says of its token, in a process of its own. `before` runs first. */
function checked(section: string, before = ''): string {
  return inProcess(`
    const { newIntuneClient } = await import(${app('new-intune-client')});
    ${before}
    const client = newIntuneClient({ ...${JSON.stringify(TENANT)}, revocation: 'off', ...${section} }, () => {});
    await client.check(new AbortController().signal).catch((error) => console.log(error.message));
    process.exit(0);`);
}

/** What a script prints that may wait for ever. */
function inProcess(script: string): string {
  const options = { timeout: 30_000, encoding: 'utf8' } as const;
  const { signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options);
  assert.equal(signal, null, stderr);
  return stdout;
}

test('a pipe in the place of a file of the configuration: no backup is made, and none waits for ever', {
  skip: process.platform === 'win32',
}, async (t) => {
  const { folder, config } = await installed(t, (text) =>
    text.replace('ra: auto', 'ra: auto\n    next: { certificate: pipe.pem }'),
  );
  assert.equal(spawnSync('mkfifo', ['-m', '600', join(folder, 'pipe.pem')]).status, 0);
  const said = inProcess(`
    const { makeBackup } = await import(${app('archive')});
    await makeBackup(${JSON.stringify(config)}, ${JSON.stringify(join(folder, 'backup.tar'))}).catch((error) => console.log(error.message));`);
  assert.equal(said, `${join(folder, 'pipe.pem')}: not a regular file (named by the configuration)\n`);
  assert.equal(existsSync(join(folder, 'backup.tar')), false);
});

test('a pipe as assertion, as certificate and as challenge of Azure Arc is named, and the server goes on', {
  skip: process.platform === 'win32',
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-pipes-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const pipe = join(folder, 'pipe.key');
  assert.equal(spawnSync('mkfifo', ['-m', '600', pipe]).status, 0);
  const [file, key] = [JSON.stringify(pipe), JSON.stringify(`file:${pipe}`)];
  assert.match(checked(`{ federated: { file: ${file} } }`), /pipe\.key: not a regular file \(the assertion\)/);
  const certificate = `{ certificate: { file: ${file}, key: ${key} } }`;
  assert.match(checked(certificate), /pipe\.key: not a regular file \(the certificate of the app\)/);
  const agent = `
    const { createServer } = await import('node:http');
    const server = createServer((_, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm=' + ${file} }).end());
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    const endpoint = 'http://127.0.0.1:' + server.address().port;`;
  const arc = `{ clientId: undefined, managedIdentity: { from: 'arc', endpoint, challenges: ${JSON.stringify(folder)} } }`;
  assert.match(checked(arc, agent), /pipe\.key: not a regular file \(the challenge of Azure Arc\)/);
  const ends = `
    const { credentialEnds } = await import(${app('credential-ends')});
    console.log(credentialEnds({ corp: ${certificate} }, new Map(), () => new Date()).watched().length);`;
  assert.match(checked(certificate, ends), /^0\n/);
});
