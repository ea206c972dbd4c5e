/**
 * Writes clients/*.json: pkiMessages in the form of clients that cannot run in a test here, rebuilt from what captures,
 * issues and sources of those clients show. Where there is no source, they do what most clients do; `notes` names these
 * assumptions. All messages are encrypted to the RA of clients/ra.json. `node test/vectors/make-clients.ts` makes new
 * keys: all octets change, and the expectations must not.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  attribute,
  berOf,
  bmp,
  CN,
  endless,
  ia5,
  name,
  oid,
  pieces,
  printable,
  seq,
  tlv,
  utf8,
  type Writer,
} from './octets.ts';
import {
  certificate,
  certificationRequest,
  CHALLENGE_PASSWORD,
  type Cipher,
  CLIENT_AUTH,
  type Digest,
  envelope,
  type EnvelopeParts,
  extension,
  EXTENSION_REQUEST,
  type Key,
  KEY_USAGE,
  type Keyed,
  type MessageParts,
  OLD_EXTENSION_REQUEST,
  RECIPIENT_NONCE,
  rsaKey,
  scepAttributes,
  selfSigned,
  signedMessage,
  SIGNING_TIME,
} from './pki-message.ts';

/** The fields that must be read, in addition to the outcome. */
type Reading = {
  messageType: string;
  transactionId: string;
  digest: string;
  cipher: string;
  transport: string;
  subject?: string;
  /** When the signer has another key than the requested one. */
  sameKey?: false;
  challenge?: string | null;
  /** OIDs, in the order of the request. */
  extensions?: readonly string[];
  validity?: { unit: string; count: number };
};
/** The HTTP request: request line and headers; the body of a POST is the message. */
type Http = { method: 'GET' | 'POST'; target: string; version: '1.0' | '1.1'; headers: Record<string, string> };
/** The description of a client and its message. */
type Description = {
  client: string;
  why: string;
  /** The known facts about the form, and the assumptions. */
  notes: string;
  /** Ids of the cases that it proves, see docs/conformance.md. */
  cases: readonly string[];
};
type Outcome = { expect: 'request'; read: Reading } | { expect: 'refused'; failInfo: string };
type Vector = Description & {
  http: Http;
  /** The legacy algorithms that an endpoint must allow, and no others. */
  legacy: readonly string[];
  message: Buffer;
  /** The signer, whose key opens the reply. */
  signer: Keyed;
} & Outcome;

const caKey = rsaKey();
const caName = name([CN, utf8('Vector CA')]);
const ca: Keyed = selfSigned(caName, {
  key: caKey,
  extensions: [extension('2.5.29.19', '30030101ff', true), extension('2.5.29.15', '03020106', true)],
});
const raKey = rsaKey();
const ra: Keyed = {
  key: raKey,
  certificate: certificate({
    serial: '02',
    issuer: caName,
    subject: name([CN, utf8('Vector RA')]),
    spki: raKey.spki,
    extensions: [KEY_USAGE],
    by: caKey,
  }),
};

const digestHex = (algorithm: string, octets: Buffer): string => createHash(algorithm).update(octets).digest('hex');
const nonce = (length = 16): Buffer => randomBytes(length);
const CHALLENGE = 'A1B2C3D4E5F60718';
const challenge = (value = printable(CHALLENGE)): Buffer => attribute(CHALLENGE_PASSWORD, value);
const wanted = (...extensions: readonly Buffer[]): Buffer => attribute(EXTENSION_REQUEST, seq(...extensions));
const dnsName = (text: string): Buffer => seq(tlv(0x82, Buffer.from(text)));
const KU = '2.5.29.15';
const SAN = '2.5.29.17';
const EKU = '2.5.29.37';

const NDES = '/certsrv/mscep/mscep.dll';
const AUTHORITY = { host: 'scep.example' };
const post =
  (path: string, headers: Record<string, string> = {}): Travel =>
  () => ({
    method: 'POST',
    target: `${path}?operation=PKIOperation`,
    version: '1.1',
    headers: { ...AUTHORITY, ...headers },
  });
