/** The CA of an authority is replaced: the list of the old one lives on, or the commands say that it does not. */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { certificatesFrom } from '../../src/app/certificate-files.ts';
import { selfSigned } from '../../src/client/request-message.ts';
import { discover, enroll, exchange } from '../../src/client/scep-client.ts';
import { issuerAndSerialNumber } from '../../src/cms/signed-data.ts';
import { init } from '../../src/cli/installation.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { newRsaKey } from '../kit/keys.ts';
import { openssl, withoutOpenssl } from '../kit/openssl.ts';
import { installed } from '../app/installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };

/** An installation that issued `serial`, whose authority has the CA of another one since. `rewrite` completes its section. */
async function replaced(t: TestContext, rewrite: (config: string) => string) {
  const place = await installed(t);
  const { url, close } = await place.started();
  const plan = { key: newRsaKey(), subject: nameFromText('CN=laptop'), challenge: place.challenge };
  const reply = await enroll(await discover(url, context), plan, context);
  assert.ok(reply.status === 'success');
  await close();
  const other = join(place.folder, 'other');
  await init(other, { key: 'p256', organisation: 'Second' });
  cpSync(join(place.folder, 'certs'), join(place.folder, 'old'), { recursive: true });
  cpSync(join(other, 'certs'), join(place.folder, 'certs'), { recursive: true });
  chmodSync(join(place.folder, 'certs/issuing-ca.key.pem'), 0o600);
  writeFileSync(place.config, rewrite(readFileSync(place.config, 'utf8')));
  return { ...place, serial: serialText(readCertificate(reply.certificates[0]!).serialNumber) };
}

const previous = (list: string) => (config: string) =>
  config.replace(
    'ra: auto',
    `ra: auto\n    previous: [{ certificate: old/issuing-ca.pem, key: old/issuing-ca.key.pem${list} }]`,
  );

test('without `previous`, check names the issuer, and certs revoke says that the revocation is on no list', async (t) => {
  const { cli, serial } = await replaced(t, (config) => config);
  const checked = await cli('check');
  assert.equal(checked.code, 0);
  assert.match(checked.err, /warning: 1 certificates of CN=Test Issuing CA have not ended .* no authority has its key/);
  const { code, out, err } = await cli('certs', 'revoke', serial);
  assert.deepEqual([code, out], [0, `revoked ${serial} (CN=laptop): unspecified`]);
  assert.match(
    err,
    /It is on no revocation list: no authority has the key of CN=Test Issuing CA\. .*`authorities\.issuing\.previous`/,
  );
});

test('when the authority has another name now, check and certs revoke name one that is configured, and the list of before', async (t) => {
  const { cli, serial } = await replaced(t, (config) =>
    config.replace('  issuing:', '  issuing-2027:').replace('authority: issuing', 'authority: issuing-2027'),
  );
  const place = 'under `authorities.issuing-2027.previous`, with `list: issuing`';
  assert.ok((await cli('check')).err.endsWith(`Name certificate and key ${place}.`));
  assert.ok((await cli('certs', 'revoke', serial)).err.endsWith(`Name that CA ${place}, and reload the server.`));
});

for (const [list, name] of [
  ['', 'issuing-1'],
  [', list: old-ca', 'old-ca'],
] as const)
  test(`with \`previous\` the revocation is on the list of the old CA, at /crl/${name}.crl`, {
    skip: withoutOpenssl,
  }, async (t) => {
    const { cli, serial, started, folder } = await replaced(t, previous(list));
    assert.equal((await cli('check')).err, '');
    const { origin } = await started();
    assert.deepEqual(await cli('certs', 'revoke', serial), {
      code: 0,
      out: `revoked ${serial} (CN=laptop): unspecified`,
      err: '',
    });
    const text = async (path: string, chain: string): Promise<string> => {
      const crl = new Uint8Array(await (await fetch(`${origin}/crl/${path}.crl`)).arrayBuffer());
      const ca = readFileSync(join(folder, chain));
      return openssl('crl -in crl -verify -CAfile ca.pem -text -noout'.split(' '), { crl, 'ca.pem': ca }).toString();
    };
    assert.match(await text(name, 'old/chain.pem'), new RegExp(`Serial Number: 0?${serial}\\s`, 'i'));
    assert.match(await text('issuing', 'certs/chain.pem'), /No Revoked Certificates/);
  });

test('G07 GetCRL that names the old CA gets its list, with what was revoked', { skip: withoutOpenssl }, async (t) => {
  const { cli, serial, started, folder } = await replaced(t, previous(''));
  const { url } = await started();
  await cli('certs', 'revoke', serial);
  const key = newRsaKey();
  const certificate = await selfSigned(key, nameFromText('CN=laptop'), systemClock, systemRandom);
  const server = await discover(url, context);
  const listFor = async (chain: string): Promise<string> => {
    const ca = readFileSync(join(folder, chain, 'issuing-ca.pem'));
    const issuer = readCertificate(certificatesFrom(ca, chain)[0]).subject;
    const content = issuerAndSerialNumber({ issuer, serialNumber: Buffer.from(serial, 'hex') });
    const message = { messageType: 'GetCRL', content, signer: { certificate, key }, keyOf: key.spki } as const;
    const reply = await exchange(server, message, context);
    assert.ok(reply.status === 'success');
    const files = { crl: reply.crls[0]!, 'ca.pem': readFileSync(join(folder, chain, 'chain.pem')) };
    return openssl('crl -in crl -verify -CAfile ca.pem -text -noout'.split(' '), files).toString();
  };
  assert.match(await listFor('old'), new RegExp(`Serial Number: 0?${serial}\\s`, 'i'));
  assert.match(await listFor('certs'), /No Revoked Certificates/);
});

test('a list name that is used twice, and a key of another CA, are refused', async (t) => {
  const { cli, config } = await replaced(t, previous(', list: issuing'));
  const twice = await cli('check');
  assert.equal(twice.code, 78);
  assert.match(twice.err, /two revocation lists with the name issuing/);
  writeFileSync(
    config,
    readFileSync(config, 'utf8').replace('old/issuing-ca.key.pem, list: issuing', 'certs/issuing-ca.key.pem'),
  );
  const wrong = await cli('check');
  assert.equal(wrong.code, 78);
  assert.match(wrong.err, /CN=Test Issuing CA: the key is not the key of this certificate/);
});
