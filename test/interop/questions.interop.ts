/** What only jscep can ask for beside certificates, and what BouncyCastle makes of the answers. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from './kit/children.ts';
import type { Site } from './kit/client.ts';
import { STATIC_CHALLENGE } from './kit/endpoints.ts';
import { type Installation, install } from './kit/installation.ts';
import type { Server } from './kit/server.ts';
import { ask, jscep, jscepRun } from './kit/jscep.ts';
import { certificatesIn, fingerprints } from './kit/pem.ts';

let installation: Installation;
let server: Server;
let site: Site;
let certificate: X509Certificate;
before(async () => {
  await jscep.check();
  installation = await install('rsa-2048');
  server = await installation.serve();
  ({ site, certificate } = await enrolled('asking'));
});
after(async () => {
  assert.equal(await server.stop(), 0);
  await installation.remove();
  assert.deepEqual(server.complaints(), []);
});

async function enrolled(device: string): Promise<{ site: Site; certificate: X509Certificate }> {
  const site = { url: server.urlFor(jscep, 'static'), dir: mkdtempSync(join(installation.dir, 'jscep-')) };
  const { certificate, said } = await jscep.enroll(site, device, STATIC_CHALLENGE);
  assert.ok(certificate, said);
  return { site, certificate: new X509Certificate(certificate) };
}

async function refusal(...operation: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await jscepRun(site, ...operation);
  assert.equal(code, 2, stderr);
  return stdout.trim();
}

test('GetCACaps: it reads the capabilities line by line', async () => {
  const said = (await ask(site, 'capabilities')).trim();
  assert.equal(said, '[AES, GetNextCACert, POSTPKIOperation, Renewal, SCEPStandard, SHA-512, SHA-256]');
});

test('A01 GetCACert: the RA is signer and recipient, the issuing CA is the issuer', async () => {
  const said = await ask(site, 'certificates');
  const roles = [...said.matchAll(/^(\w+: CN=.*)$/gm)].map(([line]) => line);
  const issuer = new X509Certificate(readFileSync(installation.chain));
  const ra = new X509Certificate(readFileSync(installation.ra));
  assert.deepEqual(roles, [`recipient: ${ra.subject}`, `signer: ${ra.subject}`, `issuer: ${issuer.subject}`]);
});

test('G06 GetCert: its own certificate, and none of another client or with an unknown serial number', async () => {
  const [own] = certificatesIn(await ask(site, 'get-cert', certificate.serialNumber));
  assert.equal(own?.fingerprint256, certificate.fingerprint256);
  const other = await enrolled('other');
  for (const serial of [other.certificate.serialNumber, '1234'])
    assert.equal(await refusal('get-cert', serial), 'failInfo: badCertId');
});

test('G07 GetCRL: the list of the issuing CA, with what was revoked', async () => {
  const { serialNumber } = (await enrolled('revoked')).certificate;
  await installation.revoke(serialNumber.toLowerCase());
  const path = join(installation.dir, 'fetched.crl.pem');
  writeFileSync(path, await ask(site, 'get-crl'));
  const read = ['crl', '-in', path, '-CAfile', installation.chain, '-noout', '-text'];
  const { code, stdout, stderr } = await run('openssl', read);
  assert.deepEqual([code, stderr.trim()], [0, 'verify OK']);
  assert.match(stdout, new RegExp(`Serial Number: ${serialNumber}`));
});

test('G08 GetNextCACert: the next issuing CA and root, signed by the RA', async () => {
  const found = fingerprints(await ask(site, 'get-next-ca'));
  const next = fingerprints(readFileSync(installation.nextChain, 'utf8'));
  assert.equal(next.length, 2);
  for (const one of next) assert.ok(found.includes(one), one);
});
