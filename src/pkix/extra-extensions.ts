/** Extensions that a profile can add to certificates: policies, templates of Microsoft, TLS features, attributes of a person, a SID. */
import { DerError } from '../asn1/limits.ts';
import { explicit, TAG } from '../asn1/tags.ts';
import {
  encode,
  ia5String,
  octetString,
  oid,
  printableString,
  sequence,
  setOf,
  smallInteger,
  utf8String,
} from '../asn1/writer.ts';
import type { Extension } from '../core/request.ts';
import { OID } from './oids.ts';

/** A policy by its OID, dotted, with the URI of its statement. RFC 5280 4.2.1.4. */
export type CertificatePolicy = { oid: string; cps?: string };

const CPS = oid('1.3.6.1.5.5.7.2.1');

/** CertificatePolicies, not critical. RFC 5280 4.2.1.4. Throws DerError for a `cps` outside ASCII. */
export const certificatePolicies = (policies: readonly CertificatePolicy[]): Extension => ({
  oid: OID.certificatePolicies,
  critical: false,
  value: sequence(
    ...policies.map(({ oid: id, cps }) =>
      sequence(oid(id), ...(cps === undefined ? [] : [sequence(sequence(CPS, ia5String(cps)))])),
    ),
  ),
});

/** A template of AD CS: by its name (version 1), or by its OID with its versions (version 2 and above). */
export type MicrosoftTemplate = { name: string } | { oid: string; major: number; minor: number };

/** szOID_ENROLL_CERTTYPE_EXTENSION or szOID_CERTIFICATE_TEMPLATE, [MS-WCCE] 2.2.2.7.7.1 and 2.2.2.7.7.2. */
export const microsoftTemplate = (template: MicrosoftTemplate): Extension =>
  'name' in template
    ? { oid: OID.certificateTemplateName, critical: false, value: bmpString(template.name) }
    : {
        oid: OID.certificateTemplate,
        critical: false,
        value: sequence(oid(template.oid), smallInteger(template.major), smallInteger(template.minor)),
      };

const bmpString = (text: string): Uint8Array => encode(TAG.bmpString, Buffer.from(text, 'utf16le').swap16());

/** The features of RFC 7633 4.1 by name: the TLS extensions that a server with the certificate must answer. */
export const TLS_FEATURES = { statusRequest: 5, statusRequestV2: 17 } as const;
/** One of them. */
export type TlsFeature = keyof typeof TLS_FEATURES;

/** TLSFeature, not critical. RFC 7633 4. */
export const tlsFeature = (features: readonly TlsFeature[]): Extension => ({
  oid: OID.tlsFeature,
  critical: false,
  value: sequence(...features.map((feature) => smallInteger(TLS_FEATURES[feature]))),
});

type AttributeSyntax = { oid: string; write: (text: string) => Uint8Array };

/** RFC 3739 3.2.2: the attributes of a person, each in its own syntax. */
const PERSON: Readonly<Record<string, AttributeSyntax>> = {
  dateOfBirth: { oid: '1.3.6.1.5.5.7.9.1', write: noonOf },
  placeOfBirth: { oid: '1.3.6.1.5.5.7.9.2', write: utf8String },
  gender: { oid: '1.3.6.1.5.5.7.9.3', write: inForm(/^[MF]$/i, 'M or F') },
  countryOfCitizenship: { oid: '1.3.6.1.5.5.7.9.4', write: inForm(/^[A-Z]{2}$/i, 'a country of two letters') },
  countryOfResidence: { oid: '1.3.6.1.5.5.7.9.5', write: inForm(/^[A-Z]{2}$/i, 'a country of two letters') },
};

/** The names of the attributes that `subjectDirectoryAttributes` knows. */
export const DIRECTORY_ATTRIBUTES: readonly string[] = Object.keys(PERSON);

function inForm(form: RegExp, what: string): (text: string) => Uint8Array {
  return (text) => {
    if (!form.test(text)) throw new DerError(`${JSON.stringify(text.slice(0, 80))} is not ${what}`);
    return printableString(text);
  };
}

/** RFC 3739 3.2.2: the time of the day is noon in Greenwich. */
function noonOf(date: string): Uint8Array {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date) ?? [];
  if (!year || !month || !day || !isDay(date))
    throw new DerError(`${JSON.stringify(date.slice(0, 80))} is not a day such as 1990-12-31`);
  return encode(TAG.generalizedTime, Buffer.from(`${year}${month}${day}120000Z`, 'latin1'));
}

const isDay = (date: string): boolean => {
  const at = new Date(`${date}T12:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(date);
};

/**
 * SubjectDirectoryAttributes, not critical. RFC 5280 4.2.1.8. Throws DerError for another name than those of
 * `DIRECTORY_ATTRIBUTES`, and for a value that its syntax does not allow.
 */
export const subjectDirectoryAttributes = (attributes: Readonly<Record<string, string>>): Extension => ({
  oid: OID.subjectDirectoryAttributes,
  critical: false,
  value: sequence(...Object.entries(attributes).map(directoryAttribute)),
});

function directoryAttribute([name, text]: readonly [string, string]): Uint8Array {
  const syntax = Object.hasOwn(PERSON, name) ? PERSON[name] : undefined;
  if (!syntax) throw new DerError(`no attribute has the name ${JSON.stringify(name.slice(0, 80))}`);
  return sequence(oid(syntax.oid), setOf(syntax.write(text)));
}

const OBJECT_SID = oid('1.3.6.1.4.1.311.25.2.1');

/** szOID_NTDS_CA_SECURITY_EXT ([MS-WCCE] 2.2.2.7.7.4): the SID of the account, such as `S-1-5-21-1-2-3-1104`, as its text. */
export const microsoftSid = (sid: string): Extension => ({
  oid: OID.microsoftSid,
  critical: false,
  value: sequence(encode(explicit(0), OBJECT_SID, encode(explicit(0), octetString(Buffer.from(sid, 'latin1'))))),
});
