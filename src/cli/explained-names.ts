/** Names beside the OIDs and numbers that `explain` prints. */
import { catchDerError } from '../asn1/limits.ts';
import { DerReader, type Element } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { readTime } from '../asn1/time.ts';
import { ATTRIBUTE } from '../cms/attributes.ts';
import { CONTENT_TYPE } from '../cms/content-info.ts';
import { FAIL_INFO } from '../core/errors.ts';
import { algorithmText } from '../pkix/algorithm-names.ts';
import { OID } from '../pkix/oids.ts';
import { SCEP_ATTRIBUTE } from '../scep/message-attributes.ts';
import { MESSAGE_TYPES } from '../scep/message.ts';

/** Extensions and content types that only `explain` names: RFC 5280, RFC 4262, [MS-WCCE] 2.2.2.7. */
const MORE_NAMES: Readonly<Record<string, string>> = {
  issuerAltName: '2.5.29.18',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  smimeCapabilities: '1.2.840.113549.1.9.15',
  certificateTemplateName: '1.3.6.1.4.1.311.20.2',
  certificateTemplate: '1.3.6.1.4.1.311.21.7',
  applicationPolicies: '1.3.6.1.4.1.311.21.10',
};
const NAMES: ReadonlyMap<string, string> = new Map(
  [OID, CONTENT_TYPE, MORE_NAMES].flatMap((names) => Object.entries(names).map(([name, id]) => [id, name] as const)),
);

/** `SHA-256 (2.16.840.1.101.3.4.2.1)`, `subjectAltName (2.5.29.17)`; the OID alone when it has no name here. */
export function oidText(oid: string): string {
  const text = algorithmText(oid);
  const name = NAMES.get(oid);
  return text === oid && name !== undefined ? `${name} (${oid})` : text;
}

const ATTRIBUTE_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...SCEP_ATTRIBUTE, ...ATTRIBUTE }).map(([name, id]) => [id, name]),
);

/** The name of a signed attribute of SCEP or CMS, or its OID. */
export const attributeName = (type: string): string => ATTRIBUTE_NAMES.get(type) ?? type;

const PKI_STATUS: Readonly<Record<string, string>> = { '0': 'SUCCESS', '2': 'FAILURE', '3': 'PENDING' };
const FAIL_INFO_NAMES = Object.fromEntries(Object.entries(FAIL_INFO).map(([name, number]) => [number, name]));
/** By attribute: what a value means. */
const MEANINGS: Readonly<Record<string, (text: string) => string | undefined>> = {
  [SCEP_ATTRIBUTE.messageType]: (text) => MESSAGE_TYPES[text] ?? 'unknown',
  [SCEP_ATTRIBUTE.pkiStatus]: (text) => PKI_STATUS[text] ?? 'unknown',
  [SCEP_ATTRIBUTE.failInfo]: (text) => FAIL_INFO_NAMES[text] ?? 'unknown',
  [SCEP_ATTRIBUTE.microsoftError]: (text) => `0x${(Number(text) >>> 0).toString(16).padStart(8, '0')}`,
};

/** A value as text, and what it means in brackets; octets that are neither text nor time in hexadecimal. */
export function attributeText(type: string, value: Element): string {
  return catchDerError(
    () => readableText(type, value),
    () => Buffer.from(value.content).toString('hex'),
  );
}

function readableText(type: string, { tag, der, content }: Element): string {
  if (tag === TAG.oid) return oidText(DerReader.over(der).oid());
  if (type === ATTRIBUTE.signingTime) return readTime(tag, content).toISOString();
  if (tag !== TAG.printableString && tag !== TAG.utf8String) return Buffer.from(content).toString('hex');
  const text = DerReader.over(der).string();
  const meaning = MEANINGS[type]?.(text);
  return meaning === undefined ? text : `${text} (${meaning})`;
}
