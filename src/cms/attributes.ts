/** Attributes of a SignerInfo (RFC 5652 5.3). Reading keeps every value as received. */
import { DerError } from '../asn1/limits.ts';
import { DerReader, type Element } from '../asn1/reader.ts';
import { encode, oid, sequence } from '../asn1/writer.ts';
import { TAG } from '../asn1/tags.ts';

const MOST_ATTRIBUTES = 64;

/** The attribute types of RFC 5652 11, dotted OIDs. */
export const ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
} as const;

/** Attribute values by type, dotted OID. When a type is repeated, its values are joined. */
export type Attributes = ReadonlyMap<string, readonly Element[]>;

/** Reads a SET OF Attribute whose identifier octet is `tag`. Throws DerError when malformed, or for more than 64. */
export function readAttributes(element: Uint8Array, tag: number): Attributes {
  const attributes = new Map<string, Element[]>();
  DerReader.over(element)
    .enter(tag)
    .each(MOST_ATTRIBUTES, (list) => {
      const attribute = list.sequence();
      const type = attribute.oid();
      const values = attribute.set().each(MOST_ATTRIBUTES, (value) => value.element());
      attribute.end();
      attributes.set(type, [...(attributes.get(type) ?? []), ...values]);
    });
  return attributes;
}

/** The only value of an attribute; undefined when absent. Throws DerError when there are several. */
export function singleValue(attributes: Attributes, type: string): Element | undefined {
  const values = attributes.get(type);
  if (values && values.length !== 1) throw new DerError(`attribute ${type} has ${values.length} values`);
  return values?.[0];
}

/** One Attribute, DER, with one value. `type` is from `attributeType`, `value` is DER. */
export const writeAttribute = (type: Uint8Array, value: Uint8Array): Uint8Array =>
  sequence(type, encode(TAG.set, value));

/** The type of an attribute, DER, for `writeAttribute`; callers encode each type once. Throws DerError. */
export const attributeType = (id: string): Uint8Array => oid(id);
