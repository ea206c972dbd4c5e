/** Certificates, requests and revocation lists with ML-DSA: OpenSSL and BouncyCastle read ours, and we read theirs. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createIssuingCa, createRa, createRoot } from '../../src/ca/create.ts';
import { readCaCertificate, readChain } from '../../src/ca/ca-certificate.ts';
import { localAuthority } from '../../src/ca/local-authority.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { generateKey, generateKemKey, keyFromPem, type KeyChoice, privateKeyPem } from '../../src/keys/software.ts';
import {
  provesPossession,
  readCertificationRequest,
  withoutProof,
  writeCertificationRequest,
} from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { importKey } from '../../src/pkix/public-key.ts';
import { writeCrl } from '../../src/revocation/certificate-list.ts';
import { certificatesFrom } from '../../src/app/certificate-files.ts';
import { clock, DAY, NOW, random, wanted, YEAR } from '../kit/pki.ts';
import { get, put, runBouncy, runOpenssl } from './programs.ts';

const SETS = ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const;
const CAS: readonly KeyChoice[] = [...SETS, 'rsa-2048', 'p256'];
const LEAVES: readonly KeyChoice[] = [...SETS, 'rsa-2048', 'p256'];
const AT = ['-attime', String(NOW.getTime() / 1000)];

/** A root, an issuing CA, an ML-KEM RA, a list, and one certificate for each kind of device, in files. */
async function hierarchy(choice: KeyChoice): Promise<void> {
  const [rootKey, key] = [generateKey(choice), generateKey(choice)];
  const root = { key: rootKey, certificate: await createRoot(wanted('CN=Root', rootKey, 10 * YEAR)) };
  const certificate = await createIssuingCa(wanted('CN=Issuing', key, 5 * YEAR), root);
  const issuer = { certificate, key };
  const chain = [root.certificate];
  const authority = localAuthority({ ...issuer, chain, profile: DEFAULT_PROFILE, clock, random });
  save(`${choice}-root`, root.certificate);
  save(`${choice}-issuing`, certificate);
  save(`${choice}-kem`, await createRa(wanted('CN=KEM', generateKemKey()), issuer, 'kem'));
  for (const kind of LEAVES) {
    const device = generateKey(kind);
    const csr = await writeCertificationRequest({ subject: nameFromText('CN=device') }, device);
    put(`${choice}-${kind}.csr`, csr);
    const request = {
      endpoint: '/',
      transactionId: '1',
      csr: withoutProof(readCertificationRequest(csr)),
      signerSpki: device.spki,
      requestKey: '',
    };
    const issued = await authority.issue(request, { kind: 'allow', notify: 'none' }, new AbortController().signal);
    save(`${choice}-${kind}`, issued.certificate);
  }
  const revoked = [
    { serialNumber: Buffer.of(0x77), revokedAt: NOW, reason: 'superseded', notAfter: new Date(NOW.getTime() + DAY) },
  ] as const;
  put(`${choice}.crl`, await writeCrl({ issuer, revoked, thisUpdate: NOW, validity: 7 * DAY, number: 1 }));
}

function save(name: string, der: Uint8Array): void {
  put(`${name}.der`, der);
  put(`${name}.pem`, certificatePem(der));
}

before(async () => {
  for (const choice of CAS) await hierarchy(choice);
});

test('the openssl is 3.6 or newer', () => {
  const [, major, minor] = runOpenssl('version').match(/^OpenSSL (\d+)\.(\d+)\./)!;
  assert.ok(Number(major) > 3 || Number(minor) >= 6, `${major}.${minor}`);
});

for (const choice of CAS) {
  test(`OpenSSL verifies what a CA with ${choice} signs, strictly, and its list`, () => {
    const trusted = ['-CAfile', `${choice}-root.pem`];
    const below = ['-untrusted', `${choice}-issuing.pem`];
    for (const leaf of [...LEAVES, 'kem']) {
      const said = runOpenssl('verify', '-x509_strict', ...AT, ...trusted, ...below, `${choice}-${leaf}.pem`);
      assert.equal(said, `${choice}-${leaf}.pem: OK\n`);
    }
    const args = [
      'crl',
      '-inform',
      'DER',
      '-in',
      `${choice}.crl`,
      '-CAfile',
      `${choice}-issuing.pem`,
      '-noout',
      '-text',
    ];
    assert.match(runOpenssl(...args), /Serial Number: 77/);
  });

  test(`BouncyCastle verifies the same of ${choice}`, () => {
    const issued = [...LEAVES, 'kem'].map((leaf) => `certificate ${choice}-${leaf}.der ${choice}-issuing.der`);
    const above = ['issuing', 'root'].map((ca) => `certificate ${choice}-${ca}.der ${choice}-root.der`);
    const results = runBouncy([...issued, ...above, `list ${choice}.crl ${choice}-issuing.der`]);
    assert.deepEqual(results.slice(0, 6), ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87', 'RSA', 'EC', 'ML-KEM-768']);
    assert.equal(results.at(-1), '1');
  });
}

/** Whether we take a request, DER. */
function proven(der: Uint8Array, type: string): void {
  const request = readCertificationRequest(der);
  assert.equal(request.key.type, type);
  assert.ok(provesPossession(request, importKey(request.publicKey)));
}

for (const type of SETS) {
  test(`OpenSSL reads our request and our key of ${type}, also encrypted, and we read its request, key and CAs`, () => {
    assert.match(
      runOpenssl('req', '-verify', '-inform', 'DER', '-in', `ml-dsa-44-${type}.csr`, '-noout', '-text'),
      new RegExp(`Public Key Algorithm: ${type}`, 'i'),
    );
    const own = generateKey(type);
    for (const passphrase of [undefined, 'secret']) {
      put('own.key.pem', privateKeyPem(own.privateKey, passphrase));
      const args = [
        'pkey',
        '-in',
        'own.key.pem',
        '-passin',
        'pass:secret',
        '-pubout',
        '-outform',
        'DER',
        '-out',
        'own.spki',
      ];
      runOpenssl(...args);
      assert.deepEqual(get('own.spki'), Buffer.from(own.spki));
    }

    const fresh = ['-newkey', type, '-noenc', '-keyout', 'their.key.pem', '-subj', '/CN=their'];
    runOpenssl('req', '-new', ...fresh, '-config', '/dev/null', '-outform', 'DER', '-out', 'their.csr');
    proven(get('their.csr'), type);
    assert.equal(keyFromPem(get('their.key.pem').toString(), 'their.key.pem').kind.type, type);

    const ca = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    put('empty.cnf', '[req]\ndistinguished_name=dn\n[dn]\n');
    runOpenssl('req', '-x509', ...fresh, ...ca, '-config', 'empty.cnf', '-days', '30', '-out', 'their-ca.pem');
    const [der] = certificatesFrom(get('their-ca.pem'), 'their-ca.pem');
    assert.deepEqual(readChain(readCaCertificate(der, new Date()), [], new Date()), []);
  });

  test(`we read the request of BouncyCastle for ${type}`, () => {
    runBouncy([`make-request ${type.toUpperCase()} bouncy.csr`]);
    proven(get('bouncy.csr'), type);
  });
}
