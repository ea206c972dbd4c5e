/** `check` and `serve` compare the CA, what is above it, the RA and the TLS certificate with what the configuration asks of them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { explicit, implicit } from '../../src/asn1/tags.ts';
import { encode, sequence } from '../../src/asn1/writer.ts';
import { startServer } from '../../src/app/configured-server.ts';
import type { Extension } from '../../src/core/request.ts';
import { keyFromPem, privateKeyPem, type SoftwareKey } from '../../src/keys/software.ts';
import { type CertificatePlan, writeCertificate } from '../../src/pkix/certificate.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyIdentifier,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { EXTENDED_KEY_USAGES, OID } from '../../src/pkix/oids.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { pem } from '../kit/openssl.ts';
import { installed, run } from './installation.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const fromNow = (ms: number): Date => new Date(Date.now() + ms);
const { serverAuth, clientAuth } = EXTENDED_KEY_USAGES;

type Different = Partial<CertificatePlan> & {
  without?: string;
  also?: Extension[];
  usages?: Parameters<typeof keyUsage>[0];
};

/** A certificate of `by` for a key, valid from a day ago for ten years unless said otherwise. */
async function certificate(
  of: { subject: string; key: SoftwareKey },
  by: { subject: string; key: SoftwareKey },
  different: Different = {},
) {
  const { without, also = [], usages = ['keyCertSign', 'cRLSign'], ...plan } = different;
  const extensions = [
    basicConstraints(usages.includes('keyCertSign')),
    keyUsage(usages),
    subjectKeyIdentifier(of.key.spki),
    authorityKeyIdentifier(keyIdentifier(by.key.spki)),
  ].filter(({ oid }) => oid !== without && !also.some((other) => other.oid === oid));
  const der = await writeCertificate(
    {
      serialNumber: Uint8Array.of(7),
      issuer: nameFromText(by.subject),
      subject: nameFromText(of.subject),
      notBefore: fromNow(-DAY),
      notAfter: fromNow(3650 * DAY),
      spki: of.key.spki,
      extensions: [...extensions, ...also],
      ...plan,
    },
    by.key,
  );
  return pem(der);
}

/** An installation whose issuing CA, and on request its root, are made anew, with differences. */
async function withCa(
  t: TestContext,
  different: Different,
  rootDifferent?: Different,
  change?: (text: string) => string,
) {
  const made = await installed(t, change);
  const key = (name: string) => keyFromPem(readFileSync(join(made.folder, `certs/${name}.key.pem`), 'utf8'), name);
  const root = { subject: 'CN=Test Root CA', key: key('root-ca') };
  const issuing = { subject: 'CN=Test Issuing CA', key: key('issuing-ca') };
  const issuingPem = await certificate(issuing, root, different);
  const rootPem = rootDifferent
    ? await certificate(root, root, rootDifferent)
    : readFileSync(join(made.folder, 'certs/root-ca.pem'), 'utf8');
  const put = (name: string, text: string, mode = 0o644) => writeFileSync(join(made.folder, name), text, { mode });
  put('certs/issuing-ca.pem', issuingPem);
  put('certs/chain.pem', `${issuingPem}\n${rootPem}`);
  return { ...made, root, issuing, put };
}

const nameConstraints = (permitted: Uint8Array[], excluded: Uint8Array[] = []): Extension => {
  const subtrees = (choice: number, names: Uint8Array[]) =>
    names.length > 0 ? [encode(explicit(choice), ...names.map((name) => sequence(name)))] : [];
  return {
    oid: OID.nameConstraints,
    critical: true,
    value: sequence(...subtrees(0, permitted), ...subtrees(1, excluded)),
  };
};

const withList = (text: string): string =>
  text.replace(
    'extendedKeyUsage: [clientAuth]',
    'extendedKeyUsage: [clientAuth], crl: ["http://ca.example/crl/issuing.crl"]',
  );

/** What no certificate could be used under: check ends with 78, serve does not start, both with this sentence. */
const FATAL: Readonly<
  Record<string, { ca?: Different; root?: Different; change?: (text: string) => string; says: string }>
