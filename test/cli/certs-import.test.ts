/** `certs import`: certificates of our CA that the store does not know become certificates of this server. */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { certificatesFrom } from '../../src/app/certificate-files.ts';
import { discover, enroll } from '../../src/client/scep-client.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { keyFromPem, type SoftwareKey } from '../../src/keys/software.ts';
import { type CertificatePlan, readCertificate, serialText, writeCertificate } from '../../src/pkix/certificate.ts';
import { basicConstraints, extendedKeyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { newRsaKey } from '../kit/keys.ts';
import { openssl, withoutOpenssl } from '../kit/openssl.ts';
import { installed, rows } from '../app/installation.ts';

const context = { fetch, clock: systemClock, random: systemRandom };
const DAY = 86_400_000;

type Device = { key: SoftwareKey; certificate: Uint8Array; serial: string };

/** An installation, and what signs with the key of its CA as another program would. */
async function authority(t: TestContext, change?: (config: string) => string) {
  const place = await installed(t, change);
  const read = (name: string): Buffer => readFileSync(join(place.folder, 'certs', name));
  const ca = certificatesFrom(read('issuing-ca.pem'), 'ca')[0];
  const caKey = keyFromPem(read('issuing-ca.key.pem').toString(), 'key');
  const signed = async (n: number, different: Partial<CertificatePlan> = {}, by = caKey): Promise<Device> => {
    const key = newRsaKey();
    const now = Math.floor(systemClock().getTime() / 1_000) * 1_000;
    const plan: CertificatePlan = {
      serialNumber: Buffer.of(0x0a, n),
      issuer: readCertificate(ca).subject,
      subject: nameFromText(`CN=old-${n}`),
      notBefore: new Date(now - DAY),
      notAfter: new Date(now + DAY),
      spki: key.spki,
      extensions: [],
      ...different,
    };
    const certificate = await writeCertificate(plan, by);
    return { key, certificate, serial: serialText(readCertificate(certificate).serialNumber) };
  };
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(place.folder, name), content);
    return join(place.folder, name);
  };
  return { ...place, signed, file };
}

const HINT = 'What was revoked elsewhere is valid here until you revoke it here too: openndes certs revoke --file FILE';

test('an imported certificate renews without a challenge, is on the list when it is revoked, and is marked', {
  skip: withoutOpenssl,
}, async (t) => {
  const { cli, started, signed, file, folder } = await authority(t);
  const { url, origin } = await started();
  const [device, lost] = [await signed(1), await signed(2)];
  const scep = await discover(url, context);
  const renewal = (signer: Device) =>
    enroll(scep, { key: newRsaKey(), subject: nameFromText('CN=old-1'), signer }, context);
  assert.equal((await renewal(device)).status, 'failure');

  const said = await cli('certs', 'import', file('both.pem', certificatePem(device.certificate, lost.certificate)));
  assert.deepEqual(said, { code: 0, out: 'imported 2, known already 0, refused 0 (files: 1)', err: HINT });
  assert.equal((await renewal(device)).status, 'success');
  const shown = (await cli('certs', 'show', device.serial)).out;
  assert.match(shown, /^state: delivered$/m);
  assert.match(shown, /^endpoint: \/certsrv\/mscep\/mscep\.dll$/m);
  assert.match(shown, /^importedAt: \d{4}-/m);
  assert.match(shown, /^renewedBy: [0-9a-f]+$/m);
  assert.match(shown, /Z {2}imported/);
  assert.doesNotMatch(shown, /transactionId/);

  assert.equal((await cli('certs', 'revoke', lost.serial)).code, 0);
  const crl = new Uint8Array(await (await fetch(`${origin}/crl/issuing.crl`)).arrayBuffer());
  const text = openssl('crl -in crl -verify -CAfile ca.pem -text -noout'.split(' '), {
    crl,
    'ca.pem': readFileSync(join(folder, 'certs/chain.pem')),
  }).toString();
  assert.match(text, /Serial Number: 0A02\s/);
});

