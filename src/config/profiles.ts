/** `profiles`: what certificates may be, translated from the keys of the file into a profile of the CA. */
import { z } from 'zod';
import { oidContent } from '../asn1/oid.ts';
import { type AltNameType, DEFAULT_PROFILE, type Profile } from '../ca/profile.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import { KEY_USAGES } from '../pkix/extensions.ts';
import { EXTENDED_KEY_USAGES, INFRASTRUCTURE_PURPOSES, purposeName } from '../pkix/oids.ts';
import { LEAST_RSA_BITS, MOST_RSA_BITS } from '../pkix/public-key.ts';
import { didYouMean } from './yaml/did-you-mean.ts';
import { type ValueType, transformed, valueType } from './yaml/value-type.ts';
import { choice, duration, integer, url, valueList } from './yaml/value-types.ts';
import { defaulted, mapOf, optional, section } from './yaml/table.ts';
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

function isOid(text: string): boolean {
  try {
    return oidContent(text).length > 0;
  } catch {
    // Not an OID: the caller lists the known names.
    return false;
  }
}

const pattern = (example: string) => valueType(z.string().min(1), 'a pattern', example);

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
    keyUsage: defaulted(
      valueList(choice(...KEY_USAGES), '[digitalSignature, keyEncipherment]'),
      [...DEFAULT_PROFILE.keyUsage],
      'The usages that a client may request, and those it gets when it requests none.',
    ),
    extendedKeyUsage: defaulted(
      valueList(purpose, '[clientAuth]'),
      DEFAULT_PROFILE.extendedKeyUsage.map(purposeName),
      'The purposes that a client may request, and those it gets when it requests none. A request for others only is refused; under Intune, a request for any other.',
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
    crl: optional(
      urls('http://pki.example.com/issuing-ca.crl'),
      'The URLs of the revocation list in certificates.',
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
  });

/** A profile of the CA with the settings of it that the endpoint applies, in milliseconds. */
export type ProfileConfig = Profile & { renewBefore?: number; maxLifetime?: number };

/** One profile. */
export const profileSchema = () =>
  transformed(
    keys(),
    ({ subjectAltName, aia, names, ...rest }): ProfileConfig => ({
      ...rest,
      altNames: subjectAltName,
      ...defined({ authorityInfoAccess: aia, names: names && defined(names) }),
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
