/** `profiles`: what is in the certificates. */
import { X509Certificate } from 'node:crypto';
import { encode, oid, sequence, setOf } from '../../src/asn1/writer.ts';
import type { Extension } from '../../src/core/request.ts';
import { certificateExtensions, readCertificate } from '../../src/pkix/certificate.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { requestDer } from '../ca/authority-under-test.ts';
import { attribute } from '../kit/forge.ts';
import { certified, deviceKey, enrolled, newSubject, polled } from './device.ts';
import type { Row } from './row.ts';
import { CHALLENGE, shared } from './server.ts';
import { tenantNamed } from './tenant.ts';

const PROFILES = {
  plain: {},
  short: { validity: '10d' },
  bounded: { validity: '10d', maxValidity: '20d' },
  backdated: { backdate: '5d' },
  late: { renewBefore: '30d' },
  ended: { maxLifetime: '1s' },
  limited: {
    names: { subject: 'CN=lab-*', dns: '*.lab.example', upn: '*@lab.example' },
    subjectAltName: ['dns', 'upn'],
  },
  long: { minRsaBits: 3072 },
  short2048: { maxRsaBits: 2047, minRsaBits: 1024 },
  curves: { keys: ['p256'] },
  rated: { rate: { certificates: 2, per: '1h' } },
  ratedShortly: { rate: { certificates: 1, per: '1s' } },
  signing: { keyUsage: ['digitalSignature'] },
  signingFirst: { defaultKeyUsage: ['digitalSignature'] },
  webFirst: { extendedKeyUsage: ['clientAuth', 'serverAuth'], defaultExtendedKeyUsage: ['serverAuth'] },
  subject: {
    subject: { require: ['CN'], forbid: ['OU'], values: { CN: 'lab-*' }, append: 'O=Lab,C=DE', maxLength: 40 },
  },
  web: { extendedKeyUsage: ['serverAuth', '1.2.3.4'] },
  mail: { subjectAltName: ['email'] },
  policies: { certificatePolicies: ['1.2.3', { oid: '1.2.4', cps: 'http://a' }] },
  templateName: { template: 'VPN' },
  templateOid: { template: '1.2.3' },
  templateVersion: { template: { oid: '1.2.3', major: 7, minor: 9 } },
  staple: { tlsFeature: ['statusRequest'] },
  person: { subjectDirectoryAttributes: { countryOfCitizenship: 'DE' } },
  fixed: { extensions: [{ oid: '1.2.3.4', der: '0500' }] },
  fixedCritical: { extensions: [{ oid: '1.2.3.4', der: '0101ff', critical: true }] },
  crl: { crl: ['http://pki.example.com/one.crl'] },
  crlOf: { crl: ['http://pki.example.com/of_{authority}.crl'] },
  ocsp: { aia: { ocsp: ['http://pki.example.com/ocsp'] } },
  issuers: { aia: { caIssuers: ['http://pki.example.com/ca.cer'] } },
};

const server = shared({
  profiles: PROFILES,
  endpoints: Object.keys(PROFILES).map((profile) => ({
    path: `/of-${profile}`,
    profile,
    policy: { static: CHALLENGE },
  })),
});
const at = async (profile: string): Promise<string> => (await server()).url(`/of-${profile}`);

const DAY = 86_400_000;
const daysFrom = (from: number, to: string): number => Math.round((Date.parse(to) - from) / DAY);

/** Windows asks for a validity by two pairs of a name and a value, BMPStrings. */
const bmp = (text: string): Uint8Array => encode(0x1e, Buffer.from(text, 'utf16le').swap16());
const pair = (name: string, value: string): Uint8Array =>
  sequence(oid('1.3.6.1.4.1.311.13.2.1'), setOf(sequence(bmp(name), bmp(value))));
const hundredDays = [pair('ValidityPeriod', 'Days'), pair('ValidityPeriodUnits', '100')];
const challenge = attribute('1.2.840.113549.1.9.7', encode(0x13, Buffer.from(CHALLENGE)));

async function daysOfAHundred(profile: string): Promise<number> {
  const csr = await requestDer({ subject: newSubject(), key: deviceKey, attributes: [challenge, ...hundredDays] });
  return daysFrom(Date.now(), (await certified(await at(profile), { csr })).validTo);
}