> = {
  'a CA whose extendedKeyUsage excludes all purposes of the profile': {
    ca: { also: [extendedKeyUsage([serverAuth])] },
    says: 'CN=Test Issuing CA: its extendedKeyUsage allows serverAuth and excludes clientAuth of the profile. Verifiers reject such certificates',
  },
  'a root whose extendedKeyUsage excludes all purposes of the profile': {
    root: { also: [extendedKeyUsage([serverAuth])] },
    says: 'CN=Test Root CA: its extendedKeyUsage allows serverAuth and excludes clientAuth of the profile.',
  },
  'a CA without cRLSign, and a profile with the list of this server': {
    ca: { usages: ['keyCertSign'] },
    change: withList,
    says: 'CN=Test Issuing CA: its keyUsage lacks cRLSign, and the profile names the revocation list of this server. There would be no such list',
  },
  'a root that allows no CA below it': {
    root: { also: [basicConstraints(true, 0)] },
    says: 'CN=Test Root CA: its basicConstraints allow 0 CAs below it, and the chain has 1.',
  },
  'a CA that has expired': {
    ca: { notAfter: fromNow(-HOUR) },
    says: 'CN=Test Issuing CA: expired at ',
  },
  'a CA that is not valid yet': {
    ca: { notBefore: fromNow(HOUR) },
    says: 'CN=Test Issuing CA: valid only from ',
  },
  'a root that has expired': {
    root: { notAfter: fromNow(-HOUR) },
    says: 'CN=Test Root CA: expired at ',
  },
};
for (const [title, { ca = {}, root, change, says }] of Object.entries(FATAL))
  test(`refused by check and serve: ${title}`, async (t) => {
    const { cli, config } = await withCa(t, ca, root, change);
    const { code, err } = await cli('check');
    assert.equal(code, 78);
    assert.match(err, /openndes\.yaml:\d+:\d+ authorities\.issuing/);
    assert.ok(err.includes(says), err);
    await assert.rejects(startServer(config, { logLevel: 'silent', workers: 1 }), { name: 'ConfigError' });
  });

/** What only some verifiers or some requests meet. */
const WARNED: Readonly<
  Record<string, { ca?: Different; root?: Different; change?: (text: string) => string; says: RegExp }>
> = {
  'a CA whose extendedKeyUsage excludes one of two purposes': {
    ca: { also: [extendedKeyUsage([clientAuth])] },
    change: (text) => text.replace('[clientAuth]', '[clientAuth, serverAuth]'),
    says: /certificate: CN=Test Issuing CA: its extendedKeyUsage allows clientAuth and excludes serverAuth of the profile\./,
  },
  'a CA without subjectKeyIdentifier': {
    ca: { without: OID.subjectKeyIdentifier },
    says: /certificate: CN=Test Issuing CA: it has no subjectKeyIdentifier, which RFC 5280 4\.2\.1\.2 demands of a CA\./,
  },
  'a CA with nameConstraints': {
    ca: {
      also: [
        nameConstraints([generalNameFromText('dns:example.com')], [generalNameFromText('dns:secret.example.com')]),
      ],
    },
    says: /certificate: CN=Test Issuing CA: its nameConstraints permit only dns:example\.com; never dns:secret\.example\.com\./,
  },
  ...Object.fromEntries(
    [89, 29, 13, 2].map((days) => [
      `a CA that ends in ${days} days`,
      {
        ca: { notBefore: fromNow(-1000 * DAY), notAfter: fromNow(days * DAY + HOUR) },
        says: new RegExp(
          `certificate: CN=Test Issuing CA: ends in ${days} days, at 20[\\d-]+T[\\d:.]+Z, and every certificate`,
        ),
      },
    ]),
  ),
  'a CA of 50 days that ends in 20': {
    ca: { notBefore: fromNow(-30 * DAY), notAfter: fromNow(20 * DAY + HOUR) },
    says: /certificate: CN=Test Issuing CA: ends in 20 days, at /,
  },
  'a root that ends in 50 days': {
    root: { notBefore: fromNow(-1000 * DAY), notAfter: fromNow(50 * DAY + HOUR) },
    says: /certificate: CN=Test Root CA: ends in 50 days, at /,
  },
};
for (const [title, { ca = {}, root, change, says }] of Object.entries(WARNED))
  test(`a warning of check: ${title}`, async (t) => {
    const { cli } = await withCa(t, ca, root, change);
    const { code, err } = await cli('check');
    assert.equal(code, 0, err);
    assert.match(err, /^warning: [^\n]*$/);
    assert.match(err, says);
  });

test('no warning: a CA for any purpose, and one that ends in 91 days', async (t) => {
  const any = { also: [extendedKeyUsage([EXTENDED_KEY_USAGES.anyExtendedKeyUsage])] };
  const { cli } = await withCa(t, { ...any, notBefore: fromNow(-1000 * DAY), notAfter: fromNow(91 * DAY + HOUR) });
  assert.deepEqual((await cli('check')).err, '');
});

