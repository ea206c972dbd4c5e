/** `openndes doctor`: what each platform must be given of the CA, RAs that clients refuse, and pointers in certificates. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { main } from '../../../src/cli/main.ts';
import { writeCertificate } from '../../../src/pkix/certificate.ts';
import {
  basicConstraints,
  crlDistributionPoint,
  extendedKeyUsage,
  keyUsage,
  subjectKeyIdentifier,
} from '../../../src/pkix/extensions.ts';
import { nameFromText } from '../../../src/pkix/name.ts';
import { EXTENDED_KEY_USAGES } from '../../../src/pkix/oids.ts';
import { run } from '../../app/installation.ts';
import { ecKey, rsaKey } from '../../kit/keys.ts';
import { DAY, file, issuing, issuingSection, keyedFiles, root, rootOf } from '../../wiring/files.ts';
import { configured } from '../../wiring/server.ts';
import { finding, read, type Diagnosis } from './diagnosed.ts';

const diagnosed = async (config: string): Promise<Diagnosis> => read(await run('doctor', '--json', '--config', config));

const hex = (algorithm: string, der: Uint8Array): string =>
  createHash(algorithm).update(der).digest('hex').toUpperCase();
const thumbprints = (der: Uint8Array): string =>
  `SHA-1 ${hex('sha1', der)}, MD5 ${hex('md5', der)}, SHA-256 ${hex('sha256', der)}`;

test('Windows is given the issuing CA, Android the root, Apple either, with the thumbprints that they show', async () => {
  const { verdict, text, details } = finding(await diagnosed(configured({})), 'certificates.issuing');
  assert.deepEqual(
    [verdict, text],
    ['PASS', 'Windows, Android and Apple can use the CA and the RA. A profile must name:'],
  );
  assert.deepEqual(details.slice(0, 3), [
    `Windows: the issuing CA, CN=Wiring Issuing: ${thumbprints(issuing.certificate)}`,
    `Android: the root, CN=Wiring Root: ${thumbprints(root.certificate)}`,
    'iOS, iPadOS, macOS: either of them',
  ]);
  assert.match(details[3] ?? '', /^RA: CN=Wiring RA: SHA-1 [0-9A-F]{40}$/);
  assert.match(details[4] ?? '', /certutil -dspublish -f issuing-ca\.cer NTAuthCA/);
});

/** An RA of the issuing CA with this purpose. */
async function raFor(purpose: string, days: number) {
  const key = rsaKey('doctor ra');
  const now = Date.now();
  const certificate = await writeCertificate(
    {
      serialNumber: Uint8Array.of(7),
      issuer: nameFromText('CN=Wiring Issuing'),
      subject: nameFromText('CN=Own RA'),
      notBefore: new Date(now - DAY),
      notAfter: new Date(now + days * DAY),
      spki: key.spki,
      extensions: [keyUsage(['digitalSignature', 'keyEncipherment']), extendedKeyUsage([purpose])],
    },
    issuing.key,
  );
  return { key, certificate };
}

test('an RA with a purpose that Windows does not expect, and one that ends soon', async () => {
  const odd = keyedFiles('doctor/odd', await raFor(EXTENDED_KEY_USAGES.clientAuth, 300));
  const warned = finding(
    await diagnosed(configured({ authorities: { issuing: { ...issuingSection, ra: odd } } })),
    'certificates.issuing',
  );
  assert.deepEqual(
    [warned.verdict, warned.text, warned.remedy],
    [
      'PASS-WITH-WARNINGS',
      'CN=Own RA: its extendedKeyUsage is clientAuth. Windows may not take it as an RA.',
      'Use `ra: auto`, or an RA with certificateRequestAgent (1.3.6.1.4.1.311.20.2.1).',
    ],
  );
  const ending = keyedFiles('doctor/ending', await raFor(EXTENDED_KEY_USAGES.certificateRequestAgent, 10));
  const { verdict, text } = finding(
    await diagnosed(configured({ authorities: { issuing: { ...issuingSection, ra: ending } } })),
    'certificates.issuing',
  );
  assert.equal(verdict, 'PASS-WITH-WARNINGS');
  assert.match(text, /^CN=Own RA: it ends in (9|10) days, at 20/);
});

test('a CA as its own RA without the usages for that: Windows refuses it', async () => {
  const { verdict, text, remedy } = finding(
    await diagnosed(configured({ authorities: { issuing: { ...issuingOfRsa(), ra: 'none' } } })),
    'certificates.issuing',
  );
  assert.deepEqual(
    [verdict, text, remedy],
    [
      'FAIL',
      'CN=Doctor Root: its keyUsage lacks digitalSignature and keyEncipherment. Windows gives up with 0x8010002c, and Apple refuses it.',
      'Use `ra: auto`, or an RA with digitalSignature and keyEncipherment.',
    ],
  );
});

