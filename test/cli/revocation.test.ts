/** Revocation from end to end: the command line and the running server on one store. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createIssuingCa } from '../../src/ca/create.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { certificatesFrom } from '../../src/app/certificate-files.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { keyFromPem } from '../../src/keys/software.ts';
import { readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { nameFromText, nameText } from '../../src/pkix/name.ts';
import { createServer } from '../../src/embed/embed.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { RevocationOrder } from '../../src/core/issuer.ts';
import { handClock } from '../kit/clock.ts';
import { authority } from '../kit/endpoint-under-test.ts';
import { keptLog } from '../kit/log.ts';
import { issuing, ra, root } from '../kit/pki.ts';
import { allows } from '../kit/policy.ts';
import { requestMessage } from '../kit/requests.ts';
import { newRsaKey } from '../kit/keys.ts';
import { openssl, withoutOpenssl } from '../kit/openssl.ts';
import * as second from '../kit/pkijs.ts';
import { installed } from '../app/installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };

async function enrolled(url: string, folder: string): Promise<string> {
  const challenge = readFileSync(join(folder, 'challenge.txt'), 'utf8').trim();
  const scep = await discover(url, context);
  const plan = { key: newRsaKey(), subject: nameFromText('CN=laptop'), challenge };
  const reply = await enroll(scep, plan, context);
  assert.ok(reply.status === 'success');
  return serialText(readCertificate(reply.certificates[0]!).serialNumber);
}

/** A list as openssl prints it after verifying it. */
const listed = (folder: string, crl: Uint8Array | string): string =>
  openssl('crl -in crl -verify -CAfile ca.pem -text -noout'.split(' '), {
    crl,
    'ca.pem': readFileSync(join(folder, 'certs/chain.pem')),
  }).toString();

test('a certificate revoked on the command line is on the list of the running server at once', {
  skip: withoutOpenssl,
}, async (t) => {
  const { folder, cli, started } = await installed(t);
  const { url, origin } = await started();
  const serial = await enrolled(url, folder);
  const fetched = async (): Promise<string> => {
    const response = await fetch(`${origin}/crl/issuing.crl`);
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/pkix-crl']);
    return listed(folder, new Uint8Array(await response.arrayBuffer()));
  };
  assert.match(await fetched(), /No Revoked Certificates/);
  const { code, out } = await cli('certs', 'revoke', serial, '--reason', 'keyCompromise');
  assert.deepEqual([code, out], [0, `revoked ${serial} (CN=laptop): keyCompromise`]);
  const text = await fetched();
  assert.match(text, new RegExp(`Serial Number: 0?${serial}\\s`, 'i'));
  assert.match(text, /Key Compromise/);
});

test('a hold is on the list until it is released, and nothing but a hold is released', async (t) => {
  const { folder, cli, started } = await installed(t);
  const { url, origin } = await started();
  const [held, gone] = [await enrolled(url, folder), await enrolled(url, folder)];
  const list = async (): Promise<string> => {
    const der = Buffer.from(await (await fetch(`${origin}/crl/issuing.crl`)).arrayBuffer());
    return der.toString('hex');
  };
  assert.equal((await cli('certs', 'revoke', held, '--reason', 'certificateHold')).code, 0);
  assert.equal((await cli('certs', 'revoke', gone, '--reason', 'superseded')).code, 0);
  assert.ok((await list()).includes(held));
  const refused = await cli('certs', 'release', held, gone);
  assert.deepEqual([refused.code, refused.out], [1, '']);
  assert.match(
    refused.err,
    new RegExp(`^${gone} is revoked \\(superseded\\) and not on hold: .*\nNothing was released`),
  );
  const { code, out } = await cli('certs', 'release', held);
  assert.deepEqual([code, out], [0, `released ${held} (CN=laptop)`]);
  assert.ok(!(await list()).includes(held));
  assert.ok((await list()).includes(gone));
  assert.match((await cli('certs', 'show', held)).out, /state: delivered\n/);
  const again = await cli('certs', 'release', held, 'abcd');
  assert.deepEqual(
    [again.code, again.err],
    [1, `no certificate with serial abcd\n${held} is not on hold\nNothing was released.`],
  );
});