test('a certificate ends with the first of its chain, and so does an RA', async (t) => {
  const rootEnd = fromNow(40 * DAY);
  const { folder, challenge, started } = await withCa(t, {}, { notAfter: rootEnd });
  const { url } = await started();
  const out = join(folder, 'laptop');
  assert.equal((await run('enroll', url, '--subject', 'CN=laptop', '--challenge', challenge, '--out', out)).code, 0);
  for (const file of ['laptop/certificate.pem', 'certs/ra.pem']) {
    const { validTo } = new X509Certificate(readFileSync(join(folder, file)));
    assert.equal(Math.floor(Date.parse(validTo) / 1000), Math.floor(rootEnd.getTime() / 1000), file);
  }
});

test('names outside the nameConstraints of the CA are refused at issuance', async (t) => {
  const address = (...octets: number[]): Uint8Array => encode(implicit(7), Uint8Array.from(octets));
  const constraints = nameConstraints(
    [
      generalNameFromText('dns:example.com'),
      generalNameFromText('email:.example.com'),
      generalNameFromText('uri:.example.com'),
      address(10, 1, 0, 0, 255, 255, 0, 0),
      encode(explicit(4), nameFromText('O=Example')),
    ],
    [generalNameFromText('dns:secret.example.com')],
  );
  const { folder, challenge, started } = await withCa(t, { also: [constraints] }, undefined, (text) =>
    text.replace('extendedKeyUsage:', 'subjectAltName: [dns, email, uri, upn, ip], extendedKeyUsage:'),
  );
  const { url } = await started();
  const asked = async (subject: string, ...san: string[]): Promise<number> => {
    const names = san.flatMap((name) => ['--san', name]);
    const out = join(folder, 'device');
    return (await run('enroll', url, '--subject', subject, ...names, '--challenge', challenge, '--out', out, '--force'))
      .code;
  };
  for (const [code, subject, ...san] of [
    [0, 'CN=a,O=Example', 'dns:example.com', 'dns:A.Example.COM', 'email:a@mail.example.com', 'upn:a@elsewhere.org'],
    [0, 'CN=a,O=EXAMPLE', 'uri:https://www.example.com/x', 'ip:10.1.2.3'],
    [2, 'CN=a,O=Other'],
    [2, 'CN=a'],
    [2, 'CN=a,O=Example', 'dns:example.org'],
    [2, 'CN=a,O=Example', 'dns:badexample.com'],
    [2, 'CN=a,O=Example', 'dns:a.secret.example.com'],
    [2, 'CN=a,O=Example', 'email:a@example.com'],
    [2, 'E=a@example.org,CN=a,O=Example'],
    [2, 'CN=a,O=Example', 'uri:https://example.com/'],
    [2, 'CN=a,O=Example', 'uri:urn:a'],
    [2, 'CN=a,O=Example', 'ip:10.2.2.3'],
  ] as const)
    assert.equal(await asked(subject, ...san), code, `${subject} ${san.join(' ')}`);
});

const ownRa = (text: string): string =>
  text.replace('ra: auto', 'ra: { certificate: certs/own.pem, key: "file:certs/own.key.pem" }');
const BOTH = ['digitalSignature', 'keyEncipherment'] as const;
const RA = 'CN=Own RA';

const OWN: Readonly<Record<string, { different?: Different; key?: SoftwareKey; foreign?: true; says: RegExp }>> = {
  'that has expired': { different: { notAfter: fromNow(-HOUR) }, says: /CN=Own RA: the RA expired at / },
  'that is not valid yet': { different: { notBefore: fromNow(HOUR) }, says: /CN=Own RA: the RA is valid only from / },
  'without keyEncipherment': {
    different: { usages: ['digitalSignature'] },
    says: /CN=Own RA: the keyUsage of the RA lacks keyEncipherment\./,
  },
  'without digitalSignature': {
    different: { usages: ['keyEncipherment'] },
    says: /CN=Own RA: the keyUsage of the RA lacks digitalSignature\./,
  },
  'with an EC key': { key: ecKey('own ra'), says: /The RA key cannot decrypt\./ },
  'of another CA': { foreign: true, says: /CN=Own RA: the RA was not issued by CN=Test Issuing CA\./ },
};
for (const [title, { different = {}, key = rsaKey('own ra'), foreign, says }] of Object.entries(OWN))
  test(`refused by check and serve: an RA of your own ${title}`, async (t) => {
    const { cli, config, issuing, put } = await withCa(t, {}, undefined, ownRa);
    const by = foreign ? { ...issuing, key: ecKey('another ca') } : issuing;
    put('certs/own.pem', await certificate({ subject: RA, key }, by, { usages: BOTH, ...different }));
    put('certs/own.key.pem', privateKeyPem(key.privateKey), 0o600);
    const { code, err } = await cli('check');
    assert.equal(code, 78);
    assert.match(err, /openndes\.yaml:10:\d+ authorities\.issuing\.ra\.certificate: /);
    assert.match(err, says);
    await assert.rejects(startServer(config, { logLevel: 'silent', workers: 1 }), { name: 'ConfigError' });
  });

