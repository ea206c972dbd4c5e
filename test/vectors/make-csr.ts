/**
 * Writes csr/*.json: certification requests in the forms that clients send. They are written octet by octet here and
 * signed with node:crypto, or come from the openssl command, so that they do not depend on the code they test.
 * `node test/vectors/make-csr.ts` makes new keys, so the bytes change and the expectations stay.
 */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The fields that must be read, or `error`: text of the DerError that refuses the request. */
type Expectation =
  | { error: string }
  | { subject: string; key: string; challenge: string | null; extensions: string[]; proven: boolean };
type Vector = { source: string; client: string; why: string; csr: string; expect: Expectation };

function tlv(tag: number, ...parts: (Buffer | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)));
  const { length } = content;
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...header), content]);
}
const text = (tag: number, value: string, encoding: BufferEncoding = 'latin1') =>
  tlv(tag, Buffer.from(value, encoding));
const bmp = (value: string) => tlv(0x1e, Buffer.from(value, 'utf16le').swap16());

const COMMON_NAME = '0603550403';
const CHALLENGE = '06092a864886f70d010907';
const EXTENSION_REQUEST = '06092a864886f70d01090e';
const MICROSOFT_EXTENSION_REQUEST = '060a2b06010401823702010e';
const OS_VERSION = '060a2b0601040182370d0203';
const SHA256_WITH_RSA = tlv(0x30, '06092a864886f70d01010b', '0500');

const attribute = (type: string, ...values: (Buffer | string)[]) => tlv(0x30, type, tlv(0x31, ...values));
const challenge = (...values: Buffer[]) => attribute(CHALLENGE, ...values);
const KEY_USAGE = tlv(0x30, '0603551d0f', '0101ff', tlv(0x04, '030205a0'));
const CLIENT_AUTH = tlv(0x30, '0603551d25', tlv(0x04, '300a06082b06010505070302'));
const extensions = (...values: Buffer[]) => tlv(0x30, ...values);

const SUBJECT = tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME, text(0x0c, 'device-1'))));
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const SPKI = publicKey.export({ format: 'der', type: 'spki' });

/** A request with these attributes; undefined leaves the `[0]` element out. */
function request(attributes: Buffer[] | undefined, key: KeyObject = privateKey): Buffer {
  const info = tlv(0x30, '020100', SUBJECT, SPKI, ...(attributes ? [tlv(0xa0, ...attributes)] : []));
  return tlv(0x30, info, SHA256_WITH_RSA, tlv(0x03, '00', sign('sha256', info, key)));
}

const read = (challenge: string | null, extensions: string[] = [], proven = true): Expectation => ({
  subject: 'CN=device-1',
  key: 'rsa/2048',
  challenge,
  extensions,
  proven,
});
const KU = '2.5.29.15';
const EKU = '2.5.29.37';
const both = extensions(KEY_USAGE, CLIENT_AUTH);
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

