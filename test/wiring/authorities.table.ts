/** `authorities`: whose certificates and keys clients meet. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as pkijs from 'pkijs';
import { ecKey, rsaKey } from '../kit/keys.ts';
import type { Keyed } from '../kit/pki.ts';
import { ocspRequest, readResponse } from '../ocsp/ocsp-under-test.ts';
import { certificatesOf, contentOf, readSigned, verifies } from '../kit/pkijs.ts';
import { asked, certified, enrolled, forged, newSubject, signerSerial } from './device.ts';
import {
  certificateFile,
  clock,
  DAY,
  file,
  issuing,
  issuingSection,
  keyedFiles,
  namesOf,
  next,
  ra,
  retired,
  root,
  rootOf,
  second,
  secondSection,
} from './files.ts';
import { openBaoAuthorities, openBaoGot } from './fake-open-bao.ts';
import { stepCaAuthorities, stepCaGot } from './fake-step-ca.ts';
import { programAuthorities, programGot } from './program-ca.ts';
import { moduleCa, moduleSection } from './module-ca.ts';
import type { Row } from './row.ts';
import { writeCrl } from '../../src/revocation/certificate-list.ts';
import { CHALLENGE, shared } from './server.ts';

const chain = certificateFile('above.pem', root);
const withChain = (folder: string) => ({ ...keyedFiles(`${folder}/ca`, issuing), chain });
const rsaCa = async (): Promise<Keyed> => rootOf('CN=Wiring RSA', rsaKey('wiring rsa'));

/** Every file encrypted, each with a passphrase of its own. */
const locked = {
  ...keyedFiles('locked/ca', issuing, 'passphrase-of-the-ca'),
  chain,
  passphrase: 'passphrase-of-the-ca',
  ra: {
    ...keyedFiles('locked/ra', ra, 'passphrase-of-the-ra'),
    passphrase: 'passphrase-of-the-ra',
    retired: [{ ...keyedFiles('locked/old', retired, 'passphrase-of-the-old'), passphrase: 'passphrase-of-the-old' }],
  },
};

const earlier = await rootOf('CN=Wiring Earlier', ecKey('wiring earlier'));

const rootList = file(
  'root.crl',
  await writeCrl({ issuer: root, revoked: [], thisUpdate: clock(), validity: 100 * DAY, number: 7 }),
);

const authorities = {
  own: {
    ...issuingSection,
    crl: { validity: '2h', above: [{ list: 'the-root', file: rootList }] },
    ocsp: { validity: '30m', maxAge: '10m', nonIssued: 'revoked', signer: 'rsa-2048', url: 'http://ocsp.test/own' },
    next: { certificate: certificateFile('next.pem', next), chain },
  },
  second: {
    ...secondSection,
    crl: { shards: 2 },
    ocsp: {},
    previous: [{ ...keyedFiles('earlier/ca', earlier), list: 'earlier' }],
  },
  retired: { ...withChain('retired'), ra: { ...issuingSection.ra, retired: [keyedFiles('retired/old', retired)] } },
  locked,
  auto: { ...withChain('auto'), ra: 'auto', crl: { list: 'renamed' } },
  product: moduleSection(),
  'other-product': moduleSection({ name: 'other' }),
  ...stepCaAuthorities,
  ...programAuthorities,
  ...openBaoAuthorities,
  split: {
    ...withChain('split'),
    ra: 'split',
    previous: [{ ...keyedFiles('earlier/locked', earlier, 'of-the-earlier'), passphrase: 'of-the-earlier' }],
  },
};

const server = shared(async () => {
  const all = { ...authorities, none: { ...keyedFiles('none/ca', await rsaCa()), ra: 'none' } };
  const endpoints = Object.keys(all).map((name) => ({
    path: `/${name}`,
    authority: name,
    policy: { static: CHALLENGE },
  }));
  return { authorities: all, endpoints };
});
const at = async (path: string): Promise<string> => (await server()).url(path);

