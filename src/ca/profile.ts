/** A certificate profile: an allow-list of what certificates may contain. */
import { isBeyond31Bits } from '../asn1/oid.ts';
import { DAY, SECOND } from '../core/durations.ts';
import type { Extension, GeneralNameType } from '../core/request.ts';
import type { KeyUsage } from '../pkix/extensions.ts';
import { MOST_RSA_BITS } from '../pkix/public-key.ts';
import { CERTIFIED_KEYS, type CertifiedKey } from './certified-keys.ts';
import type { SidSource } from './sid.ts';
import { subjectFault, type SubjectRules } from './subject-fault.ts';
import type { CertificatePolicy, MicrosoftTemplate, TlsFeature } from '../pkix/extra-extensions.ts';
import { EXTENDED_KEY_USAGES, INFRASTRUCTURE_PURPOSES, OID, purposeName } from '../pkix/oids.ts';

/**
 * Kinds of subjectAltName. `upn` is the otherName with Microsoft's user principal name, `otherName` any other
 * otherName. Few readers know the other two kinds of RFC 5280.
 */
export type AltNameType = Exclude<GeneralNameType, 'x400' | 'ediParty'> | 'upn';

/** Patterns by kind of name. Every name of that kind must match; names of other kinds are not limited. */
export type NameLimits = { subject?: string; dns?: string; upn?: string };

/** At most `most` certificates at once, and then so many in `per` milliseconds. `memory` is shared by all threads that issue. */
export type CertificateRate = { most: number; per: number; memory: BigInt64Array };

/** What the certificates of an endpoint may contain. Anything else in a request is not copied. */
export type Profile = {
  /** Milliseconds from now, when the client requests no other validity. */
  validity: number;
  /** Milliseconds from now: the longest validity that a client can request. */
  maxValidity: number;
  /** Milliseconds before now at which certificates become valid: clocks of devices in set-up are often hours slow. */
  backdate: number;
  /** The kinds of keys that are certified; every kind where absent. */
  keys?: readonly CertifiedKey[];
  /** The shortest RSA modulus, in bits. */
  minRsaBits: number;
  /** The longest RSA modulus, in bits; not limited where absent. */
  maxRsaBits?: number;
  /** What a client may request, and what it gets when it requests none. */
  keyUsage: readonly KeyUsage[];
  /** Which of them a client gets when it requests none; all where absent. */
  defaultKeyUsage?: readonly KeyUsage[];
  /** OIDs, dotted. What a client may request, and what it gets when it requests none of them. */
  extendedKeyUsage: readonly string[];
  /** Which of them a client gets when it requests none; all where absent. */
  defaultExtendedKeyUsage?: readonly string[];
  /** Kinds of subjectAltName that a client may request. A request with another kind is refused. */
  altNames: readonly AltNameType[];
  /** Which names a certificate may have; every name where absent. */
  names?: NameLimits;
  /** What the subject may be; anything where absent. */
  subject?: SubjectRules;
  /** URIs of the CRL, RFC 5280 4.2.1.13. */
  crl?: readonly string[];
  /** Those of `crl` of which each certificate names a shard, from 1 to `number`, in place of the whole list. */
  shards?: { number: number; urls: readonly string[] };
  /** URIs, RFC 5280 4.2.2.1. */
  authorityInfoAccess?: { ocsp?: readonly string[]; caIssuers?: readonly string[] };
  /** Whether the SID of Microsoft is written from the URI that the policy has compared; dropped where absent. */
  sid?: SidSource;
  /** RFC 5280 4.2.1.4. */
  policies?: readonly CertificatePolicy[];
  /** The template that programs for AD CS look at. */
  template?: MicrosoftTemplate;
  /** RFC 7633. */
  tlsFeatures?: readonly TlsFeature[];
  /** RFC 5280 4.2.1.8, by the names of RFC 3739. */
  directoryAttributes?: Readonly<Record<string, string>>;
  /** Extensions that are the same in every certificate. */
  extensions?: readonly Extension[];
  /** How many certificates are issued in which time; any number where absent. */
  rate?: CertificateRate;
  /** The profiles of requests for a key that only signs or only encrypts; this one where absent. */
  byUsage?: { signature?: Profile; encryption?: Profile };
  /** What the log and metrics call it. */
  name?: string;
};

/** A profile and those that take its place for some usages. */
export const profilesIn = (profile: Profile): Profile[] => [profile, ...Object.values(profile.byUsage ?? {})];

/** The defaults of a profile: TLS client certificates of one year for devices and users. */
export const DEFAULT_PROFILE: Profile = {
  validity: 365 * DAY,
  maxValidity: 730 * DAY,
  backdate: DAY,
  keys: CERTIFIED_KEYS,
  minRsaBits: 2048,
  maxRsaBits: MOST_RSA_BITS,
  keyUsage: ['digitalSignature', 'keyEncipherment'],
  extendedKeyUsage: [EXTENDED_KEY_USAGES.clientAuth],
  altNames: ['dns', 'email', 'upn', 'uri'],
  sid: 'drop',
};