test('an RA of your own that ends soon is a warning, and one in order is none', async (t) => {
  const { cli, issuing, put } = await withCa(t, {}, undefined, ownRa);
  const key = rsaKey('own ra');
  put('certs/own.key.pem', privateKeyPem(key.privateKey), 0o600);
  put('certs/own.pem', await certificate({ subject: RA, key }, issuing, { usages: BOTH }));
  assert.equal((await cli('check')).err, '');
  const soon = { usages: BOTH, notBefore: fromNow(-300 * DAY), notAfter: fromNow(10 * DAY + HOUR) };
  put('certs/own.pem', await certificate({ subject: RA, key }, issuing, soon));
  assert.match((await cli('check')).err, /^warning: .*ra\.certificate: CN=Own RA: the RA ends in 10 days, at /);
});

test('ra: none with a CA that lacks the usages of an RA is a warning', async (t) => {
  const { cli, folder, root, put } = await withCa(t, {}, undefined, (text) => text.replace('ra: auto', 'ra: none'));
  const key = rsaKey('rsa ca');
  put('certs/chain.pem', readFileSync(join(folder, 'certs/root-ca.pem'), 'utf8'));
  put('certs/issuing-ca.key.pem', privateKeyPem(key.privateKey), 0o600);
  put('certs/issuing-ca.pem', await certificate({ subject: 'CN=Test Issuing CA', key }, root));
  const { code, err } = await cli('check');
  assert.equal(code, 0, err);
  assert.match(
    err,
    /^warning: .* authorities\.issuing\.ra: the CA is its own RA, and its keyUsage lacks digitalSignature and keyEncipherment\./,
  );
  const able = { usages: ['keyCertSign', 'cRLSign', 'digitalSignature', 'keyEncipherment'] as const };
  put('certs/issuing-ca.pem', await certificate({ subject: 'CN=Test Issuing CA', key }, root, able));
  assert.equal((await cli('check')).err, '');
});

test('refused by check: ra: none with an EC key', async (t) => {
  const { cli } = await installed(t, (text) => text.replace('ra: auto', 'ra: none'));
  const { code, err } = await cli('check');
  assert.equal(code, 78);
  assert.match(err, /authorities\.issuing\.ra: The RA key cannot decrypt\./);
});

for (const [title, different, says] of [
  ['has expired', { notAfter: fromNow(-HOUR) }, /certs\/tls\.pem: the TLS certificate expired at /],
  ['is not valid yet', { notBefore: fromNow(HOUR) }, /certs\/tls\.pem: the TLS certificate is valid only from /],
] as const)
  test(`refused by check and serve: a TLS certificate that ${title}`, async (t) => {
    const { cli, config } = await withTls(t, different);
    const { code, err } = await cli('check');
    assert.equal(code, 78);
    assert.match(err, /openndes\.yaml:2:\d+ listen\.tls\.certificate: /);
    assert.match(err, says);
    await assert.rejects(startServer(config, { logLevel: 'silent', workers: 1 }), { name: 'ConfigError' });
  });

test('a TLS certificate that ends soon is a warning; one of 90 days only in its last 30', async (t) => {
  const left = async (life: number, days: number) =>
    (
      await (
        await withTls(t, { notBefore: fromNow((days - life) * DAY), notAfter: fromNow(days * DAY + HOUR) })
      ).cli('check')
    ).err;
  assert.match(
    await left(365, 80),
    /^warning: .*listen\.tls\.certificate: .*certs\/tls\.pem: the TLS certificate ends in 80 days, at /,
  );
  assert.equal(await left(90, 60), '');
  assert.match(await left(90, 29), /ends in 29 days/);
});

async function withTls(t: TestContext, different: Different) {
  const tls = 'port: 0, tls: { certificate: certs/tls.pem, key: certs/tls.key.pem } }';
  const made = await withCa(t, {}, undefined, (text) => text.replace('port: 0 }', tls));
  const key = ecKey('tls');
  const names = subjectAltName([generalNameFromText('dns:localhost')]);
  const usages = ['digitalSignature'] as const;
  made.put(
    'certs/tls.pem',
    await certificate({ subject: 'CN=tls', key }, made.issuing, { usages, also: [names], ...different }),
  );
  made.put('certs/tls.key.pem', privateKeyPem(key.privateKey), 0o600);
  return made;
}
