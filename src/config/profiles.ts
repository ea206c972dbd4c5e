/** `profiles`: what certificates may be, in the words of the file, made into what the CA room understands. */
import { z } from 'zod';
import { oidContent } from '../asn1/oid.ts';
import { type AltNameType, DEFAULT_PROFILE, type Profile } from '../ca/profile.ts';
import { ConfigError } from '../core/errors.ts';
import { KEY_USAGES } from '../pkix/extensions.ts';
import { EXTENDED_KEY_USAGES } from '../pkix/oids.ts';
import { LEAST_RSA_BITS, MOST_RSA_BITS } from '../pkix/public-key.ts';
import { didYouMean } from './yaml/did-you-mean.ts';
import { type ValueType, transformed } from './yaml/value-type.ts';
import { choice, duration, integer, listOf, url } from './yaml/value-types.ts';
import { defaulted, named, optional, section } from './yaml/table.ts';
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
  x400: true,
  ediParty: true,
};

const purpose = {
  schema: transformed(z.string(), (name) => {
    const known = Object.hasOwn(EXTENDED_KEY_USAGES, name) ? EXTENDED_KEY_USAGES[name] : undefined;
    if (known !== undefined || isOid(name)) return known ?? name;
    throw new ConfigError('no purpose of that name', didYouMean(name, Object.keys(EXTENDED_KEY_USAGES)));
  }),
  type: `${Object.keys(EXTENDED_KEY_USAGES)
    .map((name) => `\`${name}\``)
    .join(', ')} or a dotted OID`,
  example: 'clientAuth',
  secret: false,
} satisfies ValueType<z.ZodType>;

function isOid(text: string): boolean {
  try {
    return oidContent(text).length > 0;
  } catch {
    // "No" is an answer here: the caller says what names there are.
    return false;
  }
}

const nameOfPurpose = (oid: string): string =>
  Object.entries(EXTENDED_KEY_USAGES).find(([, known]) => known === oid)?.[0] ?? oid;

const urls = (example: string) => listOf(url(['http', 'https'], example), `[${example}]`);

const keys = () =>
  section('A kind of certificate.', '{ validity: 365d }', {
    validity: defaulted(
      duration('365d'),
      durationText(DEFAULT_PROFILE.validity),
      'How long a certificate is valid when the client asks for nothing else.',
    ),
    maxValidity: defaulted(
      duration('730d'),
      durationText(DEFAULT_PROFILE.maxValidity),
      'No certificate is valid for longer, whatever the client asks for, nor for longer than its CA.',
    ),
    backdate: defaulted(
      duration('24h'),
      durationText(DEFAULT_PROFILE.backdate),
      'How far back certificates begin, because the clocks of devices in set-up are behind.',
    ),
    renewBefore: optional(duration('30d'), 'How long before its end a certificate may be renewed.', 'at any time'),
    minRsaBits: defaulted(
      integer(LEAST_RSA_BITS, MOST_RSA_BITS, 2048),
      DEFAULT_PROFILE.minRsaBits,
      'Shorter RSA keys get no certificate.',
    ),
    keyUsage: defaulted(
      listOf(choice(...KEY_USAGES), '[digitalSignature, keyEncipherment]'),
      [...DEFAULT_PROFILE.keyUsage],
      'What a client may ask for, and what it gets when it does not ask.',
    ),
    extendedKeyUsage: defaulted(
      listOf(purpose, '[clientAuth]'),
      DEFAULT_PROFILE.extendedKeyUsage.map(nameOfPurpose),
      'The purposes a client may ask for, and those it gets when it asks for nothing that is allowed.',
    ),
    subjectAltName: defaulted(
      listOf(choice(...(Object.keys(ALT_NAMES) as AltNameType[])), '[dns, email, upn, uri]'),
      [...DEFAULT_PROFILE.altNames],
      'The kinds of names a client may ask for. A request with another kind is refused.',
    ),
    crl: optional(
      urls('http://pki.example.com/issuing-ca.crl'),
      'Where certificates say that the revocation list is.',
      'nowhere',
    ),
    aia: optional(
      {
        schema: section('Authority information access.', '{}', {
          ocsp: optional(urls('http://ocsp.example.com'), 'Where certificates say that OCSP answers.', 'nowhere'),
          caIssuers: optional(
            urls('http://pki.example.com/issuing-ca.cer'),
            'Where certificates say that the certificate of the CA is.',
            'nowhere',
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

/** `renewBefore`: milliseconds. */
export type ProfileConfig = Profile & { renewBefore?: number };

/** One profile, as the CA room takes it, and what belongs to the endpoint that uses it. */
export const profileSchema = () =>
  transformed(
    keys(),
    ({ subjectAltName, aia, ...rest }): ProfileConfig => ({
      ...rest,
      altNames: subjectAltName,
      ...(aia && { authorityInfoAccess: aia }),
    }),
  );

/** The section, by names that endpoints use. */
export const profilesSection = () =>
  named(
    'What certificates may be, each kind under a name for the endpoints. Nothing that a profile does not name is granted. Without the section there is one profile `device` with every default.',
    '{ device: { validity: 365d } }',
    profileSchema(),
  ).prefault({ [DEFAULT_PROFILE_NAME]: {} });

/** The profile there is when the file has none. */
export const DEFAULT_PROFILE_NAME = 'device';
