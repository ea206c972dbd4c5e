/** Tries every algorithm that GetCACaps can name at start, so that a missing one stops the start and not a device. */
import { constants, createPrivateKey, createPublicKey, privateDecrypt, publicEncrypt } from 'node:crypto';
import { octetString, sequence } from '../asn1/writer.ts';
import { equalBytes } from '../core/bytes.ts';
import type { KeyProvider, KeyTransport } from '../core/keys.ts';
import type { RandomBytes } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import { type CertificateView, readCertificate, writeCertificate } from '../pkix/certificate.ts';
import { type PublicKey, readPublicKey } from '../pkix/public-key.ts';
import { signWithKeyObject } from '../pkix/signature.ts';
import { withPkcs1 } from '../pkix/with-pkcs1.ts';
import { CIPHERS, type ContentCipher, DIGESTS } from './algorithms.ts';
import { openEnvelopedData, readEnvelopedData, writeEnvelopedData } from './enveloped-data.ts';
import { SELF_TEST_KEY } from './self-test-key.ts';
import { readSignedData, verifySigner, writeSignedData } from './signed-data.ts';

/** What is tried; by default all algorithms of the product with a test key. */
export type SelfTestSubject = {
  /** An RSA key that signs and decrypts. */
  key: KeyProvider;
  digests: readonly Pick<(typeof DIGESTS)[number], 'digest'>[];
  ciphers: readonly ContentCipher[];
  transports: readonly KeyTransport[];
};

const PKCS1: KeyTransport = { scheme: 'pkcs1' };
const TRANSPORTS: readonly KeyTransport[] = [
  PKCS1,
  ...DIGESTS.map(({ digest }) => ({ scheme: 'oaep', hash: digest, mgf1Hash: digest }) as const),
];
const REMEDY =
  'Run it with Node.js 24 or newer as nodejs.org builds it, without an OpenSSL configuration that turns algorithms off (OPENSSL_CONF, --enable-fips).';
const CONTENT = Buffer.from('self-test');
/** Not random: nothing here is secret. */
const octets: RandomBytes = (length) => Buffer.alloc(length, 0x5a);

/** What FIPS mode has. `pkcs1`: whether content keys may be transported with RSA PKCS#1 v1.5. */
export const approvedAlgorithms = (pkcs1: boolean): Pick<SelfTestSubject, 'digests' | 'ciphers' | 'transports'> => ({
  digests: DIGESTS.filter(({ legacy }) => !legacy),
  ciphers: CIPHERS.filter(({ legacy }) => !legacy),
  transports: TRANSPORTS.filter(({ scheme }) => pkcs1 || scheme !== 'pkcs1'),
});

/** Throws ConfigError that names the first algorithm that fails in this runtime. Takes some milliseconds. */
export async function selfTest(subject: Partial<SelfTestSubject> = {}): Promise<void> {
  const { key = nodeKey(), digests = DIGESTS, ciphers = CIPHERS, transports = TRANSPORTS } = subject;
  const parties = await attempt('RSA signatures of certificates', () => makeParties(key));
  for (const { digest } of digests) await check(`RSA signatures with ${digest}`, () => signs(parties, digest));
  const [first = PKCS1] = transports;
  for (const cipher of ciphers) await check(cipher.name, () => encrypts(parties, cipher, first));
  for (const transport of transports)
    await check(transportName(transport), () => encrypts(parties, CIPHERS[0], transport));
  if (!transports.some(({ scheme }) => scheme === 'pkcs1')) return;
  await check('implicit rejection of wrong PKCS#1 v1.5 padding', () => rejectsImplicitly(key));
  await check('RSAES-PKCS1-v1_5 with a key that names its padding', async () => keepsItsPadding());
}

type Parties = { key: KeyProvider; publicKey: PublicKey; certificate: CertificateView };

const transportName = (transport: KeyTransport): string =>
  transport.scheme === 'pkcs1' ? 'RSAES-PKCS1-v1_5' : `RSAES-OAEP with ${transport.hash}`;

async function check(algorithm: string, works: () => Promise<boolean>): Promise<void> {
  if (!(await attempt(algorithm, works)))
    throw new ConfigError(`self-test: ${algorithm} gives wrong results in this runtime`, REMEDY);
}

async function attempt<T>(algorithm: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new ConfigError(`self-test: ${algorithm} does not work in this runtime`, REMEDY, { cause });
  }
}

async function makeParties(key: KeyProvider): Promise<Parties> {
  const emptyName = sequence();
  const der = await writeCertificate(
    {
      serialNumber: Buffer.of(1),
      issuer: emptyName,
      subject: emptyName,
      notBefore: new Date(0),
      notAfter: new Date(0),
      spki: key.spki,
      extensions: [],
    },
    key,
  );
  return { key, publicKey: readPublicKey(key.spki), certificate: readCertificate(der) };
}

async function signs({ key, publicKey, certificate }: Parties, digest: SelfTestSubject['digests'][number]['digest']) {
  const message = await writeSignedData({
    content: CONTENT,
    attributes: [],
    digest,
    signer: { certificate, key },
    certificates: [],
  });
  const data = readSignedData(message);
  const other = { ...data, content: octetString(CONTENT) };
  return data.signers.some(
    (signer) => verifySigner(data, signer, publicKey) && !verifySigner(other, signer, publicKey),
  );
}

async function encrypts({ key, publicKey, certificate }: Parties, cipher: ContentCipher, transport: KeyTransport) {
  const recipient = { certificate, key: publicKey };
  const message = writeEnvelopedData({ content: CONTENT, recipient, transport, cipher, random: octets });
  const enveloped = readEnvelopedData(message);
  const [info] = enveloped.recipients;
  if (!info) return false;
  // Not the octets of the content key: a failed decryption must not look like a successful one.
  const substitute: RandomBytes = (length) => Buffer.alloc(length, 0xa5);
  const opened = await openEnvelopedData(
    { ...enveloped, cipher },
    { recipient: { ...info, transport }, key },
    substitute,
  );
  return equalBytes(opened, CONTENT);
}

/** A ciphertext with wrong padding must decrypt without an error, and to the same octets each time. */
async function rejectsImplicitly(key: KeyProvider): Promise<boolean> {
  const ciphertext = Buffer.alloc(Math.ceil(key.kind.bits / 8), 0x11);
  // Less than every modulus of this length, as a ciphertext must be (RFC 8017 5.1.2).
  ciphertext[0] = 0;
  const [first, second] = [await key.decrypt?.(ciphertext, PKCS1), await key.decrypt?.(ciphertext, PKCS1)];
  return first !== undefined && second !== undefined && equalBytes(first, second);
}

/** `withPkcs1` must have its effect: encrypted with options around the key, decrypted with the padding in the key. */
function keepsItsPadding(): boolean {
  const key = createPrivateKey(SELF_TEST_KEY);
  const padding = constants.RSA_PKCS1_PADDING;
  const ciphertext = publicEncrypt({ key: createPublicKey(key), padding }, CONTENT);
  return equalBytes(privateDecrypt(withPkcs1(key), ciphertext), CONTENT);
}

/** The test key with node:crypto, which keys in files use too. */
function nodeKey(): KeyProvider {
  const key = createPrivateKey(SELF_TEST_KEY);
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    spki,
    kind: readPublicKey(spki).kind,
    sign: (input) => signWithKeyObject(key, input),
    decrypt: (ciphertext, transport) =>
      transport.scheme === 'pkcs1'
        ? privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, ciphertext)
        : privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: transport.hash }, ciphertext),
  };
}
