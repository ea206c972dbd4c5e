/** Names beside the OIDs and numbers that `explain` prints. */
import { catchDerError } from '../asn1/limits.ts';
import { DerReader, type Element } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { readTime } from '../asn1/time.ts';
import { ATTRIBUTE } from '../cms/attributes.ts';
import { CONTENT_TYPE } from '../cms/content-info.ts';
import { FAIL_INFO } from '../core/errors.ts';
import { namedOid } from '../pkix/oid-names.ts';
import { SCEP_ATTRIBUTE } from '../scep/message-attributes.ts';
import { MESSAGE_TYPES } from '../scep/message.ts';

const CONTENT_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(CONTENT_TYPE).map(([name, id]) => [id, name]),
);

/** As `namedOid`, also of content types of CMS. */
export function oidText(oid: string): string {
  const name = CONTENT_NAMES.get(oid);
  return name === undefined ? namedOid(oid) : `${name} (${oid})`;
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