/** GetCACert: the certificate itself where there is only one. */
async function caCertificates(path: string): Promise<string[]> {
  const { body } = await asked(await at(path), 'GetCACert');
  try {
    return namesOf(certificatesOf(readSigned(body)));
  } catch {
    return namesOf([body]);
  }
}

/** The names of the next CA and what is above it, or the HTTP status. */
async function nextCa(path: string): Promise<string[] | number> {
  const { status, body } = await asked(await at(path), 'GetNextCACert');
  return status === 200 ? namesOf(certificatesOf(readSigned(contentOf(readSigned(body))))) : status;
}

/** Whole hours from thisUpdate, which is some minutes early, to nextUpdate, and the issuer. */
async function listOf(name: string): Promise<[number, string]> {
  const response = await fetch(`${(await server()).origin}/crl/${name}.crl`);
  const { thisUpdate, nextUpdate, issuer } = pkijs.CertificateRevocationList.fromBER(await response.arrayBuffer());
  const common = issuer.typesAndValues[0]!.value.valueBlock.value;
  return [Math.round((nextUpdate!.value.getTime() - thisUpdate.value.getTime()) / 3_600_000), common];
}

/** Which of these signed the CertRep; `wrong signature` when it does not verify. */
async function replySigner(path: string): Promise<string> {
  const { message } = await enrolled(await at(path));
  const signed = readSigned(message);
  if (!(await verifies(signed))) return 'wrong signature';
  const signer = certificatesOf(signed).map((der) => new X509Certificate(der));
  const found = signer.find(({ serialNumber }) => serialNumber === signerSerial(message));
  return namesOf([found!.raw])[0]!;
}

const RA_FILES: Readonly<Record<string, readonly string[]>> = {
  '/auto': ['ra.pem'],
  '/split': ['ra-sign.pem', 'ra-enc.pem'],
};
const digest = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');

/** What GetCACert holds beside the CA and the root, by the files in the folder of the CA. */
async function raFiles(path: string): Promise<string[]> {
  const { body } = await asked(await at(path), 'GetCACert');
  const sent = path === '/none' ? [body] : certificatesOf(readSigned(body));
  const folder = join(dirname(chain), path.slice(1));
  const files = new Map(
    (RA_FILES[path] ?? []).map((name) => [digest(new X509Certificate(readFileSync(join(folder, name))).raw), name]),
  );
  return sent.flatMap((der) => files.get(digest(der)) ?? []);
}

/** What the responder of an authority says of a new certificate and of a serial number that was never issued. */
async function ocspOf(name: string): Promise<unknown> {
  const certificate = await certified(await at(`/${name}`));
  const ca = name === 'own' ? issuing.certificate : second.certificate;
  const ask = (serial: string) => {
    const request = Buffer.from(ocspRequest([serial], { ca })).toString('base64');
    return fetch(`${origin}/ocsp/${name}/${encodeURIComponent(request)}`);
  };
  const { origin } = await server();
  const [good, never] = await Promise.all([ask(certificate.serialNumber), ask('01')]);
  const body = await good.bytes();
  const { answers, producedAt, signed } = readResponse(body, ca);
  const [answer] = answers;
  const minutes = (Date.parse(answer!.nextUpdate) - Date.parse(producedAt!)) / 60_000;
  const maxAge = Number(/max-age=(\d+)/.exec(good.headers.get('cache-control')!)![1]);
  // Of the RSA-2048 signature alone there are 256 octets.
  const key = body.length > 1_000 ? 'rsa' : 'ec';
  const status = readResponse(await never.bytes(), ca).answers[0]!.status;
  return [answer!.status, signed, minutes, Math.ceil(maxAge / 60), status, key, certificate.infoAccess ?? 'no pointer'];
}

const issuedBy = async (path: string): Promise<boolean> =>
  (await certified(await at(path))).verify(new X509Certificate(issuing.certificate).publicKey);