/** name: why, request, expectation. */
const MADE: Readonly<Record<string, readonly [string, Buffer, Expectation]>> = {
  'challenge-printable': ['challenge as PrintableString', request([challenge(text(0x13, 'A1B2'))]), read('A1B2')],
  'challenge-utf8': ['challenge as UTF8String', request([challenge(text(0x0c, 'gehëim', 'utf8'))]), read('gehëim')],
  'challenge-ia5': ['challenge as IA5String', request([challenge(text(0x16, 'p@ss'))]), read('p@ss')],
  'challenge-t61': [
    'challenge as T61String, read as Latin-1',
    request([challenge(text(0x14, 'gehëim'))]),
    read('gehëim'),
  ],
  'challenge-bmp': ['challenge as BMPString', request([challenge(bmp('geh€im'))]), read('geh€im')],
  'challenge-empty': ['an empty challenge is no challenge', request([challenge(text(0x13, ''))]), read(null)],
  'challenge-trailing-nul': [
    'the end of a C string is no part of the challenge',
    request([challenge(text(0x13, 'A1B2\0'))]),
    read('A1B2'),
  ],
  'challenge-intune': [
    'a challenge of six kilobytes',
    request([challenge(text(0x13, 'Aa0+'.repeat(1536)))]),
    read('Aa0+'.repeat(1536)),
  ],
  'challenge-twice': [
    'which challenge counts would be a guess',
    request([challenge(text(0x13, 'A')), challenge(text(0x13, 'B'))]),
    { error: 'repeated' },
  ],
  'challenge-two-values': [
    'challengePassword is single-valued',
    request([challenge(text(0x13, 'A'), text(0x13, 'B'))]),
    { error: 'octets left' },
  ],
  'challenge-empty-twice': [
    'also an empty challenge counts as one',
    request([challenge(text(0x13, '')), challenge(text(0x13, 'B'))]),
    { error: 'repeated' },
  ],
  'challenge-no-string': [
    'a challenge is text',
    request([challenge(tlv(0x02, '05'))]),
    { error: 'not a character string' },
  ],
  'challenge-no-value': ['an attribute has a value', request([challenge()]), { error: 'truncated' }],
  'attributes-none': ['the attributes are there and empty', request([]), read(null)],
  'attributes-absent': ['the attributes are left out', request(undefined), read(null)],
  'attributes-unknown': [
    'attributes that mean nothing here',
    request([attribute(OS_VERSION, text(0x16, '10.0.26100.2'))]),
    read(null),
  ],
  'extension-request': [
    'extensions under the OID of PKCS#9',
    request([attribute(EXTENSION_REQUEST, both)]),
    read(null, [KU, EKU]),
  ],
  'extension-request-microsoft': [
    'extensions under the OID of Microsoft',
    request([attribute(MICROSOFT_EXTENSION_REQUEST, both)]),
    read(null, [KU, EKU]),
  ],
  'extension-request-empty': [
    'a request for extensions that has no value',
    request([attribute(EXTENSION_REQUEST)]),
    read(null),
  ],
  'extension-request-both-same': [
    'the same extensions under both OIDs',
    request([attribute(EXTENSION_REQUEST, both), attribute(MICROSOFT_EXTENSION_REQUEST, both)]),
    read(null, [KU, EKU]),
  ],
  'extension-request-twice-same': [
    'the same extensions twice',
    request([attribute(EXTENSION_REQUEST, both), attribute(EXTENSION_REQUEST, both)]),
    read(null, [KU, EKU]),
  ],
  'extension-request-both-differ': [
    'which request counts would be a guess',
    request([attribute(EXTENSION_REQUEST, both), attribute(MICROSOFT_EXTENSION_REQUEST, extensions(KEY_USAGE))]),
    { error: '2.5.29.15 is repeated' },
  ],
  'extension-request-two-values': [
    'two values that differ',
    request([attribute(EXTENSION_REQUEST, extensions(KEY_USAGE), both)]),
    { error: '2.5.29.15 is repeated' },
  ],
  'extension-twice': [
    'which extension counts would be a guess',
    request([attribute(EXTENSION_REQUEST, extensions(KEY_USAGE, KEY_USAGE))]),
    { error: 'repeated' },
  ],
  padded: [
    'octets after the request are padding',
    Buffer.concat([request([challenge(text(0x13, 'A1B2'))]), Buffer.alloc(7)]),
    read('A1B2'),
  ],
  'signed-by-another-key': ['no proof of possession', request([], other), read(null, [], false)],
};

const OPENSSL_CONFIG = `[req]
prompt = no
string_mask = utf8only
distinguished_name = name
attributes = attributes
req_extensions = extensions
[name]
C = DE
O = Müller & Söhne, Inc.
CN = device-1
[attributes]
challengePassword = A1B2C3D4
[extensions]
subjectAltName = DNS:device-1.example.com, otherName:1.3.6.1.4.1.311.20.2.3;UTF8:ada@example.com
extendedKeyUsage = clientAuth
`;
const openssl = (kind: string): Expectation => ({
  subject: 'CN=device-1,O=Müller & Söhne\\, Inc.,C=DE',
  key: kind,
  challenge: 'A1B2C3D4',
  extensions: ['2.5.29.17', EKU],
  proven: true,
});
/** Arguments of `openssl req -new`, and the kind of key that they create. */
const BY_OPENSSL: Readonly<Record<string, readonly [string[], string]>> = {
  'openssl-rsa': [['-newkey', 'rsa:2048'], 'rsa/2048'],
  'openssl-rsa-sha1': [['-newkey', 'rsa:2048', '-sha1'], 'rsa/2048'],
  'openssl-rsa-pss': [['-newkey', 'rsa:2048', '-sigopt', 'rsa_padding_mode:pss'], 'rsa/2048'],
  'openssl-p256': [['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], 'ec/256'],
  'openssl-p384': [['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384'], 'ec/384'],
  'openssl-p521': [['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521', '-sha512'], 'ec/521'],
  'openssl-ed25519': [['-newkey', 'ed25519'], 'ed25519/256'],
};

const save = (name: string, vector: Vector): void =>
  writeFileSync(join(import.meta.dirname, 'csr', `${name}.json`), `${JSON.stringify(vector, null, 2)}\n`);

for (const [name, [why, csr, expect]] of Object.entries(MADE))
  save(name, { source: 'make-csr.ts', client: 'synthetic', why, csr: csr.toString('base64'), expect });

const directory = mkdtempSync(join(tmpdir(), 'make-csr-'));
const config = join(directory, 'req.cnf');
writeFileSync(config, OPENSSL_CONFIG);
for (const [name, [options, key]] of Object.entries(BY_OPENSSL)) {
  const out = join(directory, `${name}.der`);
  const files = ['-config', config, '-keyout', join(directory, 'key.pem'), '-outform', 'DER', '-out', out];
  execFileSync('openssl', ['req', '-new', '-utf8', '-noenc', ...options, ...files], { stdio: 'ignore' });
  const why = `openssl req ${options.join(' ')}`;
  save(name, { source: 'make-csr.ts', client: 'OpenSSL', why, csr: readFileSync(out, 'base64'), expect: openssl(key) });
}
rmSync(directory, { recursive: true });
