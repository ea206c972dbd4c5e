/** docs/authority.md with the key of the issuing CA in a token: every command of the page works, in its order. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { walkPage } from '../cli/authority-page.ts';
import { newToken } from './token.ts';

test('the commands of the page for an HSM make an issuing CA whose key is in no file', async (t) => {
  const token = await newToken('page');
  const { served, at } = await walkPage(t, 'hsm', token.uri('issuing'));
  assert.equal(existsSync(at('pki/certs/issuing-ca.key.pem')), false);
  assert.match(readFileSync(at('pki/openndes.yaml'), 'utf8'), /key: "?pkcs11:/);
  const issuing = new X509Certificate(served.get('/aia/issuing.cer')!);
  assert.equal(issuing.publicKey.asymmetricKeyType, 'ec');
  assert.equal(issuing.verify(new X509Certificate(served.get('/aia/root.cer')!).publicKey), true);
});
