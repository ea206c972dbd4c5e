/** docs/authority.md: every command of the page works, in the order of the page, with keys in files. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as pkijs from 'pkijs';
import { walkPage } from './authority-page.ts';

test('the commands of the page make an offline root, an issuing CA and a server that publishes what both need', async (t) => {
  const { commands, served, at } = await walkPage(t, 'file');
  assert.deepEqual(commands, [
    'openndes ca root',
    'openndes ca crl',
    'cp root/certs/root-ca.pem usb/root-ca.pem',
    'cp root/root.crl usb/root.crl',
    'openndes ca csr',
    'cp pki/certs/issuing-ca.csr usb/issuing-ca.csr',
    'openndes ca sign',
    'openndes ca install',
    'cp usb/root.crl pki/certs/root.crl',
    'openndes check --config',
    'openndes ca show',
    'openndes ca export-root',
    'openndes ca export-issuing',
    'openndes serve --config',
    'openndes ca crl',
    'cp root/root.crl usb/root.crl',
    'cp usb/root.crl pki/certs/root.crl',
    'openndes ca crl',
    'openndes ca import',
    'openndes check --config',
  ]);
  const issuing = new X509Certificate(served.get('/aia/issuing.cer')!);
  const root = new X509Certificate(served.get('/aia/root.cer')!);
  assert.equal(issuing.verify(root.publicKey), true);
  assert.deepEqual(root.raw, readFileSync(at('root.cer')));
  assert.deepEqual(issuing.raw, readFileSync(at('ca.cer')));
  const revoked = (der: Uint8Array): number =>
    pkijs.CertificateRevocationList.fromBER(der).revokedCertificates?.length ?? 0;
  assert.deepEqual([revoked(served.get('/crl/root.crl')!), revoked(readFileSync(at('root/root.crl')))], [0, 1]);
});
