/** The keys of a profile for extensions beyond the usual ones, and how they become those of the CA. */
import { z } from 'zod';
import { oidContent } from '../asn1/oid.ts';
import { SID_SOURCES } from '../ca/sid.ts';
import type { Profile } from '../ca/profile.ts';
import { DIRECTORY_ATTRIBUTES, TLS_FEATURES, type TlsFeature } from '../pkix/extra-extensions.ts';
import { defaulted, item, listOf, mapOf, optional, required, section } from './yaml/table.ts';
import { transformed, type ValueType, valueType } from './yaml/value-type.ts';
import { choice, either, flag, integer, text, valueList } from './yaml/value-types.ts';

/** Whether a text is a dotted OID. */
export function isOid(text: string): boolean {
  try {
    return oidContent(text).length > 0;
  } catch {
    // Not an OID: the caller says what is known instead.
    return false;
  }
}

const dottedOid = (example: string) =>
  valueType(
    transformed(z.string(), (written) => (isOid(written) ? written : undefined)),
    'a dotted OID',
    example,
  );

const hex = valueType(
  transformed(z.string().regex(/^(?:[\da-f]{2})+$/i), (written) => new Uint8Array(Buffer.from(written, 'hex'))),
  'DER in hexadecimal digits',
  '"0500"',
);

const fixed = section('A fixed extension.', '{ oid: 1.3.6.1.4.1.99999.1, der: "0500" }', {
  oid: required(dottedOid('1.3.6.1.4.1.99999.1'), 'Its OID.'),
  der: required(hex, 'Its value: one element of DER, in hexadecimal digits.'),
  critical: defaulted(flag, false, 'Whether a program that does not know it must refuse the certificate.'),
});

const policyWithStatement = section('A policy.', '{ oid: 1.3.6.1.4.1.99999.2 }', {
  oid: required(dottedOid('1.3.6.1.4.1.99999.2'), 'Its OID.'),
  cps: optional(text('https://pki.example.com/cps'), 'The URI of its statement (CPS).', 'none'),
});

/** An item is not in the table of keys: the row of its list describes it. */
const policy = either(dottedOid('1.3.6.1.4.1.99999.2'), policyWithStatement, 'a mapping of keys');

const versions = section('A template of version 2 and above.', '{ oid: 1.3.6.1.4.1.311.21.8.1 }', {
  oid: required(dottedOid('1.3.6.1.4.1.311.21.8.1'), 'Its OID.'),
  major: defaulted(integer(0, 2 ** 31 - 1, 100), 100, 'Its major version.'),
  minor: defaulted(integer(0, 2 ** 31 - 1, 0), 0, 'Its minor version.'),
});

const asList = <T extends z.ZodType>(schema: T, example: string): ValueType<T> => ({
  schema,
  type: 'a list of mappings',
  example,
  secret: false,
});

/** The keys. */
export const extraExtensionKeys = () => ({
  sid: defaulted(
    choice(...SID_SOURCES),
    'drop',
    'The extension of Microsoft with the SID of an account (1.3.6.1.4.1.311.25.2). `drop`: no certificate has it. `uri`: it is written from the URI `tag:microsoft.com,2022-09-14:sid:…` of the subjectAltName, if the policy has compared that, as Intune does. A requested extension is never copied.',
  ),
  certificatePolicies: optional(
    {
      schema: z.array(item(policy)),
      type: 'a list: each a dotted OID, or a mapping of keys',
      example: '[1.3.6.1.4.1.99999.2]',
      secret: false,
    },
    'The policies in each certificate (RFC 5280 4.2.1.4).',
    'none',
  ),
  template: optional(
    either(text('Workstation'), versions, 'a mapping of keys'),
    'The certificate template of Microsoft in each certificate, for programs that look for one: a name as of version 1, or an OID.',
    'none',
  ),
  tlsFeature: optional(
    valueList(choice(...(Object.keys(TLS_FEATURES) as TlsFeature[])), '[statusRequest]'),
    'TLS features (RFC 7633) in each certificate; `statusRequest` is known as OCSP must-staple.',
    'none',
  ),
  subjectDirectoryAttributes: optional(
    {
      schema: mapOf('Attributes by name.', '{ countryOfCitizenship: DE }', item(text('DE'))),
      type: `a mapping: ${DIRECTORY_ATTRIBUTES.map((name) => `\`${name}\``).join(', ')}`,
      example: '{ countryOfCitizenship: DE }',
      secret: false,
    },
    'Attributes of the person in each certificate (RFC 5280 4.2.1.8, RFC 3739).',
    'none',
  ),
  extensions: optional(
    asList(
      listOf('Fixed extensions.', '[{ oid: 1.3.6.1.4.1.99999.1, der: "0500" }]', fixed),
      '[{ oid: 1.3.6.1.4.1.99999.1, der: "0500" }]',
    ),
    'Extensions that are the same in each certificate.',
    'none',
  ),
});

type Written = {
  certificatePolicies?: readonly (string | { oid: string; cps?: string })[];
  template?: string | { oid: string; major: number; minor: number };
  tlsFeature?: readonly TlsFeature[];
  subjectDirectoryAttributes?: Readonly<Record<string, string>>;
  extensions?: readonly { oid: string; der: Uint8Array; critical: boolean }[];
};

/** The same keys as the profile of the CA has them; others stay as they are. */
export function withExtraExtensions<T extends Written>(
  written: T,
): Omit<T, keyof Written> &
  Pick<Profile, 'policies' | 'template' | 'tlsFeatures' | 'directoryAttributes' | 'extensions'> {
  const { certificatePolicies, template, tlsFeature, subjectDirectoryAttributes, extensions, ...rest } = written;
  return {
    ...rest,
    ...(certificatePolicies && {
      policies: certificatePolicies.map((each) => (typeof each === 'string' ? { oid: each } : each)),
    }),
    ...(template !== undefined && { template: templateOf(template) }),
    ...(tlsFeature && { tlsFeatures: tlsFeature }),
    ...(subjectDirectoryAttributes && { directoryAttributes: subjectDirectoryAttributes }),
    ...(extensions && { extensions: extensions.map(({ der, ...each }) => ({ ...each, value: der })) }),
  };
}

/** A name of digits and dots is an OID. */
const templateOf = (template: NonNullable<Written['template']>): NonNullable<Profile['template']> => {
  if (typeof template !== 'string') return template;
  return isOid(template) ? { oid: template, major: 100, minor: 0 } : { name: template };
};