/** Whether the CA of the authority signed, and which CA product was asked for it. */
async function productOf(path: string): Promise<[boolean, string]> {
  const subject = newSubject();
  const certificate = await certified(await at(path), { subject });
  const asked = moduleCa.told.filter((what) => what.endsWith(` issue ${subject}`)).map((what) => what.split(':')[0]);
  return [certificate.verify(new X509Certificate(issuing.certificate).publicKey), asked.join() || 'none'];
}

/** What a CA product got for a device that enrols there. */
const orderAt =
  (got: ReadonlyMap<string, readonly unknown[]>) =>
  async (path: string): Promise<readonly unknown[] | undefined> => {
    const subject = newSubject();
    const certificate = await certified(await at(path), { subject });
    assert.ok(certificate.verify(new X509Certificate(issuing.certificate).publicKey));
    return got.get(subject);
  };

const OPEN_BAO_KEYS = [
  '',
  '.url',
  '.trustOnly',
  '.proxy',
  '.clientCertificate',
  '.clientKey',
  '.namespace',
  '.mount',
  '.role',
  '.appends',
  '.token',
  '.appRole',
  '.appRole.roleId',
  '.appRole.secretId',
  '.appRole.mount',
  '.certificateLogin',
  '.certificateLogin.name',
  '.certificateLogin.mount',
];

/** What the program got for a device that it certified. */
async function orderAtProgram(path: string): Promise<unknown> {
  const subject = newSubject();
  const certificate = await certified(await at(path), { subject });
  assert.ok(certificate.verify(new X509Certificate(issuing.certificate).publicKey));
  return programGot(subject)[0];
}