test('what a filter finds is shown first, and revoked when that is confirmed', async (t) => {
  const { folder, cli, started } = await installed(t);
  const { url } = await started();
  const first = await enrolled(url, folder);
  const preview = await cli('certs', 'revoke', '--cn', 'lap');
  assert.deepEqual([preview.code, preview.out], [1, '']);
  assert.match(
    preview.err,
    new RegExp(
      `^SERIAL .*\n${first} .*CN=laptop\n1 certificate would be revoked\\.\nNothing was revoked\\. Give --yes`,
    ),
  );
  const both = await cli('certs', 'revoke', first, '--cn', 'lap', '--yes');
  assert.deepEqual([both.code, both.out], [1, '']);
  assert.match(both.err, /^Nothing was revoked: name serial numbers, or a filter, or --all-of/);
  const { code, out } = await cli('certs', 'revoke', '--cn', 'lap', '--endpoint', '/certsrv/mscep/mscep.dll', '--yes');
  assert.deepEqual([code, out], [0, `revoked ${first} (CN=laptop): unspecified`]);
  const none = await cli('certs', 'revoke', '--cn', 'lap', '--yes');
  assert.deepEqual([none.code, none.err], [1, 'Nothing was revoked: no certificate that is valid now is like this.']);
});

test('every certificate of an authority is revoked, once that is confirmed', async (t) => {
  const { folder, cli, started } = await installed(t);
  const { url } = await started();
  const serials = [await enrolled(url, folder), await enrolled(url, folder)];
  const unnamed = await cli('certs', 'revoke', '--all-of', 'other', '--yes');
  assert.match(unnamed.err, /^Nothing was revoked: no issuer .*\nName one of:\n[0-9a-f]{64} \(.*, issuing\)$/);
  const preview = await cli('certs', 'revoke', '--all-of', 'issuing');
  assert.equal(preview.code, 1);
  assert.match(preview.err, /^2 certificates of .* have not ended: all of them would be revoked for good\./);
  const hold = await cli('certs', 'revoke', '--all-of', 'issuing', '--yes', '--reason', 'certificateHold');
  assert.match(hold.err, /^Nothing was revoked: --all-of takes neither a hold/);
  const all = await cli('certs', 'revoke', '--all-of', 'issuing', '--yes', '--reason', 'cACompromise');
  assert.match(all.out, /^revoked 2 certificates of .*: cACompromise$/);
  for (const serial of serials)
    assert.match((await cli('certs', 'show', serial)).out, /revocationReason: cACompromise/);
  const again = await cli('certs', 'revoke', '--all-of', 'issuing', '--yes');
  assert.match(again.out, /^revoked 0 certificates/);
});

test('certs revoke: a program that serves from the same store tells the CA through its Revoker', async (t) => {
  const { folder, cli } = await installed(t);
  const clock = handClock();
  const store = await openSqliteStore({ path: join(folder, 'openndes.db'), clock });
  t.after(() => store.close());
  const { promise: told, resolve } = Promise.withResolvers<RevocationOrder>();
  const chain = [issuing.certificate, root.certificate];
  const issuer = authority(clock);
  const revoker = { revoke: async (order: RevocationOrder) => resolve(order) };
  const server = await createServer({
    endpoints: [{ path: '/vendor', policy: allows('none'), issuer, revoker, ra, chain, signingTime: 'off' }],
    store,
    logger: keptLog(),
    clock,
    notificationInterval: 10,
  });
  t.after(() => server.close());
  const url = `${await server.listen({ port: 0, host: '127.0.0.1' })}/vendor`;
  await fetch(url, { method: 'POST', body: Buffer.from(await requestMessage()) });
  const [issued] = await store.listCertificates({});
  const said = await cli('certs', 'revoke', issued!.serial, '--reason', 'keyCompromise');
  assert.deepEqual([said.code, said.err], [0, '']);
  // The command has the time of the system, to which the server catches up.
  clock.forward(Date.now() - clock().getTime());
  const { serial, reason } = await told;
  assert.deepEqual({ serial, reason }, { serial: issued!.serial, reason: 'keyCompromise' });
});

