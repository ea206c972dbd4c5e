/** `profiles`: what certificates may be, translated from the keys of the file into a profile of the CA. */
import { z } from 'zod';
import { CERTIFIED_KEYS } from '../ca/certified-keys.ts';
import { type AltNameType, type CertificateRate, DEFAULT_PROFILE, type Profile } from '../ca/profile.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import { KEY_USAGES } from '../pkix/extensions.ts';
import { EXTENDED_KEY_USAGES, INFRASTRUCTURE_PURPOSES, purposeName } from '../pkix/oids.ts';
import { LEAST_RSA_BITS, MOST_RSA_BITS } from '../pkix/public-key.ts';
import { extraExtensionKeys, isOid, withExtraExtensions } from './extra-extensions-keys.ts';
import { didYouMean } from './yaml/did-you-mean.ts';
import { type ValueType, transformed, valueType } from './yaml/value-type.ts';
import { choice, duration, integer, url, valueList } from './yaml/value-types.ts';
import { defaulted, item, mapOf, optional, required, section } from './yaml/table.ts';
import { durationText } from './yaml/units.ts';

const ALT_NAMES: Readonly<Record<AltNameType, true>> = {
  dns: true,
  email: true,
  upn: true,
  uri: true,
  ip: true,
  directory: true,
  otherName: true,
  registeredId: true,
};

