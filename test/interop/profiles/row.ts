/** One thing that a SCEP profile can ask for: what Intune expects, what the device sends, and what the certificate then is. */
import type { Tenant } from '../kit/tenant.ts';
import type { Expectation } from '../kit/tenant.ts';
import type { OpensslFacts, PycaFacts } from '../kit/certificate-facts.ts';
import type { RequestOctets } from '../kit/profile-request.ts';

/** OIDs of the extensions that requests have. */
export const KEY_USAGE = '2.5.29.15';
export const NAMES = '2.5.29.17';
export const PURPOSES = '2.5.29.37';

/** The request of the usual profile: CN=device, digitalSignature and keyEncipherment, clientAuth. */
export const USUAL_SUBJECT = '3011310f300d06035504030c06646576696365';
export const USUAL_EXTENSIONS = {
  [KEY_USAGE]: 'critical 030205a0',
  [PURPOSES]: '300a06082b06010505070302',
};

const USUAL_PROFILE: Expectation = {
  subject: 'CN=device',
  keyUsage: ['digitalSignature', 'keyEncipherment'],
  extendedKeyUsage: ['clientAuth'],
};

/** What is not given is as in the usual profile. */
export type ProfileRow = {
  title: string;
  /** One of ENDPOINTS. */
  endpoint?: keyof typeof ENDPOINTS;
  profile?: Partial<Expectation>;
  request?: Partial<RequestOctets>;
  /** Bits of the RSA key: 2048. */
  bits?: number;
} & ({ certificate: CertificateRow } | { refused: RefusedRow });

/** What readers find. Octets that are not given are those of the request. */
export type CertificateRow = {
  openssl?: Partial<OpensslFacts>;
  pyca?: Partial<Omit<PycaFacts, 'octets' | 'hours'>>;
  /** From the beginning, a day ago, to the end: at least and at most. */
  hours?: readonly [number, number];
  octets?: { subject?: string; extensions?: Readonly<Record<string, string>> };
};

/** What the device, the log and Intune get. */
export type RefusedRow = {
  failInfo: string;
  code: string;
  /** Intune's answer to validateRequest; absent when it is not asked. */
  intuneCode?: string;
  /** The HRESULTs of the failureNotifications. */
  failures?: readonly number[];
};

/** A row with everything in it. */
export type WholeRow = { endpoint: keyof typeof ENDPOINTS; profile: Expectation; request: RequestOctets; bits: number };

export const whole = ({ endpoint = 'usual', profile, request, bits = 2048 }: ProfileRow): WholeRow => ({
  endpoint,
  bits,
  profile: { ...USUAL_PROFILE, ...profile },
  request: { subject: USUAL_SUBJECT, extensions: USUAL_EXTENSIONS, ...request },
});

/** What OpenSSL and pyca find in the certificate of the usual profile. */
export const USUAL_OPENSSL: OpensslFacts = {
  subject: 'CN=device',
  names: '',
  keyUsage: 'critical Digital Signature, Key Encipherment',
  purposes: 'TLS Web Client Authentication',
  bits: 2048,
  signature: 'sha256WithRSAEncryption',
};
export const USUAL_PYCA: Omit<PycaFacts, 'octets' | 'hours'> = {
  subject: ['commonName=device'],
  names: [],
  keyUsage: ['digital_signature', 'key_encipherment'],
  purposes: ['1.3.6.1.5.5.7.3.2'],
  bits: 2048,
  hash: 'sha256',
};
/** A day before the issue to 365 days after it. */
export const USUAL_HOURS = [8784, 8784] as const;

/** The endpoints of the server: `usual` allows what administrators allow, `defaults` nothing more than a profile of openndes by itself. */
export const ENDPOINTS = {
  usual: { path: '/certsrv/mscep/mscep.dll', profile: 'usual' },
  defaults: { path: '/scep/defaults', profile: 'defaults' },
  old: { path: '/scep/old', profile: 'old', legacy: ['rsa1024', 'sha1'] },
  long: { path: '/scep/long', profile: 'long' },
};

/** JSON is YAML. */
export const configuration = ({ block }: Tenant): string => `
listen: { host: 127.0.0.1, port: 0, drain: 0 }
store: sqlite:./openndes.db
authorities:
  issuing: { certificate: certs/issuing-ca.pem, chain: certs/chain.pem, key: file:certs/issuing-ca.key.pem }
profiles:
  defaults: {}
  old: { minRsaBits: 1024 }
  long: { validity: 36500d, maxValidity: 36500d }
  usual:
    keyUsage: [digitalSignature, keyEncipherment, nonRepudiation, dataEncipherment]
    extendedKeyUsage: [clientAuth, serverAuth, emailProtection, codeSigning, smartcardLogon, anyExtendedKeyUsage, timeStamping,
      ipsecEndSystem, ipsecTunnel, ipsecUser, ipsecIke, ipsecIntermediate, 1.3.6.1.4.1.311.10.3.4, 1.3.6.1.4.1.57264.9.1]
tenants: { corp: ${JSON.stringify(block)} }
endpoints: ${JSON.stringify(
  Object.values(ENDPOINTS).map((endpoint) => ({ ...endpoint, policy: { intune: 'corp', notify: 'strict' } })),
)}
`;
