/** CMS with ML-DSA and ML-KEM: OpenSSL and BouncyCastle read ours, and we read theirs. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { readDerOrBer } from '../../src/cms/content-info.ts';
import { cipherByName } from '../../src/cms/algorithms.ts';
import { chooseEncapsulation, readEnvelopedData, writeEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { openKemEnvelope } from '../../src/cms/kem-recipient.ts';
import { writePasswordEnvelope } from '../../src/cms/password-envelope.ts';
import { readSignedData, verifySigner, writeSignedData } from '../../src/cms/signed-data.ts';
import { generateKemKey, generateKey, privateKeyPem } from '../../src/keys/software.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { keyIdentifier } from '../../src/pkix/extensions.ts';
import { readMlKemKey } from '../../src/pkix/ml-kem.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { clientFor, type Keyed, raFor, random } from '../kit/pki.ts';
import { get, put, runBouncy, runOpenssl } from './programs.ts';

const SETS = ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const;
const CIPHERS = ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'] as const;
const CONTENT = 'what is in the message';
const PASSWORD = 'A1B2C3D4E5F60718';

let ra: Keyed;
before(async () => {
  ra = await raFor(generateKemKey(), 'CN=Test KEM RA', 'kem');
  put('ra.der', ra.certificate);
  put('ra.pem', certificatePem(ra.certificate));
  put('ra.key.pem', privateKeyPem(ra.key.privateKey));
  put('ra.pk8', ra.key.privateKey.export({ type: 'pkcs8', format: 'der' }));
});

/** The content of a message that one signer signed, whose certificate is in it. */
function verified(der: Uint8Array): string {
  const data = readDerOrBer(der, readSignedData);
  const [signer] = data.signers;
  const certificate = readCertificate(data.certificates[0]!);
  assert.ok(signer && verifySigner(data, signer, readPublicKey(certificate.spki)));
  return Buffer.from(data.content!).toString();
}

for (const type of SETS) {
  test(`a message that ${type} signed is verified by OpenSSL and BouncyCastle`, async () => {
    const signer = await clientFor(generateKey(type));
    const { key } = signer;
    const certificate = readCertificate(signer.certificate);
    const certificates = [signer.certificate];
    const content = Buffer.from(CONTENT);
    const message = await writeSignedData({
      content,
      attributes: [],
      digest: 'sha512',
      signer: { certificate, key },
      certificates,
    });
    put('signed.der', message);
    assert.equal(runOpenssl('cms', '-verify', '-binary', '-noverify', '-inform', 'DER', '-in', 'signed.der'), CONTENT);
    assert.deepEqual(runBouncy(['signed signed.der']), [CONTENT]);
  });

  test(`we verify what OpenSSL and BouncyCastle signed with ${type}`, async () => {
    const signer = await clientFor(generateKey(type));
    put('signer.pem', certificatePem(signer.certificate));
    put('signer.key.pem', privateKeyPem(signer.key.privateKey));
    put('plain', CONTENT);
    const by = ['-signer', 'signer.pem', '-inkey', 'signer.key.pem', '-md', 'sha512'];
    runOpenssl('cms', '-sign', '-binary', '-nodetach', '-in', 'plain', ...by, '-outform', 'DER', '-out', 'theirs.der');
    assert.equal(verified(get('theirs.der')), CONTENT);
    runBouncy([`make-signed ${type.toUpperCase()} bouncy.der`]);
    assert.equal(verified(get('bouncy.der')), 'from bouncy');
  });
}

for (const name of CIPHERS) {
  const cipher = cipherByName(name)!;

  test(`${name}: OpenSSL and BouncyCastle open what we encrypt by encapsulation`, () => {
    const certificate = readCertificate(ra.certificate);
    const recipient = { certificate, key: readMlKemKey(certificate.spki) };
    const plan = { content: Buffer.from(CONTENT), recipient, cipher, random, transport: { scheme: 'pkcs1' } } as const;
    put('kem.der', writeEnvelopedData(plan));
    const key = ['-inkey', 'ra.key.pem', '-recip', 'ra.pem'];
    assert.equal(runOpenssl('cms', '-decrypt', '-binary', '-inform', 'DER', '-in', 'kem.der', ...key), CONTENT);
    assert.deepEqual(runBouncy(['kem kem.der ra.pk8']), [CONTENT]);
  });

  test(`${name}: they open what we encrypt with a challenge`, async () => {
    const content = Buffer.from(CONTENT);
    put('password.der', await writePasswordEnvelope({ content, cipher, random, password: PASSWORD }));
    const secret = ['-pwri_password', PASSWORD];
    assert.equal(runOpenssl('cms', '-decrypt', '-binary', '-inform', 'DER', '-in', 'password.der', ...secret), CONTENT);
    assert.deepEqual(runBouncy([`password password.der ${PASSWORD}`]), [CONTENT]);
  });

  test(`${name}: we open what OpenSSL encrypts by encapsulation`, async () => {
    put('plain', CONTENT);
    runOpenssl(
      'cms',
      '-encrypt',
      '-binary',
      `-${name}`,
      '-in',
      'plain',
      '-outform',
      'DER',
      '-out',
      'theirs.der',
      'ra.pem',
    );
    assert.equal(await openedByUs(get('theirs.der')), CONTENT);
  });
}

for (const material of ['', ' ukm'])
  test(`we open what BouncyCastle encrypts by encapsulation${material}`, async () => {
    runBouncy([`make-kem ra.der bouncy.der${material}`]);
    assert.equal(await openedByUs(get('bouncy.der')), 'from bouncy');
  });

async function openedByUs(message: Uint8Array): Promise<string> {
  const enveloped = readDerOrBer(message, readEnvelopedData);
  const certificate = readCertificate(ra.certificate);
  const own = { certificate, keyIdentifier: keyIdentifier(certificate.spki), key: ra.key };
  const chosen = chooseEncapsulation(enveloped, [own]);
  const { cipher } = enveloped;
  const algorithms = chosen?.recipient.algorithms;
  assert.ok(chosen && algorithms && cipher);
  const recipient = { ...chosen.recipient, algorithms };
  return Buffer.from(await openKemEnvelope({ ...enveloped, cipher }, { recipient, key: ra.key }, random)).toString();
}