export const AUTHORITIES: readonly Row[] = [
  {
    keys: ['authorities.NAME.certificate', 'authorities.NAME.chain', 'authorities.NAME.ra.certificate'],
    question: 'the certificates of GetCACert, octet for octet',
    ask: caCertificates,
    answers: { '/own': ['ra', 'issuing', 'root'], '/second': ['secondRa', 'second'] },
  },
  {
    keys: ['authorities.NAME.key'],
    question: 'whether the key of the issuing CA signed the certificate',
    ask: issuedBy,
    answers: { '/own': true, '/second': false },
  },
  {
    keys: ['', '.module', '.options'].map((key) => `authorities.NAME.issuer${key}`),
    question: 'whether the certificate is of the CA, and which CA product made it',
    ask: productOf,
    answers: { '/own': [true, 'none'], '/product': [true, 'ca'], '/other-product': [true, 'other'] },
  },
  {
    keys: ['', '.url', '.trustOnly', '.proxy', '.provisioner', '.key', '.keyId', '.certificate'].map(
      (key) => `authorities.NAME.issuer.stepCa${key}`,
    ),
    question: 'which provisioner, key and way the order at step-ca had',
    ask: orderAt(stepCaGot),
    answers: {
      '/step-jwk': ['first', 'the-kid', 'directly'],
      '/step-x5c': ['second', 'x5c 1', 'through the proxy'],
    },
  },
  {
    keys: ['', '.program', '.arguments', '.environment', '.parameters', '.ca'].map(
      (key) => `authorities.NAME.issuer.command${key}`,
    ),
    question: 'what the program was given, and in which arguments and environment',
    ask: orderAtProgram,
    answers: {
      '/program': ['issue', 'first', 'a token', 'ca1.example.com\\Example CA', 'Device'],
      '/program-second': ['issue', 'second', 'another token', 'no CA', 'no template'],
    },
  },
  {
    keys: ['.timeout', '.operations'].map((key) => `authorities.NAME.issuer.command${key}`),
    question: 'what a device gets when the program takes too long, or has not decided yet',
    ask: async (path) => (await enrolled(await at(path))).status,
    answers: {
      '/program-second': 'issued',
      '/program-slow': 'pending',
      '/program-polled': 'pending',
      '/program-not-polled': 'failInfo 2',
    },
  },
  {
    keys: OPEN_BAO_KEYS.map((key) => `authorities.NAME.issuer.openBao${key}`),
    question: 'path, namespace, token and way of the order at OpenBao, whose token says how it was got',
    ask: orderAt(openBaoGot),
    answers: {
      '/bao-token': ['/v1/pki/sign/appending', 'team', 'the-token', 'through the proxy'],
      '/bao-role': [
        '/v1/pki/int/sign/fleet',
        undefined,
        '/v1/auth/app/login {"role_id":"id","secret_id":"secret"} nobody',
        'directly',
      ],
      '/bao-certificate': [
        '/v1/pki/sign/fleet',
        undefined,
        '/v1/auth/tls/login {"name":"devices"} openndes-client',
        'directly',
      ],
    },
  },
  {
    keys: ['authorities.NAME.ra.key'],
    question: 'whose signature the CertRep has',
    ask: replySigner,
    answers: { '/own': 'ra', '/second': 'secondRa' },
  },
  {
    keys: ['authorities.NAME.ra'],
    question: 'which files of an RA GetCACert gives out',
    ask: raFiles,
    answers: { '/auto': ['ra.pem'], '/split': ['ra-sign.pem', 'ra-enc.pem'], '/none': [] },
  },
  {
    keys: [
      'authorities.NAME.ra.retired',
      'authorities.NAME.ra.retired[].certificate',
      'authorities.NAME.ra.retired[].key',
      'authorities.NAME.ra.retired[].passphrase',
    ],
    question: 'what a message gets that is encrypted to the earlier RA',
    ask: async (path) => forged(await at(path), { to: retired }),
    answers: { '/retired': 'issued', '/locked': 'issued', '/own': 'failInfo 2' },
  },
  {
    keys: ['authorities.NAME.passphrase', 'authorities.NAME.ra.passphrase'],
    question: 'what a device gets from a CA and an RA whose keys are encrypted',
    ask: async (path) => (await enrolled(await at(path))).status,
    answers: { '/locked': 'issued' },
  },
  {
    keys: ['', '.validity', '.list', '.shards'].map((key) => `authorities.NAME.crl${key}`),
    question: 'for how many hours the revocation list is valid, and whose it is',
    ask: listOf,
    answers: {
      own: [2, 'Wiring Issuing'],
      second: [168, 'Wiring Second'],
      'second/2': [168, 'Wiring Second'],
      renamed: [168, 'Wiring Issuing'],
    },
  },
  {
    keys: ['', '[].list', '[].file'].map((key) => `authorities.NAME.crl.above${key}`),
    question: 'for how many hours the list of the CA above is valid, and whose it is',
    ask: listOf,
    answers: { 'the-root': [2400, 'Wiring Root'] },
  },
  {
    keys: ['', '.validity', '.maxAge', '.nonIssued', '.signer', '.url'].map((key) => `authorities.NAME.ocsp${key}`),
    question: 'what OCSP says: its status and signature, for how many minutes, of what was never issued, and where',
    ask: ocspOf,
    answers: {
      own: ['good', true, 30, 10, 'revoked', 'rsa', 'OCSP - URI:http://ocsp.test/own'],
      second: ['good', true, 60, 1, 'unknown', 'ec', 'no pointer'],
    },
  },
  {
    keys: [
      'authorities.NAME.previous',
      'authorities.NAME.previous[].certificate',
      'authorities.NAME.previous[].key',
      'authorities.NAME.previous[].passphrase',
      'authorities.NAME.previous[].list',
    ],
    question: 'whose list is served for a CA before the present one, and under which name',
    ask: listOf,
    answers: { earlier: [168, 'Wiring Earlier'], 'split-1': [168, 'Wiring Earlier'] },
  },
  {
    keys: ['authorities.NAME.next', 'authorities.NAME.next.certificate', 'authorities.NAME.next.chain'],
    question: 'the certificates of GetNextCACert, octet for octet',
    ask: nextCa,
    answers: { '/own': ['next', 'root'], '/second': 404 },
  },
];
