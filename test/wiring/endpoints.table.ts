/** `endpoints`, but for their policies. */
import { X509Certificate } from 'node:crypto';
import { encode } from '../../src/asn1/writer.ts';
import { getCaCertificates } from '../../src/client/ca-operations.ts';
import { readCertificate, writeCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { keyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { writeCrl } from '../../src/revocation/certificate-list.ts';
import { attribute } from '../kit/forge.ts';
import { ecKey } from '../kit/keys.ts';
import { passwordFor, TOKEN, USERS } from './administrator.ts';
import { certified, contentHex, deviceKey, enrolled, forged, newSubject } from './device.ts';
import { certificateFile, clock, DAY, earlier, file, issuingSection, secondSection } from './files.ts';
import type { Row } from './row.ts';
import { CHALLENGE, shared, statusAt } from './server.ts';

const earlierCa = certificateFile('earlier/ca.pem', earlier);
const REVOKED = [0x61, 0x62, 0x63, 0x64];
/** Valid, with the serial numbers of some devices. */
const earlierList = file(
  'earlier/ca.crl',
  await writeCrl({
    issuer: earlier,
    revoked: REVOKED.map((serial) => ({
      serialNumber: Buffer.of(serial),
      revokedAt: clock(),
      reason: 'superseded',
      notAfter: inDays(99),
    })),
    thisUpdate: clock(),
    validity: 7 * DAY,
    number: 1,
  }),
);

const usual = { authority: 'issuing', profile: 'device', policy: { static: CHALLENGE } };
const policy = { oneTime: {} };

const server = shared({
  admin: { port: 0, users: USERS, token: TOKEN },
  authorities: { issuing: issuingSection, second: secondSection },
  profiles: {
    device: {},
    web: { extendedKeyUsage: ['serverAuth'] },
    mail: { extendedKeyUsage: ['emailProtection'] },
  },
  endpoints: [
    { ...usual, path: '/plain' },
    { ...usual, path: '/second', authority: 'second' },
    { ...usual, path: '/web', profile: 'web' },
    { ...usual, path: '/by-usage', profile: { signature: 'web', encryption: 'mail', generalPurpose: 'device' } },
    { ...usual, path: '/manual', approval: 'manual' },
    { ...usual, path: '/no-renewal', renewal: false },
    { ...usual, path: '/from-earlier', renewal: { from: [earlierCa] } },
    { ...usual, path: '/from-mapping', renewal: { from: [{ certificate: earlierCa }] } },
    { ...usual, path: '/from-listed', renewal: { from: [{ certificate: earlierCa, crl: earlierList }] } },
    { ...usual, path: '/one-time', policy },
    { ...usual, path: '/named', name: 'fleet', policy },
    { ...usual, path: '/one-time-public', policy, adminPage: 'public' },
    { ...usual, path: '/legacy', legacy: ['sha1'] },
    { ...usual, path: '/null-wrap', legacy: ['null-wrap'] },
    { ...usual, path: '/one-key', requireSignerKeyMatch: true },
    { ...usual, path: '/no-clock', signingTime: 'off' },
    { ...usual, path: '/past', signingTime: { past: '30h' } },
    { ...usual, path: '/future', signingTime: { future: '3h' } },
    { ...usual, path: '/forgets', retention: 0 },
    { ...usual, path: '/no-browsers', landing: 403 },
    { ...usual, path: '/cryptlib', emptyContent: 'absent' },
    { ...usual, path: '/kem', kem: 'ml-kem-768' },
  ],
});

const at = async (path: string): Promise<string> => (await server()).url(path);

async function passwordOf(endpoint: string): Promise<unknown> {
  const { status, endpoint: named } = await passwordFor((await server()).adminUrl, endpoint);
  return [status, named];
}

const HOUR = 3_600_000;
function inDays(days: number): Date {
  return new Date(clock().getTime() + days * DAY);
}
/** UTCTime (RFC 5652 11.3), so many hours from now. */
function signingTime(hours: number): Uint8Array {
  const digits = new Date(Date.now() + hours * HOUR).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return attribute('1.2.840.113549.1.9.5', encode(0x17, Buffer.from(`${digits}Z`)));
}

async function clocks(path: string): Promise<string[]> {
  const url = await at(path);
  return Promise.all([-25, 0, 2].map((hours) => forged(url, { attributes: [signingTime(hours)] })));
}

async function renewed(path: string): Promise<string> {
  const url = await at(path);
  const subject = newSubject();
  const { der } = await enrolled(url, { subject });
  return (await enrolled(url, { subject, challenge: '', signer: { certificate: der, key: deviceKey } })).status;
}

/** What two devices of the earlier CA get that renew without a challenge; the second one is on its list. */
async function renewedFromEarlier(path: string): Promise<string[]> {
  const listed = REVOKED.shift()!;
  const url = await at(path);
  return Promise.all(
    [listed - 0x10, listed].map(async (serial) => {
      const subject = newSubject();
      const certificate = await writeCertificate(
        {
          serialNumber: Buffer.of(serial),
          issuer: readCertificate(earlier.certificate).subject,
          subject: nameFromText(subject),
          notBefore: inDays(-9),
          notAfter: inDays(99),
          spki: deviceKey.spki,
          extensions: [],
        },
        earlier.key,
      );
      return (await enrolled(url, { subject, challenge: '', signer: { certificate, key: deviceKey } })).status;
    }),
  );
}

async function repeated(path: string): Promise<number> {
  const plan = { subject: nameFromText(newSubject()), challenge: CHALLENGE };
  const csr = await writeCertificationRequest(plan, deviceKey);
  const url = await at(path);
  const first = await enrolled(url, { csr });
  const again = await enrolled(url, { csr });
  return new Set([first, again].map(({ der }) => new X509Certificate(der).serialNumber)).size;
}

const failureContent = async (url: string): Promise<string> =>
  contentHex((await enrolled(url, { challenge: 'wrong' })).message);

async function adminPages(path: string): Promise<number[]> {
  const { origin, adminUrl } = await server();
  return Promise.all([origin, adminUrl].map((at) => statusAt(`${at}${path}/mscep_admin/`)));
}

export const ENDPOINTS: readonly Row[] = [
  {
    keys: ['endpoints[].path'],
    question: 'the HTTP status of GetCACaps',
    ask: async (path) => statusAt(`${await at(path)}?operation=GetCACaps`),
    answers: { '/plain': 200, '/PLAIN/pkiclient.exe': 200, '/elsewhere': 404, '/certsrv/mscep/mscep.dll': 404 },
  },
  {
    keys: ['endpoints[].authority'],
    question: 'the issuer of the certificate',
    ask: async (path) => (await certified(await at(path))).issuer,
    answers: { '/plain': 'CN=Wiring Issuing', '/second': 'CN=Wiring Second' },
  },
  {
    keys: ['endpoints[].profile'],
    question: 'the purposes of the certificate',
    ask: async (path) => (await certified(await at(path))).keyUsage,
    answers: { '/plain': ['1.3.6.1.5.5.7.3.2'], '/web': ['1.3.6.1.5.5.7.3.1'] },
  },
  {
    keys: ['signature', 'encryption', 'generalPurpose'].map((key) => `endpoints[].profile.${key}`),
    question: 'the purposes of certificates for keys that sign, that encrypt, that do both, and of no key usage',
    ask: async (path) => {
      const url = await at(path);
      const usages = [['digitalSignature'], ['keyEncipherment'], ['digitalSignature', 'keyEncipherment']] as const;
      const asked = [...usages.map((each) => ({ extensions: [keyUsage(each)] })), {}];
      return Promise.all(asked.map(async (wish) => (await certified(url, wish)).keyUsage?.join()));
    },
    answers: {
      '/plain': ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.2'],
      '/by-usage': ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.4', '1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.2'],
    },
  },
  {
    keys: ['endpoints[].approval'],
    question: 'what the right challenge gets',
    ask: async (path) => (await enrolled(await at(path))).status,
    answers: { '/plain': 'issued', '/manual': 'pending' },
  },
  {
    keys: ['endpoints[].renewal'],
    question: 'what a certificate gets that renews itself without a challenge',
    ask: renewed,
    answers: { '/plain': 'issued', '/no-renewal': 'failInfo 2' },
  },
  {
    keys: ['endpoints[].renewal.from', 'endpoints[].renewal.from[].certificate', 'endpoints[].renewal.from[].crl'],
    question:
      'what two certificates of an earlier CA get that renew without a challenge; the second one is on its list',
    ask: renewedFromEarlier,
    answers: {
      '/plain': ['failInfo 2', 'failInfo 2'],
      '/from-earlier': ['issued', 'issued'],
      '/from-mapping': ['issued', 'issued'],
      '/from-listed': ['issued', 'failInfo 2'],
    },
  },
  {
    keys: ['endpoints[].adminPage'],
    question: 'the HTTP status of the administrator page on the public listener and on that of `admin`',
    ask: adminPages,
    answers: { '/one-time': [404, 401], '/one-time-public': [401, 401], '/plain': [404, 404] },
  },
  {
    keys: ['endpoints[].name'],
    question: 'the HTTP status of the API that is asked for a password of this endpoint, and the name in its answer',
    ask: async (endpoint) => passwordOf(endpoint),
    answers: {
      fleet: [201, 'fleet'],
      '/named': [201, 'fleet'],
      '/one-time': [201, '/one-time'],
      other: [404, undefined],
    },
  },
  {
    keys: ['endpoints[].legacy'],
    question: 'what a message with SHA-1 gets',
    ask: async (path) => forged(await at(path), { signed: { digest: 'sha1' } }),
    answers: { '/plain': 'failInfo 0', '/legacy': 'issued' },
  },
  {
    keys: ['endpoints[].legacy'],
    question: 'whether the key wrap of a reply to an EC key has NULL parameters',
    ask: async (path) => {
      const { message } = await enrolled(await at(path), { key: ecKey('wiring device') });
      return message.includes(Buffer.from('06096086480165030401050500', 'hex'));
    },
    answers: { '/plain': false, '/null-wrap': true },
  },
  {
    keys: ['endpoints[].requireSignerKeyMatch'],
    question: 'what a message gets that another key has signed',
    ask: async (path) => forged(await at(path)),
    answers: { '/plain': 'issued', '/one-key': 'failInfo 2' },
  },
  {
    keys: ['endpoints[].signingTime', 'endpoints[].signingTime.past', 'endpoints[].signingTime.future'],
    question: 'what messages get that are signed 25 hours ago, now, and in two hours',
    ask: clocks,
    answers: {
      '/plain': ['failInfo 3', 'issued', 'failInfo 3'],
      '/no-clock': ['issued', 'issued', 'issued'],
      '/past': ['issued', 'issued', 'failInfo 3'],
      '/future': ['failInfo 3', 'issued', 'issued'],
    },
  },
  {
    keys: ['endpoints[].retention'],
    question: 'how many certificates the same request gets when it is sent twice',
    ask: repeated,
    answers: { '/plain': 1, '/forgets': 2 },
  },
  {
    keys: ['endpoints[].emptyContent'],
    question: 'the content of a FAILURE, hexadecimal',
    ask: async (path) => failureContent(await at(path)),
    answers: { '/plain': '00', '/cryptlib': 'none' },
  },
  {
    keys: ['endpoints[].kem'],
    question: 'the kinds of the keys in GetCACert',
    ask: async (path) =>
      (await getCaCertificates(fetch, await at(path))).map(
        (der) => new X509Certificate(der).publicKey.asymmetricKeyType,
      ),
    answers: { '/plain': ['rsa', 'ec', 'ec'], '/kem': ['rsa', 'ml-kem-768', 'ec', 'ec'] },
  },
  {
    keys: ['endpoints[].landing'],
    question: 'the HTTP status that a browser gets',
    ask: async (path) => statusAt(await at(path)),
    answers: { '/plain': 200, '/no-browsers': 403 },
  },
];