const purpose = {
  schema: transformed(z.string(), (name) => {
    const known = Object.hasOwn(EXTENDED_KEY_USAGES, name) ? EXTENDED_KEY_USAGES[name] : undefined;
    if (known !== undefined || isOid(name)) return known ?? name;
    throw new ConfigError('no purpose of that name', didYouMean(name, Object.keys(EXTENDED_KEY_USAGES)));
  }),
  type: `${Object.keys(EXTENDED_KEY_USAGES)
    .filter((name) => !INFRASTRUCTURE_PURPOSES.has(EXTENDED_KEY_USAGES[name] ?? ''))
    .map((name) => `\`${name}\``)
    .join(', ')} or a dotted OID`,
  example: 'clientAuth',
  secret: false,
} satisfies ValueType<z.ZodType>;

const pattern = (example: string) => valueType(z.string().min(1), 'a pattern', example);

/** The attributes by name are checked with the whole profile. */
const attribute = valueType(z.string().min(1), 'the short name of an attribute, or a dotted OID', 'CN');

const subjectRules = {
  schema: section('Rules for the subject.', '{ require: [CN] }', {
    require: optional(valueList(attribute, '[CN]'), 'Attributes that it must have.', 'none'),
    forbid: optional(valueList(attribute, '[OU]'), 'Attributes that it must not have.', 'none'),
    values: optional(
      {
        schema: mapOf('Patterns by attribute.', '{ CN: "lab-*" }', item(pattern('lab-*'))),
        type: 'a mapping of attributes to patterns',
        example: '{ CN: "lab-*" }',
        secret: false,
      },
      'A pattern for every value of an attribute, by its short name. `*` stands for any text; letter case counts.',
      'any',
    ),
    append: optional(
      valueType(z.string().min(1), 'a name as in RFC 4514', 'O=Contoso,C=DE'),
      'What every certificate has behind the text of the requested subject. A request that has it already gets it once.',
      'nothing',
    ),
    maxLength: optional(integer(1, 1024, 64), 'Characters of one value. RFC 5280 has 64 for most attributes.', '1024'),
  }),
  type: 'a mapping of keys',
  example: '{ require: [CN], append: "O=Contoso,C=DE" }',
  secret: false,
} satisfies ValueType<z.ZodType>;

const urls = (example: string) => valueList(url(['http', 'https'], example), `[${example}]`);

const keys = () =>
  section('A kind of certificate.', '{ validity: 365d }', {
    validity: defaulted(
      duration('365d'),
      durationText(DEFAULT_PROFILE.validity),
      'How long a certificate is valid when the client requests no other validity.',
    ),
    maxValidity: defaulted(
      duration('730d'),
      durationText(DEFAULT_PROFILE.maxValidity),
      'No certificate is valid for longer, whatever the client requests, nor for longer than its CA.',
    ),
    backdate: defaulted(
      duration('24h'),
      durationText(DEFAULT_PROFILE.backdate),
      'How far in the past a certificate begins, because the clocks of new devices are often behind.',
    ),
    renewBefore: optional(duration('30d'), 'How long before its end a certificate may be renewed.', 'at any time'),
    maxLifetime: optional(
      duration('1825d'),
      'How long after the first certificate of a device its renewals need no challenge. Afterwards a renewal is decided like a first request.',
      'for ever',
    ),
    minRsaBits: defaulted(
      integer(LEAST_RSA_BITS, MOST_RSA_BITS, 2048),
      DEFAULT_PROFILE.minRsaBits,
      'Shorter RSA keys get no certificate.',
    ),
    maxRsaBits: defaulted(
      integer(LEAST_RSA_BITS, MOST_RSA_BITS, 4096),
      DEFAULT_PROFILE.maxRsaBits ?? MOST_RSA_BITS,
      'Longer RSA keys get no certificate.',
    ),
    keys: defaulted(
      valueList(choice(...CERTIFIED_KEYS), '[rsa, p256]'),
      [...CERTIFIED_KEYS],
      'The kinds of keys that get a certificate. Weak keys get none, whatever their kind: an RSA exponent below 65537, a modulus with a small factor, with factors close to each other, or of a chip with the ROCA fault. The keys that Debian made predictable in 2008 are not recognised, as no package carries their list.',
    ),
    keyUsage: defaulted(
      valueList(choice(...KEY_USAGES), '[digitalSignature, keyEncipherment]'),
      [...DEFAULT_PROFILE.keyUsage],
      'The usages that a client may request, and those it gets when it requests none.',
    ),
    defaultKeyUsage: optional(
      valueList(choice(...KEY_USAGES), '[digitalSignature]'),
      'The usages that a client gets when it requests none.',
      'all of `keyUsage`',
    ),
    extendedKeyUsage: defaulted(
      valueList(purpose, '[clientAuth]'),
      DEFAULT_PROFILE.extendedKeyUsage.map(purposeName),
      'The purposes that a client may request, and those it gets when it requests none. A request for others only is refused; under Intune, a request for any other.',
    ),
    defaultExtendedKeyUsage: optional(
      valueList(purpose, '[clientAuth]'),
      'The purposes that a client gets when it requests none.',
      'all of `extendedKeyUsage`',
    ),
    subjectAltName: defaulted(
      valueList(choice(...(Object.keys(ALT_NAMES) as AltNameType[])), '[dns, email, upn, uri]'),
      [...DEFAULT_PROFILE.altNames],
      'The types of names that a client may request. A request with another type is refused.',
    ),
    names: optional(
      {
        schema: section('Which names a certificate may have.', '{}', {
          subject: optional(pattern('CN=lab-*'), 'The subject, RFC 4514. `*` stands for one value.', 'any'),
          dns: optional(pattern('*.lab.example.com'), 'Every DNS name.', 'any'),
          upn: optional(pattern('*@lab.example.com'), 'Every user principal name.', 'any'),
        }),
        type: 'a mapping of keys',
        example: '{ subject: "CN=lab-*", dns: "*.lab.example.com" }',
        secret: false,
      },
      'Which names a certificate may have: the keys below, each a pattern in which `*` stands for any text. For policies that do not compare names.',
      'any',
    ),
    subject: optional(
      subjectRules,
      'Rules for the subject of a request: the keys below. A request that breaks one is refused. What is appended is not looked at.',
      'any subject',
    ),
    rate: optional(
      {
        schema: section('How many certificates are issued.', '{ certificates: 1000, per: 1h }', {
          certificates: required(
            integer(1, 1_000_000, 1000),
            'How many are issued at once, and how many in that time.',
          ),
          per: required(
            duration('1h'),
            'The time, at least 1s: after one was issued, its share of the time is waited for.',
          ),
        }),
        type: 'a mapping of keys',
        example: '{ certificates: 1000, per: 1h }',
        secret: false,
      },
      'How many certificates of the profile are issued, renewals included. A request beyond that gets PENDING and is decided again when the device asks again; after an hour of that it fails, and at most 2,000 requests of an endpoint wait, so a rate must be one that the fleet keeps within an hour. Each server counts for itself, and begins anew when it starts or reloads.',
      'any number',
    ),
    crl: optional(
      urls('http://pki.example.com/crl/{authority}.crl'),
      'The URLs of the revocation list in certificates. `{authority}` in them, and in those of `aia`, stands for the name of the authority of the endpoint.',
      'none',
    ),
    aia: optional(
      {
        schema: section('Authority information access.', '{}', {
          ocsp: optional(urls('http://ocsp.example.com'), 'The URLs of the OCSP responder in certificates.', 'none'),
          caIssuers: optional(
            urls('http://pki.example.com/issuing-ca.cer'),
            'The URLs of the CA certificate in certificates.',
            'none',
          ),
        }),
        type: 'a mapping of keys',
        example: '{ caIssuers: [http://pki.example.com/issuing-ca.cer] }',
        secret: false,
      },
      'Authority information access: the two keys below.',
      'none',
    ),
    ...extraExtensionKeys(),
  });

/** A profile of the CA with the settings of it that the endpoint applies, in milliseconds. */
export type ProfileConfig = Profile & { renewBefore?: number; maxLifetime?: number };

function rateOf({ certificates, per }: { certificates: number; per: number }): CertificateRate {
  // Shared by the threads of the server, which get the profile with it.
  return { most: certificates, per, memory: new BigInt64Array(new SharedArrayBuffer(8)) };
}

/** One profile. */
export const profileSchema = () =>
  transformed(
    keys(),
    ({ subjectAltName, aia, names, subject, rate, ...rest }): ProfileConfig => ({
      ...withExtraExtensions(rest),
      altNames: subjectAltName,
      ...defined({
        authorityInfoAccess: aia,
        names: names && defined(names),
        subject: subject && defined(subject),
        rate: rate && rateOf(rate),
      }),
    }),
  );

/** The section when the file has none. */
export const DEFAULT_PROFILES = { device: {} };

/** The section with the schema of its entries: profiles by the names that endpoints use. */
export const profilesSection = <T extends z.ZodType>(profile: T) =>
  mapOf(
    'What certificates may be, each kind under a name for the endpoints. Nothing that a profile does not name is granted. Without the section there is one profile `device` with every default.',
    '{ device: { validity: 365d } }',
    profile,
  ).prefault(DEFAULT_PROFILES as never);