/** The BIT STRING of the key usage (RFC 5280 4.2.1.3), hexadecimal: what is behind OID, critical and OCTET STRING. */
const keyUsage = ({ raw }: X509Certificate): string | undefined =>
  /0603551d0f0101ff0404(?<bits>.{8})/.exec(raw.toString('hex'))?.groups?.['bits'];

/** The one URL of the CRL distribution points (RFC 5280 4.2.1.13): what is behind their OID. */
const crlUrl = ({ raw }: X509Certificate): string | undefined =>
  /\u0006\u0003U\u001d\u001f.{2,20}(?<url>http:[\w./]+\.crl)/s.exec(raw.toString('latin1'))?.groups?.['url'];

const SID_URI = 'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-110';
const underIntune = shared(async () => ({
  tenants: { corp: (await tenantNamed('usual')).section },
  profiles: { drop: {}, uri: { sid: 'uri' } },
  endpoints: ['drop', 'uri'].map((profile) => ({ path: `/sid-${profile}`, profile, policy: { intune: 'corp' } })),
}));

const extensionsOf = ({ raw }: X509Certificate): Extension[] => certificateExtensions(readCertificate(raw));

/** The value of one extension of a new certificate, hexadecimal. */
async function valueOf(profile: string, oid: string): Promise<string | undefined> {
  const found = extensionsOf(await certified(await at(profile))).find((extension) => extension.oid === oid);
  return found && Buffer.from(found.value).toString('hex');
}

const renewedAtOnce = (profile: string) => renewed(profile);

async function renewed(profile: string, afterMs = 0): Promise<string> {
  const url = await at(profile);
  const subject = newSubject();
  const { der } = await enrolled(url, { subject });
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  return (await enrolled(url, { subject, challenge: '', signer: { certificate: der, key: deviceKey } })).status;
}

const names = (...texts: string[]): Extension[] => [subjectAltName(texts.map(generalNameFromText))];