type ProfileFault = { when: (profile: Profile) => boolean; message: string; remedy: string };

const FAULTS: readonly ProfileFault[] = [
  {
    when: ({ keyUsage }) => keyUsage.includes('keyCertSign') || keyUsage.includes('cRLSign'),
    message: 'keyUsage names keyCertSign or cRLSign, which belong to a CA',
    remedy: 'Name usages of end entities, such as digitalSignature and keyEncipherment.',
  },
  {
    when: ({ keyUsage }) => keyUsage.length === 0,
    message: 'keyUsage is empty',
    remedy: 'Name at least one usage, such as digitalSignature.',
  },
  {
    when: ({ extendedKeyUsage }) => extendedKeyUsage.some(isBeyond31Bits),
    message: 'extendedKeyUsage has an OID with a number beyond 31 bits, which common readers refuse',
    remedy: 'Use an OID below a private enterprise number.',
  },
  {
    when: ({ extendedKeyUsage }) => extendedKeyUsage.length === 0,
    message: 'extendedKeyUsage is empty, which allows every purpose',
    remedy: 'Name the purposes, such as clientAuth, or anyExtendedKeyUsage for every purpose.',
  },
  {
    when: ({ keys, minRsaBits, maxRsaBits = Infinity }) => keys?.length === 0 || minRsaBits > maxRsaBits,
    message: 'keys is empty, or minRsaBits is more than maxRsaBits, so no key is certified',
    remedy: 'Name the kinds of keys, such as rsa and p256, and a longest RSA key that is not below the shortest.',
  },
  {
    when: ({ rate }) => rate !== undefined && !(rate.per >= SECOND && rate.most >= 1),
    message: 'rate has a time below a second',
    remedy: 'Write it like `rate: { certificates: 1000, per: 1h }`.',
  },
  {
    when: ({ keyUsage, defaultKeyUsage }) => !isPart(defaultKeyUsage, keyUsage),
    message: 'defaultKeyUsage is empty or names a usage that keyUsage does not',
    remedy: 'Name some of the usages of `keyUsage`.',
  },
  {
    when: ({ extendedKeyUsage, defaultExtendedKeyUsage }) => !isPart(defaultExtendedKeyUsage, extendedKeyUsage),
    message: 'defaultExtendedKeyUsage is empty or names a purpose that extendedKeyUsage does not',
    remedy: 'Name some of the purposes of `extendedKeyUsage`.',
  },
  {
    when: ({ validity, maxValidity, backdate }) => !(validity > 0 && maxValidity >= validity && backdate >= 0),
    message: 'validity, maxValidity and backdate do not fit together',
    remedy: 'validity must be positive and at most maxValidity, and backdate must not be negative.',
  },
];

const isPart = <T>(some: readonly T[] | undefined, all: readonly T[]): boolean =>
  some === undefined || (some.length > 0 && some.every((each) => all.includes(each)));

/** What a profile says that no CA should do. `message` says what, without the word profile. */
export type Fault = { message: string; remedy: string };

/**
 * The first fault of a profile: CA usages, a purpose of the PKI itself such as OCSP signing, an empty list of usages or keys, a
 * contradictory validity, a fixed extension that must not be fixed, or rules of the subject that nothing can keep. Undefined
 * when there is none.
 */
export function profileFault(profile: Profile): Fault | undefined {
  const purpose = profile.extendedKeyUsage.find((oid) => INFRASTRUCTURE_PURPOSES.has(oid));
  if (purpose !== undefined)
    return {
      message: `extendedKeyUsage names ${purposeName(purpose)}, which would let a device ${INFRASTRUCTURE_PURPOSES.get(purpose)}`,
      remedy: `Leave ${purposeName(purpose)} out.`,
    };
  const fault = FAULTS.find(({ when }) => when(profile));
  if (fault) return fault;
  const fixed = profile.extensions?.find(({ oid }) => NEVER_FIXED.has(oid));
  if (fixed)
    return { message: `extensions names ${fixed.oid}, ${NEVER_FIXED.get(fixed.oid)}`, remedy: 'Leave it out.' };
  const wrong = subjectFault(profile.subject);
  return wrong && { message: `subject.${wrong.message}`, remedy: wrong.remedy };
}

/** Extensions that are no part of a profile, whatever their value. Those that each certificate has are repeated, which RFC 5280 forbids. */
const NEVER_FIXED: ReadonlyMap<string, string> = new Map([
  [OID.subjectAltName, 'so that every device would have the same names'],
  [OID.microsoftSid, 'so that every device could log on as that account'],
  ['1.3.6.1.5.5.7.48.1.5', 'which belongs to OCSP responders'],
  ['1.3.6.1.4.1.11129.2.4.3', 'which makes a certificate unusable (the poison of RFC 6962)'],
]);
