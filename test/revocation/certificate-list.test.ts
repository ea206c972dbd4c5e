/** The revocation list, verified by node:crypto, pkijs and the openssl command. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { createIssuingCa, createRoot } from '../../src/ca/create.ts';
import { writeCrl } from '../../src/revocation/certificate-list.ts';
import type { Revocation } from '../../src/revocation/list-entries.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../src/core/issuer.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { generateKey, KEY_CHOICES } from '../../src/keys/software.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import { basicConstraints, keyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { openssl, pem, withoutOpenssl } from '../kit/openssl.ts';
import { DAY, deviceKey, issuing, NOW, root, rsaKey, wanted, YEAR } from '../ca/authority-under-test.ts';

const VALIDITY = 7 * DAY;

const revocation = (different: Partial<Revocation> = {}): Revocation => ({
  serialNumber: Buffer.of(0xca, 0xfe),
  revokedAt: new Date('2026-02-27T08:09:10.987Z'),
  reason: 'keyCompromise',
  notAfter: new Date(NOW.getTime() + YEAR),
  ...different,
});

const crl = (revoked: readonly Revocation[], issuer = issuing): Promise<Uint8Array> =>
  writeCrl({ issuer, revoked, thisUpdate: NOW, validity: VALIDITY, number: NOW.getTime() });

const text = (der: Uint8Array, issuer = issuing): string =>
  openssl('crl -inform DER -in crl -verify -CAfile ca.pem -text'.split(' '), {
    crl: der,
    'ca.pem': pem(issuer.certificate),
  }).toString();

const read = (der: Uint8Array): pkijs.CertificateRevocationList =>
  pkijs.CertificateRevocationList.fromBER(new Uint8Array(der).buffer);

const serials = (der: Uint8Array): string[] =>
  (read(der).revokedCertificates ?? []).map(({ userCertificate }) =>
    Buffer.from(userCertificate.valueBlock.valueHexView).toString('hex'),
  );

for (const choice of KEY_CHOICES)
  test(`a CA with ${choice} signs a list that other readers verify`, async (t) => {
    const key = generateKey(choice);
    const issuer = { key, certificate: await createIssuingCa(wanted('CN=Issuing', key, YEAR), root) };
    const der = await crl([revocation()], issuer);
    const parsed = read(der);
    const signature = Buffer.from(parsed.signatureValue.valueBlock.valueHexView);
    const isMlDsa = choice.startsWith('ml-dsa');
    const digest = isMlDsa ? null : choice === 'p384' ? 'sha384' : 'sha256';
    const { publicKey } = new X509Certificate(issuer.certificate);
    assert.ok(verify(digest, Buffer.from(parsed.tbsView), publicKey, signature), 'node');
    // Neither pkijs nor the OpenSSL of Debian 12 knows it.
    if (isMlDsa) return;
    const issuerCertificate = pkijs.Certificate.fromBER(new Uint8Array(issuer.certificate).buffer);
    assert.ok(await parsed.verify({ issuerCertificate }), 'pkijs');
    if (withoutOpenssl) return t.skip(withoutOpenssl);
    assert.match(text(der, issuer), /Version 2/);
  });

test('version 2, whole seconds, authority key identifier and number, and no critical extension', {
  skip: withoutOpenssl,
}, async () => {
  const words = text(await crl([revocation()]));
  assert.match(words, /Version 2 \(0x1\)/);
  assert.match(words, /Issuer: CN *= *Test Issuing/);
  assert.match(words, /Last Update: Mar  1 12:00:00 2026 GMT\s+Next Update: Mar  8 12:00:00 2026 GMT/);
  const identifier = Buffer.from(read(await crl([])).crlExtensions!.extensions[0]!.extnValue.valueBlock.valueHexView);
  const caIdentifier = /Subject Key Identifier: *\n\s+([0-9A-F:]+)/.exec(
    openssl('x509 -in ca.pem -noout -text'.split(' '), { 'ca.pem': pem(issuing.certificate) }).toString(),
  )![1]!;
  assert.equal(identifier.subarray(4).toString('hex'), caIdentifier.replaceAll(':', '').toLowerCase());
  assert.match(words, /X509v3 Authority Key Identifier:/);
  assert.match(
    words,
    new RegExp(`X509v3 CRL Number: *\\s+(0x0*${NOW.getTime().toString(16)}|${NOW.getTime()})\\s`, 'i'),
  );
  assert.match(words, /Serial Number: CAFE\s+Revocation Date: Feb 27 08:09:10 2026 GMT/);
  assert.doesNotMatch(words, /critical/);
});

const WORDS: Readonly<Record<RevocationReason, string | undefined>> = {
  unspecified: undefined,
  keyCompromise: 'Key Compromise',
  cACompromise: 'CA Compromise',
  affiliationChanged: 'Affiliation Changed',
  superseded: 'Superseded',
  cessationOfOperation: 'Cessation Of Operation',
  certificateHold: 'Certificate Hold',
  privilegeWithdrawn: 'Privilege Withdrawn',
  aACompromise: 'AA Compromise',
};
for (const reason of Object.keys(REVOCATION_REASONS) as RevocationReason[])
  test(`the reason ${reason} is ${WORDS[reason] ? 'in the entry' : 'left out'}`, { skip: withoutOpenssl }, async () => {
    const words = text(await crl([revocation({ reason })]));
    if (WORDS[reason]) assert.match(words, new RegExp(`CRL Reason Code: *\\s+${WORDS[reason]}\\s`));
    else assert.doesNotMatch(words, /CRL entry extensions|Reason Code/);
  });

test('a CRL without entries has no revokedCertificates, and verifies', { skip: withoutOpenssl }, async () => {
  const der = await crl([]);
  assert.equal(read(der).revokedCertificates, undefined);
  assert.match(text(der), /No Revoked Certificates/);
});

test('serial numbers with a high first bit stay positive', async () => {
  const der = await crl([revocation({ serialNumber: Buffer.of(0xff, 1) }), revocation({ serialNumber: Buffer.of(1) })]);
  assert.deepEqual(serials(der), ['00ff01', '01']);
});

test('an entry stays until a list issued after its certificate expired has had it', async () => {
  const ended = (ms: number, serial: number) =>
    revocation({ serialNumber: Buffer.of(serial), notAfter: new Date(NOW.getTime() - ms) });
  const der = await crl([ended(0, 1), ended(VALIDITY, 2), ended(VALIDITY + 1, 3), ended(YEAR, 4)]);
  assert.deepEqual(serials(der), ['01', '02']);
});

test('a nextUpdate after 2049 is a GeneralizedTime', async () => {
  const key = generateKey('p256');
  const issuer = { key, certificate: await createRoot(wanted('CN=Long', key, 40 * YEAR)) };
  const thisUpdate = new Date('2049-12-31T12:00:00Z');
  const der = await writeCrl({ issuer, revoked: [], thisUpdate, validity: VALIDITY, number: 1 });
  const times = asn1js.fromBER(read(der).tbsView).result as asn1js.Sequence;
  assert.deepEqual(
    times.valueBlock.value.slice(3, 5).map((each) => each.constructor.name),
    ['UTCTime', 'GeneralizedTime'],
  );
});

test('openssl rejects the revoked certificate and accepts the other one', {
  skip: withoutOpenssl,
}, async () => {
  const leaf = (serialNumber: Uint8Array) =>
    writeCertificate(
      {
        serialNumber,
        issuer: nameFromText('CN=Test Issuing'),
        subject: nameFromText('CN=leaf'),
        notBefore: new Date(NOW.getTime() - DAY),
        notAfter: new Date(NOW.getTime() + DAY),
        spki: deviceKey.spki,
        extensions: [],
      },
      issuing.key,
    );
  const list = openssl('crl -inform DER -in crl -outform PEM'.split(' '), { crl: await crl([revocation()]) });
  const judge = async (serialNumber: Uint8Array): Promise<string> => {
    const files = {
      'leaf.pem': pem(await leaf(serialNumber)),
      'ca.pem': pem(root.certificate) + pem(issuing.certificate),
      'list.pem': list,
    };
    const at = String(NOW.getTime() / 1000);
    const args = `verify -CAfile ca.pem -CRLfile list.pem -crl_check -attime ${at} leaf.pem`.split(' ');
    return printed(args, files);
  };
  assert.match(await judge(Buffer.of(0xca, 0xfe)), /certificate revoked/);
  assert.match(await judge(Buffer.of(0xca, 0xff)), /leaf\.pem: OK/);
});

/** What the command prints, whatever its exit code. */
function printed(args: readonly string[], files: Readonly<Record<string, Uint8Array | string>>): string {
  const cwd = mkdtempSync(join(tmpdir(), 'openndes-crl-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
    const { stdout, stderr } = spawnSync('openssl', args, { cwd, encoding: 'utf8' });
    return stdout + stderr;
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

const noCrlSign = async () => ({
  key: deviceKey,
  certificate: await writeCertificate(
    {
      serialNumber: Buffer.of(1),
      issuer: nameFromText('CN=Test Root'),
      subject: nameFromText('CN=No lists'),
      notBefore: new Date(NOW.getTime() - DAY),
      notAfter: new Date(NOW.getTime() + DAY),
      spki: deviceKey.spki,
      extensions: [basicConstraints(true), keyUsage(['keyCertSign'])],
    },
    root.key,
  ),
});

test('a CA without cRLSign signs no list', async () => {
  await assert.rejects(crl([], await noCrlSign()), (e) => e instanceof ConfigError && /cRLSign/.test(e.remedy));
});

test('a certificate that is not a CA signs no list', async () => {
  const certificate = await writeCertificate(
    {
      serialNumber: Buffer.of(1),
      issuer: nameFromText('CN=x'),
      subject: nameFromText('CN=x'),
      notBefore: NOW,
      notAfter: NOW,
      spki: rsaKey.spki,
      extensions: [],
    },
    rsaKey,
  );
  await assert.rejects(
    crl([], { certificate, key: rsaKey }),
    (e) => e instanceof ConfigError && /not a CA/.test(e.message),
  );
});

test('a hundred thousand entries are one list, and other work runs while it is written', async () => {
  const serial = (n: number): Buffer => {
    const octets = Buffer.alloc(16, 0x7f);
    octets.writeUInt32BE(n);
    return octets;
  };
  const revoked = Array.from({ length: 100_000 }, (_, n) => revocation({ serialNumber: serial(n + 1) }));
  let turns = 0;
  const count = (): void => void (turns++, (timer = setImmediate(count)));
  let timer = setImmediate(count);
  const der = await crl(revoked);
  clearImmediate(timer);
  assert.ok(turns >= 150, `${turns} turns`);
  assert.ok(der.length > 100_000 * 40 && der.length < 100_000 * 60, `${der.length} octets`);
  if (withoutOpenssl) return;
  assert.equal(text(der).match(/Serial Number: /g)!.length, 100_000);
});