const get =
  (path: string, encode: (message: Buffer) => string, different: Partial<Http> = {}): Travel =>
  (message) => ({
    method: 'GET',
    target: `${path}?operation=PKIOperation&message=${encode(message)}`,
    version: '1.1',
    headers: AUTHORITY,
    ...different,
  });
type Travel = (message: Buffer) => Http;

const percent = (text: string): string =>
  text.replace(/[+/=\n]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`);
const escaped = (message: Buffer): string => percent(message.toString('base64'));
/** Lines of 64 columns, each with a line end. */
const wrapped = (message: Buffer): string => percent(message.toString('base64').replace(/.{1,64}/g, '$&\n'));
/** As the URL loader of iOS leaves it: '+' and '/' are legal in a query, '=' is escaped. */
const raw = (message: Buffer): string => message.toString('base64').replaceAll('=', '%3D');
/** Without Host and other headers: HTTP as old routers send it. */
const OLD_HTTP = { version: '1.0', headers: {} } as const;

/** An enrolment by one client: its differences from most clients, and what must be read. */
type Enrolment = Description & {
  subject: Buffer;
  subjectText: string;
  /** The requested key, which is also the one that signs unless there is a `signer`. */
  key?: Key;
  signer?: Keyed;
  transactionId: (key: Key) => string;
  /** Attributes of the certification request. */
  asks?: readonly Buffer[];
  reads?: Partial<Reading>;
  /** Digest of the request's own signature. */
  requestDigest?: Digest;
  digest?: Digest;
  cipher?: Cipher;
  envelope?: Partial<EnvelopeParts>;
  message?: Partial<MessageParts>;
  /** Signed attributes beside those of SCEP. */
  adds?: readonly Buffer[];
  nonce?: Buffer;
  http: Travel;
  legacy?: readonly string[];
};

function enrolment(plan: Enrolment): Vector & { expect: 'request' } {
  const { client, why, notes, cases, subject, subjectText, http, legacy = [] } = plan;
  const { key = rsaKey(), signer = selfSigned(subject, { key }), asks = [challenge()] } = plan;
  const { requestDigest = 'sha256', digest = 'sha256', cipher = 'aes-128-cbc', adds = [] } = plan;
  const transactionId = plan.transactionId(key);
  const csr = certificationRequest({ subject, key, attributes: asks, digest: requestDigest });
  const message = signedMessage({
    content: envelope({ content: csr, to: [ra], cipher, ...plan.envelope }),
    signer,
    digest,
    attributes: [...scepAttributes('19', transactionId, plan.nonce ?? nonce()), ...adds],
    ...plan.message,
  });
  const { transport = 'pkcs1' } = plan.envelope ?? {};
  const read = {
    messageType: 'PKCSReq',
    transactionId,
    digest,
    cipher,
    transport: transport === 'oaep' ? 'oaep sha1 sha1' : transport,
    subject: subjectText,
    challenge: CHALLENGE,
    extensions: [],
    ...plan.reads,
  };
  return { client, why, notes, cases, http: http(message), legacy, expect: 'request', read, message, signer };
}

const hexOf =
  (algorithm: string) =>
  ({ spki }: Key): string =>
    digestHex(algorithm, spki);
const upperHexOf = (algorithm: string) => (key: Key) => hexOf(algorithm)(key).toUpperCase();
const named = (text: string) => ({ subject: name([CN, utf8(text)]), subjectText: `CN=${text}` });

/** An Intune challenge is some kilobytes of base64 that only Intune can read. */
const INTUNE_CHALLENGE = randomBytes(1800).toString('base64');

/** `CN=SCEP Protocol Certificate`, another key each time, and an AKI that is critical where RFC 5280 forbids it. */
function windowsSigner(): Keyed {
  const key = rsaKey();
  const keyIdentifier = Buffer.from(digestHex('sha1', key.spki), 'hex');
  return selfSigned(name([CN, printable('SCEP Protocol Certificate')]), {
    key,
    serial: `00${randomBytes(16).toString('hex').replace(/^./, '9')}`,
    digest: 'sha1',
    extensions: [extension('2.5.29.35', seq(tlv(0x80, keyIdentifier)), true)],
  });
}

const windowsIntune = enrolment({
  client: 'Windows 10 and 11, SCEP by MDM (Intune)',
  why: 'throw-away signer with critical AKI and SHA-1 self-signature, OAEP with SHA-1, rsaEncryption as signature algorithm',
  notes:
    'From wire format research on the SCEP client of Windows, issues of smallstep/certificates and micromdm/scep, and MS-WCCE for the attributes of the request. The order of those attributes is a guess.',
  cases: ['P04', 'P13', 'P14', 'P15', 'E02', 'E04', 'Q02'],
  ...named('b6f2e2c4-2f4e-4f0c-9a53-0d1c3f6d1c11'),
  signer: windowsSigner(),
  transactionId: hexOf('sha1'),
  asks: [
    attribute('1.3.6.1.4.1.311.13.2.3', ia5('10.0.26100.2')),
    attribute(
      '1.3.6.1.4.1.311.21.20',
      seq('020105', utf8('DESKTOP-1'), utf8('DESKTOP-1\\user'), utf8('omadmclient.exe')),
    ),
    attribute('1.3.6.1.4.1.311.13.2.2', seq('020100', bmp('Microsoft Platform Crypto Provider'), tlv(0x03, '00'))),
    challenge(printable(INTUNE_CHALLENGE)),
    wanted(KEY_USAGE, CLIENT_AUTH, extension(SAN, dnsName('desktop-1.example'))),
  ],
  reads: { sameKey: false, challenge: INTUNE_CHALLENGE, extensions: [KU, EKU, SAN] },
  envelope: { transport: 'oaep' },
  http: post(`${NDES}/pkiclient.exe`, {
    'content-type': 'application/x-pki-message',
    'user-agent': 'Mozilla/4.0 (compatible; Win32; NDES client 10.0.26100.1/ge_release)',
  }),
});

function windowsAik(): Vector {
  const signer = windowsSigner();
  const claim = seq(tlv(0x04, randomBytes(32)));
  const message = signedMessage({
    content: envelope({ content: claim, to: [ra], cipher: 'aes-128-cbc', transport: 'oaep' }),
    signer,
    digest: 'sha256',
    attributes: [
      ...scepAttributes('41', hexOf('sha1')(signer.key), nonce()),
      attribute(RECIPIENT_NONCE, tlv(0x04, nonce())),
    ],
    others: [ca.certificate.der, ra.certificate.der],
  });
  return {
    client: 'Windows, enrolment of an attestation key',
    why: 'type 41 with several certificates is refused, and not taken for an enrolment',
    notes: 'From wire format research on the attestation client of Windows. What it encrypts is not rebuilt.',
    cases: ['P11', 'P17'],
    http: post(`${NDES}/pkiclient.exe`, { 'content-type': 'application/x-pki-message' })(message),
    legacy: [],
    expect: 'refused',
    failInfo: 'badRequest',
    message,
    signer,
  };
}

const psce = enrolment({
  client: 'PSCertificateEnrollment, .NET',
  why: 'SAN critical, challenge empty, GET escaped by .NET',
  notes: 'From its source. The form of transactionID and the cipher are guesses.',
  cases: ['H08', 'P22', 'E04', 'Q03'],
  ...named('server-1.example'),
  transactionId: () => randomUUID().replaceAll('-', ''),
  asks: [challenge(printable('')), wanted(extension(SAN, dnsName('server-1.example'), true), KEY_USAGE)],
  reads: { challenge: null, extensions: [SAN, KU] },
  cipher: 'aes-256-cbc',
  adds: [SIGNING_TIME],
  http: get(`${NDES}/pkiclient.exe`, escaped),
});

/** Indefinite lengths everywhere, and strings in pieces. */
const streamed = (size: number): { envelope: Partial<EnvelopeParts>; message: { writer: Writer } } => ({
  envelope: {
    writer: berOf(size),
    encryptedContent: (ciphertext) => endless(0xa0, ...pieces(ciphertext, size)),
  },
  message: { writer: berOf(size) },
});

function apple(): Pick<Enrolment, keyof ReturnType<typeof named> | 'key' | 'signer' | 'transactionId' | 'asks' | 'reads' | 'adds' | 'notes'> {
  const key = rsaKey();
  return {
    notes:
      'From the open source of Security (SecSCEP, SecCMS) and issues of servers. The size of the pieces is a guess; certificate and signed attributes are DER, because they are signed.',
    subject: name(['2.5.4.10', printable('Example')], [CN, printable('iPhone-1')]),
    subjectText: 'CN=iPhone-1,O=Example',
    key,
    signer: selfSigned(name([CN, printable(randomUUID().toUpperCase())]), { key, extensions: [KEY_USAGE] }),
    transactionId: ({ publicKey }) =>
      digestHex('sha1', publicKey.export({ format: 'der', type: 'pkcs1' })).toUpperCase(),
    asks: [challenge(), wanted(KEY_USAGE)],
    reads: { extensions: [KU] },
    adds: [SIGNING_TIME],
  };
}

const appleNow = enrolment({
  ...apple(),
  ...streamed(1000),
  client: 'iOS, iPadOS and macOS',
  why: 'indefinite lengths at all levels, OCTET STRINGs in pieces, signer named by a UUID',
  cases: ['P02', 'P13', 'P25', 'E10'],
  digest: 'sha512',
  http: post(NDES, { 'content-type': 'application/x-pki-message', accept: '*/*' }),
});

const appleOld = enrolment({
  ...apple(),
  ...streamed(1000),
  client: 'iOS, server without capabilities',
  why: 'BER, nonce of 8 octets, SHA-1 and 3DES, GET with raw + and /',
  cases: ['H09', 'P02', 'P13', 'P20', 'P25', 'E05', 'E10'],
  requestDigest: 'sha1',
  digest: 'sha1',
  cipher: 'des-ede3-cbc',
  nonce: nonce(8),
  http: get(NDES, raw),
  legacy: ['sha1', 'des3'],
});

/** BouncyCastle adds CMSAlgorithmProtection. */
const bouncyCastle = {
  ...streamed(4096),
  digest: 'sha512',
  adds: [
    SIGNING_TIME,
    attribute(
      '1.2.840.113549.1.9.52',
      seq(seq(oid('2.16.840.1.101.3.4.2.3'), '0500'), tlv(0xa1, oid('1.2.840.113549.1.1.1'), '0500')),
    ),
  ],
  transactionId: hexOf('sha1'),
} as const;

const jscep = enrolment({
  ...bouncyCastle,
  client: 'jscep, and what is built on it',
  why: 'BouncyCastle BER, CMSAlgorithmProtection, signer without extensions, octet-stream',
  notes: 'From the sources of jscep and BouncyCastle.',
  cases: ['H06', 'P02', 'P13', 'P22', 'P23', 'P25', 'E10', 'Q12'],
  ...named('jscep-1'),
  http: post(NDES, { 'content-type': 'application/octet-stream' }),
});

const pair = (label: string, value: string): Buffer =>
  attribute('1.3.6.1.4.1.311.13.2.1', seq(bmp(label), bmp(value)));

const android = enrolment({
  ...bouncyCastle,
  client: 'Android, Intune Company Portal',
  why: 'the count in ValidityPeriod and the unit in ValidityPeriodUnits, the other way round than Windows',
  notes:
    'The swapped pairs are those of the samples for the Intune API. That the message around them is one of BouncyCastle is an assumption.',
  cases: ['P25', 'Q02'],
  ...named('android-1'),
  asks: [
    challenge(printable(INTUNE_CHALLENGE)),
    wanted(KEY_USAGE, CLIENT_AUTH),
    pair('ValidityPeriod', '2'),
    pair('ValidityPeriodUnits', 'Years'),
  ],
  reads: { challenge: INTUNE_CHALLENGE, extensions: [KU, EKU], validity: { unit: 'Years', count: 2 } },
  http: post(NDES),
});

function cisco(digest: 'md5' | 'sha1', bits: number) {
  const key = rsaKey(bits);
  const subject = name(['1.2.840.113549.1.9.2', ia5('router-1.example')]);
  return {
    notes: 'From captures in issues of smallstep/certificates and jscep. It appends the end of the path by itself.',
    subject,
    subjectText: 'unstructuredName=router-1.example',
    key,
    signer: selfSigned(subject, { key, serial: '0a', digest }),
    transactionId: upperHexOf('md5'),
    asks: [challenge(), wanted(KEY_USAGE)],
    reads: { extensions: [KU] },
    requestDigest: digest,
    digest,
    cipher: 'des-cbc',
    message: { namesDigest: true },
    http: get(`${NDES}/pkiclient.exe`, wrapped, OLD_HTTP),
  } as const;
}

const ciscoSha1 = enrolment({
  ...cisco('sha1', 1024),
  client: 'Cisco IOS with SHA-1',
  why: 'SHA-1, single DES and RSA-1024 where they are allowed, over a wrapped GET of HTTP/1.0',
  cases: ['H04', 'H10', 'P02', 'P04', 'E06', 'Q13'],
  legacy: ['sha1', 'des', 'rsa1024'],
});

const { read: _, ...ciscoMd5 } = enrolment({
  ...cisco('md5', 2048),
  client: 'Cisco IOS on old routers',
  why: 'MD5 is refused whatever an endpoint allows',
  cases: ['H04', 'H10', 'P03'],
});

function sscep(): Vector {
  const key = rsaKey();
  const transactionId = upperHexOf('md5')(key);
  const { subject, subjectText } = named('sscep-1');
  return enrolment({
    client: 'sscep 0.10',
    why: 'signer without extensions and with a serial number of 32 octets, signingTime, wrapped GET',
    notes: 'From its source. OpenSSL writes the CMS; the ciphers are those it takes from the capabilities.',
    cases: ['H04', 'H10', 'P04', 'P13', 'P22', 'Q12'],
    subject,
    subjectText,
    key,
    // The serial number is the text of the transactionID: 12 octets more than RFC 5280 allows.
    signer: selfSigned(subject, { key, serial: Buffer.from(transactionId, 'latin1') }),
    transactionId: () => transactionId,
    adds: [SIGNING_TIME],
    http: get('/cgi-bin/pkiclient.exe', wrapped, OLD_HTTP),
  });
}

/** Both messages are made before the first is sent, with one nonce. */
function certmonger(): Readonly<Record<string, Vector>> {
  const senderNonce = nonce();
  const { subject, subjectText } = named('certmonger-1');
  const request = enrolment({
    client: 'certmonger, early versions',
    why: 'bare EnvelopedData, and one nonce for the request and for its polls',
    notes: 'From its source. Today it writes a ContentInfo, which the interop suite sees.',
    cases: ['P21', 'P22', 'P26', 'E05'],
    subject,
    subjectText,
    transactionId: (key) => BigInt(`0x${hexOf('sha256')(key)}`).toString(),
    asks: [challenge(), wanted(KEY_USAGE)],
    reads: { extensions: [KU] },
    cipher: 'des-ede3-cbc',
    envelope: { bare: true },
    adds: [SIGNING_TIME],
    nonce: senderNonce,
    http: get(NDES, escaped),
    legacy: ['des3'],
  });
  const { signer, read } = request;
  const { transactionId, digest, cipher, transport } = read;
  const message = signedMessage({
    content: envelope({ content: seq(caName, subject), to: [ra], cipher: 'des-ede3-cbc', bare: true }),
    signer,
    digest: 'sha256',
    attributes: [...scepAttributes('20', transactionId, senderNonce), SIGNING_TIME],
  });
  const poll: Vector = {
    ...request,
    read: { messageType: 'CertPoll', transactionId, digest, cipher, transport },
    http: get(NDES, escaped)(message),
    message,
  };
  return { 'certmonger-request': request, 'certmonger-poll': poll };
}

const goPkcs7 = enrolment({
  client: 'micromdm scepclient and others in Go before 2023',
  why: 'encryptedContent constructed, every certificate of GetCACert as recipient, single DES, transactionID in base64, GET in the URL alphabet',
  notes: 'From the sources of micromdm/scep and of the pkcs7 packages for Go.',
  cases: ['H11', 'P02', 'P19', 'E06', 'E08', 'E10', 'Q01'],
  subject: name(['2.5.4.10', printable('scep-client')], [CN, printable('go-1')]),
  subjectText: 'CN=go-1,O=scep-client',
  transactionId: (key) => Buffer.from(hexOf('sha1')(key), 'hex').toString('base64'),
  asks: [challenge(utf8(CHALLENGE))],
  digest: 'sha1',
  cipher: 'des-cbc',
  // A constructed [0] that contains an OCTET STRING, in place of a primitive [0] with its octets.
  envelope: { to: [ra, ca], encryptedContent: (ciphertext) => tlv(0xa0, tlv(0x04, ciphertext)) },
  adds: [SIGNING_TIME],
  http: get(NDES, (message) => message.toString('base64url')),
  legacy: ['sha1', 'des'],
});

const mikrotik = enrolment({
  client: 'MikroTik RouterOS',
  why: 'GET; it drops replies without a senderNonce',
  notes:
    'From issues of micromdm/scep, which describe GET and what it needs in a reply. Algorithms and transactionID are assumptions.',
  cases: ['H08', 'P01', 'R01'],
  ...named('mikrotik-1'),
  transactionId: hexOf('sha256'),
  asks: [challenge(), wanted(KEY_USAGE)],
  reads: { extensions: [KU] },
  cipher: 'aes-256-cbc',
  http: get(`${NDES}/`, escaped),
});

const draftNourse = enrolment({
  client: 'clients of draft-nourse-scep before PKCS#9',
  why: 'extensionReq under the OID of VeriSign is passed over, and the rest of the request is read',
  notes: 'From the drafts. No client is known that still sends it.',
  cases: ['P02', 'P23', 'E05'],
  ...named('draft-1'),
  transactionId: upperHexOf('md5'),
  asks: [challenge(), attribute(OLD_EXTENSION_REQUEST, seq(extension(SAN, dnsName('draft-1.example'))))],
  requestDigest: 'sha1',
  digest: 'sha1',
  cipher: 'des-ede3-cbc',
  message: { namesDigest: true },
  adds: [attribute(OLD_EXTENSION_REQUEST, seq(extension(SAN, dnsName('draft-1.example'))))],
  http: get('/cgi-bin/PKICLIENT.EXE', escaped),
  legacy: ['sha1', 'des3'],
});

const CLIENTS: Readonly<Record<string, Vector>> = {
  'windows-intune': windowsIntune,
  'windows-aik': windowsAik(),
  psce,
  apple: appleNow,
  'apple-old': appleOld,
  jscep,
  'android-intune': android,
  'cisco-md5': { ...ciscoMd5, expect: 'refused', failInfo: 'badAlg' },
  'cisco-sha1': ciscoSha1,
  sscep: sscep(),
  ...certmonger(),
  'go-pkcs7': goPkcs7,
  mikrotik,
  'draft-nourse': draftNourse,
};

const SOURCE = 'make-clients.ts';
const save = (file: string, content: object): void =>
  writeFileSync(join(import.meta.dirname, 'clients', `${file}.json`), `${JSON.stringify(content, null, 2)}\n`);
const keyPem = ({ privateKey }: Key): string => privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

for (const [file, { message, signer, ...rest }] of Object.entries(CLIENTS))
  save(file, {
    source: SOURCE,
    ...rest,
    message: message.toString('base64'),
    signer: { certificate: signer.certificate.der.toString('base64'), key: keyPem(signer.key) },
  });
save('ra', {
  source: SOURCE,
  notes: 'Test material, public on purpose: nothing trusts this CA, and nothing may. It is made anew with the vectors.',
  ca: ca.certificate.der.toString('base64'),
  certificate: ra.certificate.der.toString('base64'),
  key: keyPem(raKey),
});