test('certs revoke --with-renewals revokes every renewal too; without it the command names them', async (t) => {
  const { folder, cli, started } = await installed(t);
  const { url } = await started();
  const challenge = readFileSync(join(folder, 'challenge.txt'), 'utf8').trim();
  const scep = await discover(url, context);
  const subject = nameFromText('CN=laptop');
  const serials: string[] = [];
  let signer: { key: ReturnType<typeof newRsaKey>; certificate: Uint8Array } | undefined;
  for (const each of [1, 2, 3]) {
    const key = newRsaKey();
    const reply = await enroll(scep, { key, subject, ...(signer ? { signer } : { challenge }) }, context);
    assert.ok(reply.status === 'success', String(each));
    signer = { key, certificate: reply.certificates[0]! };
    serials.push(serialText(readCertificate(signer.certificate).serialNumber));
  }
  const [first, second, third] = serials as [string, string, string];
  assert.match((await cli('certs', 'show', second)).out, new RegExp(`renews: ${first}\n[^]*renewedBy: ${third}\n`));
  const alone = await cli('certs', 'revoke', first);
  assert.equal(alone.code, 0);
  assert.match(alone.err, new RegExp(`2 renewals of it are still valid \\(${second}, ${third}\\)`));
  const all = await cli('certs', 'revoke', first, '--with-renewals', '--reason', 'keyCompromise');
  assert.deepEqual(
    [all.code, all.out],
    [0, [second, third].map((serial) => `revoked ${serial} (CN=laptop): keyCompromise`).join('\n')],
  );
  assert.equal((await cli('certs', 'revoke', first, '--with-renewals')).code, 1);
});

test('certs revoke prints what it did, and refuses a wrong serial number or reason', async (t) => {
  const { folder, cli, started } = await installed(t);
  const serial = await enrolled((await started()).url, folder);
  const pasted = serial.toUpperCase().match(/../g)!.join(':');
  assert.equal((await cli('certs', 'revoke', pasted)).code, 0);
  assert.deepEqual(await cli('certs', 'revoke', serial), {
    code: 1,
    out: '',
    err: `the certificate with serial ${serial} is revoked already`,
  });
  assert.deepEqual(await cli('certs', 'revoke', '12ab'), { code: 1, out: '', err: 'no certificate with serial 12ab' });
  const wrong = await cli('certs', 'revoke', serial, '--reason', 'bored');
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /Allowed choices are unspecified, keyCompromise, .*privilegeWithdrawn/);
  const { out } = await cli('certs', 'show', serial);
  assert.match(out, /^state: revoked$/m);
  assert.match(out, /^revocationReason: unspecified$/m);
  const { username, uid } = userInfo();
  assert.ok(out.includes(`Z  revoked  unspecified  by ${username} (uid ${uid}) (cli)`), out);
  assert.match(out, /Z {2}issued {2}by the device \(scep\)$/m);
});

test('ca crl: PEM on standard output, DER in a file; no server is needed', { skip: withoutOpenssl }, async (t) => {
  const { folder, cli } = await installed(t);
  const { code, out } = await cli('ca', 'crl');
  assert.equal(code, 0);
  assert.match(out, /^-----BEGIN X509 CRL-----\n[^]*\n-----END X509 CRL-----$/);
  assert.match(listed(folder, `${out}\n`), /Issuer: CN *= *Test Issuing CA/);
  const file = join(folder, 'public', 'issuing.crl');
  assert.deepEqual(await cli('ca', 'crl', '--authority', 'issuing', '--out', file), {
    code: 0,
    out: `wrote ${file}`,
    err: '',
  });
  assert.equal(readFileSync(file)[0], 0x30);
  assert.match(listed(folder, readFileSync(file)), /Next Update/);
  const unknown = await cli('ca', 'crl', '--authority', 'other');
  assert.deepEqual([unknown.code, unknown.err], [78, 'which authority? There is issuing\nName it with --authority.']);
});