const rsaRoot = await rootOf('CN=Doctor Root', rsaKey('doctor root'));
const issuingOfRsa = () => keyedFiles('doctor/root', rsaRoot);

/** A web server with these files. */
async function serving(t: TestContext, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const content = files[url];
    response.writeHead(content ? 200 : 404).end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('revocation lists, issuer and OCSP of a profile: what is there, what is another one, what is missing', async (t) => {
  const out = file('doctor/own.crl', '');
  const config = configured({});
  assert.equal(await main(['ca', 'crl', '--config', config, '--out', out], { out: () => {}, err: () => {} }), 0);
  const origin = await serving(t, {
    '/own.crl': readFileSync(out),
    '/page.crl': Buffer.from('<html>'),
    '/ca.cer': issuing.certificate,
    '/root.cer': Buffer.from(new X509Certificate(root.certificate).toString()),
  });
  const profiles = {
    device: {
      crl: [`${origin}/own.crl`, `${origin}/page.crl`],
      aia: { caIssuers: [`${origin}/ca.cer`, `${origin}/root.cer`], ocsp: [`${origin}/ocsp`] },
    },
  };
  const diagnosis = await diagnosed(configured({ profiles }));
  const at = (path: string) => {
    const { verdict, text } = finding(diagnosis, `pointers.${path}`);
    return [verdict, text.replaceAll(origin, 'ORIGIN').replaceAll(origin.slice(7), 'HOST')];
  };
  const [verdict = '', text = ''] = at(`${origin}/own.crl`);
  assert.equal(verdict, 'PASS');
  assert.match(text, /^The list is valid until 20\S+Z and names 0 certificates\.$/);
  assert.deepEqual(at(`${origin}/page.crl`), [
    'FAIL',
    'ORIGIN/page.crl in certificates of /plain cannot be used: not a revocation list in DER or PEM.',
  ]);
  assert.deepEqual(at(`${origin}/ca.cer`), ['PASS', 'The certificate of the issuer is there.']);
  assert.deepEqual(at(`${origin}/root.cer`), [
    'FAIL',
    'ORIGIN/root.cer in certificates of /plain cannot be used: it is another certificate than that of the issuer.',
  ]);
  assert.deepEqual(at(`${origin}/ocsp`), [
    'PASS',
    'The responder can be reached: it answers GET with HTTP 404. No status was asked for.',
  ]);
});

test('a list that is not there', async (t) => {
  const origin = await serving(t, {});
  const diagnosis = await diagnosed(configured({ profiles: { device: { crl: [`${origin}/gone.crl`] } } }));
  const { text, remedy } = finding(diagnosis, `pointers.${origin}/gone.crl`);
  assert.equal(
    text,
    `${origin}/gone.crl in certificates of /plain cannot be used: ${origin.slice(7)} answered with HTTP 404.`,
  );
  assert.equal(remedy, 'Publish it there, open the way, or correct `crl` and `aia` of the profile.');
});

test('a pointer of a CA certificate that devices outside the domain cannot use', async () => {
  const key = ecKey('doctor pointed');
  const certificate = await writeCertificate(
    {
      serialNumber: Uint8Array.of(8),
      issuer: nameFromText('CN=Wiring Root'),
      subject: nameFromText('CN=Doctor Pointed'),
      notBefore: new Date(Date.now() - DAY),
      notAfter: new Date(Date.now() + 900 * DAY),
      spki: key.spki,
      extensions: [
        basicConstraints(true),
        keyUsage(['keyCertSign', 'cRLSign']),
        subjectKeyIdentifier(key.spki),
        crlDistributionPoint(['ldap:///CN=ca,CN=CDP']),
      ],
    },
    root.key,
  );
  const { ra: _, ...section } = { ...issuingSection, ...keyedFiles('doctor/pointed', { key, certificate }) };
  const diagnosis = await diagnosed(configured({ authorities: { issuing: section } }));
  const { verdict, text, remedy } = finding(diagnosis, 'pointers.ldap:///CN=ca,CN=CDP');
  assert.deepEqual(
    [verdict, text, remedy],
    [
      'PASS-WITH-WARNINGS',
      'ldap:///CN=ca,CN=CDP in a CA certificate is no http URL and was not tried.',
      'Devices outside the domain cannot fetch it: name an http URL too.',
    ],
  );
  assert.ok(
    finding(diagnosis, 'certificates.issuing').details.includes('RA: none yet; the server makes it at its first start'),
  );
});