export const PROFILE_ROWS: readonly Row[] = [
  {
    keys: ['profiles.NAME.validity'],
    question: 'in how many days the certificate ends',
    ask: async (profile) => daysFrom(Date.now(), (await certified(await at(profile))).validTo),
    answers: { plain: 365, short: 10 },
  },
  {
    keys: ['profiles.NAME.maxValidity'],
    question: 'in how many days the certificate ends when a hundred are asked for',
    ask: daysOfAHundred,
    answers: { bounded: 20, short: 100 },
  },
  {
    keys: ['profiles.NAME.backdate'],
    question: 'how many days ago the certificate begins',
    ask: async (profile) => -daysFrom(Date.now(), (await certified(await at(profile))).validFrom),
    answers: { plain: 1, backdated: 5 },
  },
  {
    keys: ['profiles.NAME.renewBefore'],
    question: 'what a renewal gets on the first day',
    ask: renewedAtOnce,
    answers: { plain: 'issued', late: 'failInfo 2' },
  },
  {
    keys: ['profiles.NAME.maxLifetime'],
    question: 'what a renewal gets after a second',
    ask: (profile) => renewed(profile, 1_100),
    answers: { plain: 'issued', ended: 'failInfo 2' },
  },
  {
    keys: ['profiles.NAME.names', 'profiles.NAME.names.subject', 'profiles.NAME.names.dns', 'profiles.NAME.names.upn'],
    question: 'what requests get with names within and beyond the limits',
    ask: async (profile) => {
      const url = await at(profile);
      const asked = async (subject: string, ...texts: string[]) =>
        (await enrolled(url, { subject, ...(texts.length > 0 && { extensions: names(...texts) }) })).status;
      const lab = () => newSubject().replace('CN=', 'CN=lab-');
      return Promise.all([
        asked(lab(), 'dns:a.lab.example', 'upn:a@lab.example'),
        asked(newSubject()),
        asked(lab(), 'dns:a.example'),
        asked(lab(), 'upn:a@example'),
      ]);
    },
    answers: {
      plain: ['issued', 'issued', 'issued', 'issued'],
      limited: ['issued', 'failInfo 2', 'failInfo 2', 'failInfo 2'],
    },
  },
  {
    keys: ['profiles.NAME.minRsaBits'],
    question: 'what an RSA key of 2048 bits gets',
    ask: async (profile) => (await enrolled(await at(profile))).status,
    answers: { plain: 'issued', long: 'failInfo 0' },
  },
  {
    keys: ['profiles.NAME.maxRsaBits', 'profiles.NAME.keys'],
    question: 'what an RSA key of 2048 bits gets',
    ask: async (profile) => (await enrolled(await at(profile))).status,
    answers: { plain: 'issued', short2048: 'failInfo 0', curves: 'failInfo 0' },
  },
  {
    keys: ['profiles.NAME.defaultKeyUsage'],
    question: 'the BIT STRING of the key usage when none is asked for',
    ask: async (profile) => keyUsage(await certified(await at(profile))),
    answers: { plain: '030205a0', signingFirst: '03020780' },
  },
  {
    keys: ['profiles.NAME.defaultExtendedKeyUsage'],
    question: 'the purposes of the certificate when none is asked for',
    ask: async (profile) => (await certified(await at(profile))).keyUsage,
    answers: { plain: ['1.3.6.1.5.5.7.3.2'], webFirst: ['1.3.6.1.5.5.7.3.1'] },
  },
  {
    keys: ['require', 'forbid', 'values', 'maxLength'].map((key) => `profiles.NAME.subject.${key}`),
    question: 'what requests get whose subject is right, has no CN, has an OU, another CN, and a long one',
    ask: async (profile) => {
      const url = await at(profile);
      const rest = newSubject().slice(3);
      const subjects = [
        `CN=lab-${rest}`,
        `L=${rest}`,
        `CN=lab-${rest},OU=a`,
        `CN=${rest}`,
        `CN=lab-${'x'.repeat(40)}${rest}`,
      ];
      return Promise.all(subjects.map(async (subject) => (await enrolled(url, { subject })).status));
    },
    answers: {
      plain: ['issued', 'issued', 'issued', 'issued', 'issued'],
      subject: ['issued', 'failInfo 2', 'failInfo 2', 'failInfo 2', 'failInfo 2'],
    },
  },
  {
    keys: ['profiles.NAME.subject', 'profiles.NAME.subject.append'],
    question: 'the subject behind its CN, and what renewals get that name it with and without what is appended',
    ask: async (profile) => {
      const url = await at(profile);
      const subject = `CN=lab-${newSubject().slice(3)}`;
      const { der } = await enrolled(url, { subject });
      const whole = new X509Certificate(der).subject.split('\n').toReversed().slice(1).join(',');
      const signer = { certificate: der, key: deviceKey };
      const renewals = ['', ',O=Lab,C=DE'].map((rest) =>
        enrolled(url, { subject: `${subject}${rest}`, challenge: '', signer }),
      );
      return [whole, ...(await Promise.all(renewals)).map(({ status }) => status)];
    },
    answers: { plain: ['', 'issued', 'failInfo 2'], subject: ['O=Lab,C=DE', 'issued', 'issued'] },
  },
  {
    keys: ['profiles.NAME.keyUsage'],
    question: 'the BIT STRING of the key usage',
    ask: async (profile) => keyUsage(await certified(await at(profile))),
    answers: { plain: '030205a0', signing: '03020780' },
  },
  {
    keys: ['profiles.NAME.extendedKeyUsage'],
    question: 'the purposes of the certificate',
    ask: async (profile) => (await certified(await at(profile))).keyUsage,
    answers: { plain: ['1.3.6.1.5.5.7.3.2'], web: ['1.3.6.1.5.5.7.3.1', '1.2.3.4'] },
  },
  {
    keys: ['profiles.NAME.subjectAltName'],
    question: 'what requests get that name a host, and a mailbox',
    ask: async (profile) => {
      const url = await at(profile);
      const dns = await enrolled(url, { extensions: names('dns:a.example.com') });
      const mail = await enrolled(url, { extensions: names('email:a@example.com') });
      return [dns.status, mail.status];
    },
    answers: { plain: ['issued', 'issued'], mail: ['failInfo 2', 'issued'] },
  },
  {
    keys: ['profiles.NAME.crl'],
    question: 'the URL in the CRL distribution point',
    ask: async (profile) => crlUrl(await certified(await at(profile))),
    answers: {
      plain: undefined,
      crl: 'http://pki.example.com/one.crl',
      crlOf: 'http://pki.example.com/of_issuing.crl',
    },
  },
  {
    keys: ['profiles.NAME.sid'],
    question: 'the end of the extension with the SID, where Intune has compared the URI',
    ask: async (profile) => {
      const tenant = await tenantNamed('usual');
      const subject = newSubject();
      const challenge = tenant.simulator.mint({ subject, san: [SID_URI] });
      const url = (await underIntune()).url(`/sid-${profile}`);
      const certificate = await certified(url, { subject, challenge, extensions: names(SID_URI) });
      const found = extensionsOf(certificate).find(({ oid }) => oid === '1.3.6.1.4.1.311.25.2');
      return found && Buffer.from(found.value).toString('latin1').slice(-18);
    },
    answers: { drop: undefined, uri: 'S-1-5-21-1-2-3-110' },
  },
  {
    keys: ['profiles.NAME.rate', 'profiles.NAME.rate.certificates', 'profiles.NAME.rate.per'],
    question: 'what the first of three requests gets, and the third one when it asks again after more than a second',
    ask: async (profile) => {
      const url = await at(profile);
      const subjects = [newSubject(), newSubject(), newSubject()] as const;
      const statuses = [];
      for (const subject of subjects) statuses.push((await enrolled(url, { subject })).status);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      return [statuses[0], (await polled(url, { subject: subjects[2] })).status];
    },
    answers: { plain: ['issued', 'issued'], rated: ['issued', 'pending'], ratedShortly: ['issued', 'issued'] },
  },
  {
    keys: ['profiles.NAME.certificatePolicies'],
    question: 'the policies',
    ask: (profile) => valueOf(profile, '2.5.29.32'),
    answers: {
      plain: undefined,
      policies: '3024300406022a03301c06022a043016301406082b060105050702011608687474703a2f2f61',
    },
  },
  {
    keys: ['profiles.NAME.certificatePolicies[].oid', 'profiles.NAME.certificatePolicies[].cps'],
    question: 'the octets of the policies',
    ask: async (profile) => (await valueOf(profile, '2.5.29.32'))?.length,
    answers: { plain: undefined, policies: 76 },
  },
  {
    keys: ['profiles.NAME.template'],
    question: 'the template by name',
    ask: (profile) => valueOf(profile, '1.3.6.1.4.1.311.20.2'),
    answers: { plain: undefined, templateName: '1e0600560050004e', templateOid: undefined },
  },
  {
    keys: ['oid', 'major', 'minor'].map((key) => `profiles.NAME.template.${key}`),
    question: 'the template by OID, with its versions',
    ask: (profile) => valueOf(profile, '1.3.6.1.4.1.311.21.7'),
    answers: {
      plain: undefined,
      templateOid: '300a06022a03020164020100',
      templateVersion: '300a06022a03020107020109',
    },
  },
  {
    keys: ['profiles.NAME.tlsFeature'],
    question: 'the TLS features',
    ask: (profile) => valueOf(profile, '1.3.6.1.5.5.7.1.24'),
    answers: { plain: undefined, staple: '3003020105' },
  },
  {
    keys: ['profiles.NAME.subjectDirectoryAttributes'],
    question: 'the attributes of the person',
    ask: (profile) => valueOf(profile, '2.5.29.9'),
    answers: { plain: undefined, person: '3012301006082b06010505070904310413024445' },
  },
  {
    keys: ['', '[].oid', '[].der', '[].critical'].map((key) => `profiles.NAME.extensions${key}`),
    question: 'the extension 1.2.3.4, with whether it is critical before its value',
    ask: async (profile) => {
      const found = extensionsOf(await certified(await at(profile))).find(({ oid }) => oid === '1.2.3.4');
      return found && [found.critical, Buffer.from(found.value).toString('hex')];
    },
    answers: { plain: undefined, fixed: [false, '0500'], fixedCritical: [true, '0101ff'] },
  },
  {
    keys: ['profiles.NAME.aia', 'profiles.NAME.aia.ocsp', 'profiles.NAME.aia.caIssuers'],
    question: 'the authority information access',
    ask: async (profile) => (await certified(await at(profile))).infoAccess,
    answers: {
      plain: undefined,
      ocsp: 'OCSP - URI:http://pki.example.com/ocsp',
      issuers: 'CA Issuers - URI:http://pki.example.com/ca.cer',
    },
  },
];
