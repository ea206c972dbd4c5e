/** The client certificate for a CA product: read again when its files change, and watched until its end. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { identityEnd, reloadedIdentity } from '../../src/app/ca-identity.ts';
import { standingText } from '../../src/core/watched.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { certificateFor, client, DAY, NOW } from '../kit/pki.ts';

function under(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-identity-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = { clientCertificate: join(folder, 'ra.pem'), clientKey: join(folder, 'ra.key.pem') };
  let written = 0;
  const write = (path: string, content: string): void => {
    writeFileSync(path, content, { mode: 0o600 });
    // Files of one test are written within the resolution of some file systems.
    utimesSync(path, NOW, new Date(NOW.getTime() + ++written * 1000));
  };
  const put = (certificate: string, key: string): void => {
    write(files.clientCertificate, certificate);
    write(files.clientKey, key);
  };
  return { files, write, put };
}

test('the files are read again when one of them changes, and the object stays the same as long as they do not', (t) => {
  const { files, put, write } = under(t);
  put('first', 'key');
  const identity = reloadedIdentity(files);
  const before = identity();
  assert.deepEqual(before, { certificate: 'first', key: 'key' });
  assert.equal(identity(), before);
  write(files.clientCertificate, 'second');
  assert.deepEqual(identity(), { certificate: 'second', key: 'key' });
  write(files.clientKey, 'other key');
  assert.deepEqual(identity(), { certificate: 'second', key: 'other key' });
});

test('a file that is away does not stop what was read before; at the start it does', (t) => {
  const { files, put } = under(t);
  assert.throws(() => reloadedIdentity(files), { name: 'ConfigError', message: /ra\.pem/ });
  put('first', 'key');
  const identity = reloadedIdentity(files);
  rmSync(files.clientKey);
  assert.deepEqual(identity(), { certificate: 'first', key: 'key' });
});

test('a client certificate that ends within 60 days is worth a warning, and one that cannot be read is not watched', async (t) => {
  const { files, put } = under(t);
  assert.deepEqual(identityEnd(files, 'authority a: '), []);
  const { spki } = readCertificate(client.certificate);
  const notBefore = new Date(NOW.getTime() - 300 * DAY);
  const der = await certificateFor(spki, { notBefore, notAfter: new Date(NOW.getTime() + 59 * DAY) });
  put(certificatePem(der), 'key');
  const [watched] = identityEnd(files, 'authority a: ');
  assert.equal(watched?.what, 'authority a: client certificate for the CA product');
  assert.match(standingText(watched, NOW), /^ends in 59 days/);
});
