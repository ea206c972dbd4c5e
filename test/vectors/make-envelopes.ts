/**
 * Writes envelopes/*.json: EnvelopedData for a password (RFC 5652 6.2.4) as openssl and BouncyCastle write it, and for EC
 * keys whose key wrap has NULL parameters, as BouncyCastle for .NET derives it. `node test/vectors/make-envelopes.ts` makes
 * new keys. Those of `pwri-bouncycastle-*.json` are captures, which it leaves alone.
 */
import { execFileSync } from 'node:child_process';
import { createCipheriv, diffieHellman, generateKeyPairSync, hash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CN, name, NULL, oid, seq, set, tlv, utf8 } from './octets.ts';
import { certificate, rsaKey } from './pki-message.ts';

const folder = join(import.meta.dirname, 'envelopes');
const write = (file: string, vector: object): void =>
  writeFileSync(join(folder, `${file}.json`), `${JSON.stringify(vector, undefined, 2)}\n`);

const CONTENT = Buffer.from('the content of the envelope');
const PASSWORD = 'A1B2C3D4E5F60718';

for (const cipher of ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc']) {
  const dir = mkdtempSync(join(tmpdir(), 'vectors-'));
  writeFileSync(join(dir, 'content'), CONTENT);
  const command = `cms -encrypt -binary -outform DER -in content -out message -pwri_password ${PASSWORD} -${cipher}`;
  execFileSync('openssl', command.split(' '), { cwd: dir });
  write(`pwri-openssl-${cipher}`, {
    source: 'make-envelopes.ts',
    client: execFileSync('openssl', ['version'], { encoding: 'utf8' }).split(' ').slice(0, 2).join(' '),
    why: `opens with the password: ${cipher}, as openssl writes it`,
    message: readFileSync(join(dir, 'message')).toString('base64'),
    password: PASSWORD,
    content: CONTENT.toString('base64'),
  });
  rmSync(dir, { recursive: true });
}

/** Curve, its hash and scheme (RFC 5753 7.1.4), key wrap and cipher with the same key length. */
const WRAPS = [
  ['P-256', 'sha256', '1.3.132.1.11.1', 16, '2.16.840.1.101.3.4.1.5', '2.16.840.1.101.3.4.1.2'],
  ['P-384', 'sha384', '1.3.132.1.11.2', 24, '2.16.840.1.101.3.4.1.25', '2.16.840.1.101.3.4.1.22'],
  ['P-521', 'sha512', '1.3.132.1.11.3', 32, '2.16.840.1.101.3.4.1.45', '2.16.840.1.101.3.4.1.42'],
] as const;

for (const [namedCurve, digest, scheme, keyBytes, wrap, cipher] of WRAPS) {
  const recipient = generateKeyPairSync('ec', { namedCurve });
  const ephemeral = generateKeyPairSync('ec', { namedCurve });
  const subject = name([CN, utf8('null wrap')]);
  const spki = recipient.publicKey.export({ format: 'der', type: 'spki' });
  const issued = certificate({ serial: '2a', issuer: subject, subject, spki, by: rsaKey() });
  const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: recipient.publicKey });
  const wrapAlgorithm = seq(oid(wrap), NULL);
  const bits = Buffer.alloc(4);
  bits.writeUInt32BE(keyBytes * 8);
  const sharedInfo = seq(wrapAlgorithm, tlv(0xa2, tlv(0x04, bits)));
  const wrapping = hash(digest, Buffer.concat([secret, Buffer.of(0, 0, 0, 1), sharedInfo]), 'buffer');
  const contentKey = randomBytes(keyBytes);
  const key = wrapping.subarray(0, keyBytes);
  const aes = createCipheriv(`id-aes${keyBytes * 8}-wrap`, key, Buffer.alloc(8, 0xa6));
  const encryptedKey = Buffer.concat([aes.update(contentKey), aes.final()]);
  const iv = randomBytes(16);
  const cbc = createCipheriv(`aes-${keyBytes * 8}-cbc`, contentKey, iv);
  const encrypted = Buffer.concat([cbc.update(CONTENT), cbc.final()]);
  const originator = ephemeral.publicKey.export({ format: 'der', type: 'spki' });
  originator[0] = 0xa1;
  for (const parameters of ['null', 'absent'] as const) {
    const written = parameters === 'null' ? wrapAlgorithm : seq(oid(wrap));
    const info = tlv(
      0xa1,
      '020103',
      tlv(0xa0, originator),
      seq(oid(scheme), written),
      seq(seq(issued.issuerAndSerial, tlv(0x04, encryptedKey))),
    );
    const content = seq(oid('1.2.840.113549.1.7.1'), seq(oid(cipher), tlv(0x04, iv)), tlv(0x80, encrypted));
    const message = seq(oid('1.2.840.113549.1.7.3'), tlv(0xa0, seq('020102', set(info), content)));
    write(`null-wrap-${namedCurve.toLowerCase()}-${parameters}`, {
      source: 'make-envelopes.ts',
      client: 'BouncyCastle for .NET 2.7.0, by its rule',
      why: `opens with the EC key: ${namedCurve}, derived with NULL parameters, and ${parameters} in the message`,
      message: message.toString('base64'),
      certificate: issued.der.toString('base64'),
      key: recipient.privateKey.export({ format: 'pem', type: 'pkcs8' }),
      content: CONTENT.toString('base64'),
    });
  }
}