test('folders at any depth, PEM and DER, several in one file; again all are known', async (t) => {
  const { cli, signed, folder } = await authority(t);
  const devices = await Promise.all([1, 2, 3, 4, 5].map((n) => signed(n)));
  const [a, b, c, d, e] = devices.map(({ certificate }) => certificate) as [Uint8Array, ...Uint8Array[]];
  mkdirSync(join(folder, 'export/deep/er'), { recursive: true });
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, 'export', name), content);
  write('a.cer', a);
  write('deep/b.pem', `Subject: x\r\n${certificatePem(b!).replaceAll('\n', '\r\n')}`);
  write('deep/er/cd.der', Buffer.concat([c!, d!]));
  write('deep/er/all.pem', certificatePem(a, e!));
  write('.hidden', 'not looked at');
  const first = await cli('certs', 'import', join(folder, 'export'));
  assert.deepEqual(first, { code: 0, out: 'imported 5, known already 1, refused 0 (files: 4)', err: HINT });
  const second = await cli('certs', 'import', join(folder, 'export'), join(folder, 'export/a.cer'));
  assert.deepEqual(second, { code: 0, out: 'imported 0, known already 7, refused 0 (files: 5)', err: '' });
  assert.equal(rows(await cli('certs', 'list', '--json')).length, 5);
});

test('what is refused has one line each, and everything else is imported', async (t) => {
  const { cli, signed, file, folder } = await authority(t);
  const good = await signed(1);
  const other = await authority(t);
  const strange = await other.signed(2, { issuer: nameFromText('CN=Somebody') });
  const forged = await signed(3, {}, newRsaKey());
  const refused: [string, string | Uint8Array, string][] = [
    [
      'ca.pem',
      readFileSync(join(folder, 'certs/issuing-ca.pem')),
      'no authority of this configuration, and none of its previous CAs, is CN=Test Root CA',
    ],
    [
      'strange.pem',
      certificatePem(strange.certificate),
      'no authority of this configuration, and none of its previous CAs, is CN=Somebody',
    ],
    [
      'forged.pem',
      certificatePem(forged.certificate),
      'it is not signed with the key of CN=Test Issuing CA that this configuration has',
    ],
    [
      'sub.pem',
      certificatePem((await signed(4, { extensions: [basicConstraints(true)] })).certificate),
      'it is the certificate of a CA, not of a device',
    ],
    [
      'ocsp.pem',
      certificatePem((await signed(5, { extensions: [extendedKeyUsage(['1.3.6.1.5.5.7.3.9'])] })).certificate),
      'it is for ocspSigning, and not the certificate of a device',
    ],
    [
      'twin.pem',
      certificatePem((await signed(1)).certificate),
      'another certificate of this CA has the serial number 0a01',
    ],
    [
      'zero.pem',
      certificatePem((await signed(6, { serialNumber: Buffer.of(0) })).certificate),
      'its serial number is not positive (RFC 5280 4.1.2.2), and cannot be on a revocation list',
    ],
    [
      'key.pem',
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
      'not a certificate in PEM or DER (for PKCS #7: openssl pkcs7 -print_certs -in FILE)',
    ],
    [
      'cut.cer',
      good.certificate.subarray(0, 300),
      'not a certificate in PEM or DER (for PKCS #7: openssl pkcs7 -print_certs -in FILE)',
    ],
    [
      'utf16.pem',
      Buffer.from(`\ufeff${certificatePem(good.certificate)}`, 'utf16le'),
      'text in UTF-16 (certificates to import)',
    ],
  ];
  const paths = [
    file('good.pem', certificatePem(good.certificate)),
    ...refused.map(([name, content]) => file(name, content)),
  ];
  const { code, out, err } = await cli('certs', 'import', ...paths, join(folder, 'missing.pem'));
  assert.deepEqual([code, out], [1, 'imported 1, known already 0, refused 11 (files: 12)']);
  assert.deepEqual(err.split('\n'), [
    ...refused.map(([name, , why]) => `${join(folder, name)}: ${why}`),
    `${join(folder, 'missing.pem')}: there is no such file (certificates to import)`,
    HINT,
  ]);
  const mixed = file('mixed.pem', certificatePem(good.certificate, forged.certificate));
  assert.match((await cli('certs', 'import', mixed)).err, /mixed\.pem, certificate 2: it is not signed/);
});