test('A02 without an RA, GetCACert has the CA once', async (t) => {
  const { folder, started } = await installed(t, (config) => config.replace('ra: auto', 'ra: none'));
  const key = newRsaKey();
  const read = (name: string): Buffer => readFileSync(join(folder, 'certs', name));
  const root = certificatesFrom(read('root-ca.pem'), 'root')[0];
  const wanted = { subject: 'CN=RSA CA', key, validity: 1e9, backdate: 0, ...context };
  const rootKey = keyFromPem(read('root-ca.key.pem').toString(), 'root key');
  const issuing = await createIssuingCa(wanted, { certificate: root, key: rootKey });
  writeFileSync(join(folder, 'certs/issuing-ca.pem'), certificatePem(issuing));
  writeFileSync(join(folder, 'certs/chain.pem'), certificatePem(issuing, root));
  writeFileSync(join(folder, 'certs/issuing-ca.key.pem'), key.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  chmodSync(join(folder, 'certs/issuing-ca.key.pem'), 0o600);
  const { certificates } = await discover((await started()).url, context);
  assert.deepEqual(
    certificates.map((der) => nameText(readCertificate(der).subject)),
    ['CN=RSA CA', 'CN=Test Root CA'],
  );
});

test('A04 a configured split RA enrols: one certificate for the envelope, the other under the reply', async (t) => {
  const { folder, started } = await installed(t, (config) => config.replace('ra: auto', 'ra: split'));
  const { url } = await started();
  await enrolled(url, folder);
  const { certificates } = await discover(url, context);
  assert.deepEqual(
    certificates.map((der) => nameText(readCertificate(der).subject)),
    ['CN=Test Issuing CA RA Signature', 'CN=Test Issuing CA RA Encryption', 'CN=Test Issuing CA', 'CN=Test Root CA'],
  );
});

test('G08 C03 a configured next CA is served by GetNextCACert and named in GetCACaps', async (t) => {
  const next = 'next: { certificate: certs/root-ca.pem }';
  const { folder, started } = await installed(t, (config) => config.replace('ra: auto', `ra: auto\n    ${next}`));
  const { url } = await started();
  const caps = await (await fetch(`${url}?operation=GetCACaps`)).text();
  assert.ok(caps.split('\n').includes('GetNextCACert'));
  const response = await fetch(`${url}?operation=GetNextCACert`);
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/x-x509-next-ca-cert']);
  const signed = second.readSigned(new Uint8Array(await response.arrayBuffer()));
  assert.ok(await second.verifies(signed));
  const root = new X509Certificate(readFileSync(join(folder, 'certs/root-ca.pem'))).raw;
  assert.deepEqual(second.certificatesOf(second.readSigned(second.contentOf(signed))), [root]);
});

test('a next CA without a root, and two authorities that would share RA files, are refused', async (t) => {
  const next = 'next: { certificate: certs/ra.pem }';
  const { folder, cli } = await installed(t, (config) => config.replace('ra: auto', `ra: auto\n    ${next}`));
  writeFileSync(join(folder, 'certs/ra.pem'), readFileSync(join(folder, 'certs/issuing-ca.pem')));
  const unchained = await cli('check');
  assert.equal(unchained.code, 78);
  assert.match(unchained.err, /the chain ends here, and this is not a root/);

  const config = join(folder, 'openndes.yaml');
  const pair = 'certificate: certs/issuing-ca.pem, chain: certs/chain.pem, key: file:certs/issuing-ca.key.pem';
  writeFileSync(
    config,
    `authorities:\n  a: { ${pair} }\n  b: { ${pair} }\nendpoints: [{ authority: a, policy: { static: abcdefgh } }]\n`,
  );
  const shared = await cli('check');
  assert.equal(shared.code, 78);
  assert.match(shared.err, /authorities a and b: both keep their RA certificates in /);
  assert.ok(!existsSync(join(folder, 'certs/ra.key.pem')));
});

test('endpoints of one authority share the RA that the first start makes', async (t) => {
  const { started } = await installed(
    t,
    (config) => `${config}  - { path: /scep/lab, policy: { static: abcdefgh } }\n`,
  );
  const { url, origin } = await started();
  const answers = await Promise.all(
    [url, `${origin}/scep/lab`].map(async (at) => (await fetch(`${at}?operation=GetCACert`)).arrayBuffer()),
  );
  assert.deepEqual(answers[0], answers[1]);
});
