/** Certificates of the corpus: every option of a profile × every kind of CA × every kind of key of a device. */
import { utf8String } from '../../src/asn1/writer.ts';
import { localAuthority } from '../../src/ca/local-authority.ts';
import { DEFAULT_PROFILE, type Profile } from '../../src/ca/profile.ts';
import type { KeyProvider } from '../../src/core/keys.ts';
import type { Extension } from '../../src/core/request.ts';
import { readCertificationRequest, writeCertificationRequest } from '../../src/pkix/csr.ts';
import { extendedKeyUsage, keyUsage, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { EXTENDED_KEY_USAGES } from '../../src/pkix/oids.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { random } from '../kit/pki.ts';
import { type CorpusCa, NOW } from './authorities.ts';
import { shardUrl } from './lists.ts';

/** What a profile says beside its defaults, and what the device requests. */
type Option = { profile?: Partial<Profile>; subject?: string; request?: readonly Extension[] };

const DAY = 86_400_000;
const eku = (...names: string[]): string[] => names.map((name) => EXTENDED_KEY_USAGES[name]!);
const names = (...texts: string[]): Extension => subjectAltName(texts.map(generalNameFromText));
const SID = 'S-1-5-21-1004336348-1177238915-682003330-1104';

const OPTIONS: Readonly<Record<string, Option>> = {
  defaults: {},
  'a day': { profile: { validity: DAY, maxValidity: DAY } },
  'the longest validity': { profile: { validity: 3650 * DAY, maxValidity: 3650 * DAY } },
  'valid from now': { profile: { backdate: 0 } },
  'only signs': { request: [keyUsage(['digitalSignature'])] },
  'other usages': { profile: { keyUsage: ['digitalSignature', 'nonRepudiation', 'keyAgreement'] } },
  'default usages': { profile: { defaultKeyUsage: ['digitalSignature'] } },
  'server and client': {
    profile: { extendedKeyUsage: eku('clientAuth', 'serverAuth') },
    request: [names('dns:a.example.com')],
  },
  email: {
    profile: { extendedKeyUsage: eku('emailProtection') },
    request: [names('email:ada@example.com'), extendedKeyUsage(eku('emailProtection'))],
  },
  'logon with a smart card': {
    profile: { extendedKeyUsage: eku('clientAuth', 'smartcardLogon') },
    request: [names('upn:ada@example.com')],
  },
  'every kind of name': {
    profile: { altNames: ['dns', 'email', 'upn', 'uri', 'ip'] },
    request: [
      names(
        'dns:a.example.com',
        'email:ada@example.com',
        'upn:ada@example.com',
        'uri:https://example.com/a',
        'ip:192.0.2.1',
        'ip:2001:db8::1',
      ),
    ],
  },
  'only a name': { subject: '', request: [names('dns:a.example.com')] },
  'a subject with many attributes': {
    subject: 'CN=ada,OU=one,OU=two,O=Example,L=London,ST=London,C=GB,serialNumber=1',
  },
  'a subject in UTF-8': { subject: 'CN=Jürgen 東京,O=Example' },
  'an appended subject': { profile: { subject: { append: 'O=Corpus,C=DE' } } },
  'pointers to lists': {
    profile: { crl: ['http://pki.example.com/crl/issuing.crl', 'http://other.example.com/issuing.crl'] },
  },
  'in a shard': { profile: { crl: [shardUrl(1)] } },
  'pointers to the CA and OCSP': {
    profile: {
      authorityInfoAccess: {
        ocsp: ['http://pki.example.com/ocsp/issuing'],
        caIssuers: ['http://pki.example.com/aia/issuing.cer'],
      },
    },
  },
  'a SID': { profile: { sid: 'uri' }, request: [names(`uri:tag:microsoft.com,2022-09-14:sid:${SID}`)] },
  policies: {
    profile: {
      policies: [{ oid: '1.3.6.1.4.1.99999.1' }, { oid: '1.3.6.1.4.1.99999.2', cps: 'https://example.com/cps' }],
    },
  },
  'a template by name': { profile: { template: { name: 'Machine' } } },
  'a template by OID': { profile: { template: { oid: '1.3.6.1.4.1.311.21.8.1.2.3', major: 100, minor: 4 } } },
  'TLS features': { profile: { tlsFeatures: ['statusRequest'] } },
  'attributes of a person': {
    profile: { directoryAttributes: { gender: 'F', countryOfCitizenship: 'GB', dateOfBirth: '1990-12-31' } },
  },
  'a fixed extension': {
    profile: { extensions: [{ oid: '1.3.6.1.4.1.99999.9', critical: false, value: utf8String('fixed') }] },
  },
};

const KEYS: Readonly<Record<string, KeyProvider>> = {
  'rsa-2048': rsaKey('corpus device'),
  'rsa-3072': rsaKey('corpus device', 3072),
  'rsa-4096': rsaKey('corpus device', 4096),
  p256: ecKey('corpus device'),
  p384: ecKey('corpus device', 'P-384'),
  p521: ecKey('corpus device', 'P-521'),
};

/** The certificates of one CA by a name that says what they are, DER. */
export async function corpusCertificates(ca: CorpusCa): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>();
  for (const [option, { profile = {}, subject = 'CN=device', request = [] }] of Object.entries(OPTIONS)) {
    const authority = localAuthority({
      certificate: ca.issuing.certificate,
      chain: [ca.root.certificate],
      key: ca.issuing.key,
      profile: { ...DEFAULT_PROFILE, ...profile },
      clock: () => NOW,
      random,
    });
    for (const [kind, key] of Object.entries(KEYS)) {
      const der = await writeCertificationRequest({ subject: nameFromText(subject), extensions: request }, key);
      const csr = readCertificationRequest(der);
      const asked = { endpoint: '/scep', transactionId: '1', csr, signerSpki: csr.spki, requestKey: '' };
      const decision = { kind: 'allow', notify: 'none', vouchesForNames: true } as const;
      const issued = await authority.issue(asked, decision, new AbortController().signal);
      all.set(`${option}, ${kind}`, issued.certificate);
    }
  }
  return all;
}