test('a link that leads to itself, a file of 600 MB and a folder that may not be read keep nothing else from being imported', async (t) => {
  const { cli, signed, folder } = await authority(t);
  const at = (name: string): string => join(folder, 'export', name);
  mkdirSync(at('closed'), { recursive: true });
  writeFileSync(at('z.pem'), certificatePem((await signed(1)).certificate));
  symlinkSync('loop.pem', at('loop.pem'));
  writeFileSync(at('a.pem'), '');
  truncateSync(at('a.pem'), 600 * 1024 * 1024);
  chmodSync(at('closed'), 0);
  const { code, out, err } = await cli('certs', 'import', join(folder, 'export'));
  chmodSync(at('closed'), 0o700);
  assert.equal(code, 1);
  // Root may read every folder.
  const closed = process.geteuid?.() === 0 ? 0 : 1;
  assert.equal(out, `imported 1, known already 0, refused ${1 + closed} (files: ${2 + closed})`);
  assert.ok(err.startsWith(`${at('a.pem')}: 629145600 octets are more than 268435456: split the file\n`), err);
  assert.equal(err.includes(`${at('closed')}: the folder cannot be read: EACCES`), closed === 1);
});

test('certificates of a previous CA are imported too', async (t) => {
  const old = await authority(t);
  const device = await old.signed(1);
  const { cli, folder, file } = await installed(t, (config) =>
    config.replace(
      'ra: auto',
      'ra: auto\n    previous: [{ certificate: old/issuing-ca.pem, key: old/issuing-ca.key.pem }]',
    ),
  ).then((place) => ({
    ...place,
    file: (name: string, content: string) => writeFileSync(join(place.folder, name), content),
  }));
  cpSync(join(old.folder, 'certs'), join(folder, 'old'), { recursive: true });
  chmodSync(join(folder, 'old/issuing-ca.key.pem'), 0o600);
  file('device.pem', certificatePem(device.certificate));
  assert.equal(
    (await cli('certs', 'import', join(folder, 'device.pem'))).out,
    'imported 1, known already 0, refused 0 (files: 1)',
  );
  assert.equal((await cli('check')).err, '');
});

test('with two endpoints of an authority one must be named; no secret of the configuration is needed', async (t) => {
  const { cli, signed, file } = await authority(t, (config) =>
    config.replace(
      'endpoints:',
      'endpoints:\n  - { path: /scep/lab, name: lab, policy: { static: "${env:IMPORT_UNSET}" } }',
    ),
  );
  const path = file('device.pem', certificatePem((await signed(1)).certificate));
  assert.deepEqual(await cli('certs', 'import', path), {
    code: 1,
    out: '',
    err: 'the authority issuing has the endpoints lab, /certsrv/mscep/mscep.dll: name with --endpoint the one at which the certificates may renew',
  });
  assert.match(
    (await cli('certs', 'import', path, '--endpoint', 'lap')).err,
    /^no endpoint has the name lap: there is lab, /,
  );
  assert.equal((await cli('certs', 'import', path, '--endpoint', 'lab')).code, 0);
  assert.match((await cli('certs', 'show', '0a01')).out, /^endpoint: lab$/m);
});

test('an endpoint of another authority is no place for a certificate: it would renew under a CA that never certified it', async (t) => {
  const lab = await authority(t);
  const { cli, file } = await authority(t, (config) =>
    config
      .replace(
        'authorities:',
        `authorities:\n  lab: { certificate: ${lab.folder}/certs/issuing-ca.pem, key: 'file:${lab.folder}/certs/issuing-ca.key.pem', chain: ${lab.folder}/certs/chain.pem }`,
      )
      .replace(
        'endpoints:',
        'endpoints:\n  - { path: /scep/lab, name: lab, authority: lab, policy: { static: lab-challenge-of-the-test } }\n',
      )
      .replace('policy:\n', 'authority: issuing\n    policy:\n'),
  );
  const path = file('lab.pem', certificatePem((await lab.signed(1)).certificate));
  const refused = await cli('certs', 'import', path, '--endpoint', '/certsrv/mscep/mscep.dll');
  assert.equal(refused.code, 1);
  assert.equal(
    refused.err,
    `${path}: it is of the authority lab, and the named endpoint is of another one: name one of lab for it`,
  );
  assert.deepEqual(rows(await cli('certs', 'list', '--json')), []);
  assert.equal((await cli('certs', 'import', path, '--endpoint', 'lab')).code, 0);
});
