/** Attributes of a SignerInfo (RFC 5652 5.3): read with every value as received, written in DER order. */
import { DerError } from '../asn1/limits.ts';
import { DerReader, type Element } from '../asn1/reader.ts';
import { encode, oid, sequence } from '../asn1/writer.ts';
import { TAG } from '../asn1/tags.ts';

const MOST_ATTRIBUTES = 64;

export const ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
} as const;

/** Attribute values by type. A type that comes twice has the values of both. */
export type Attributes = ReadonlyMap<string, readonly Element[]>;

/** Reads the attributes inside a `[0] IMPLICIT SET OF Attribute`. Throws DerError when malformed or too many. */
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

/** One Attribute with one value, DER. */
export const writeAttribute = (type: Uint8Array, value: Uint8Array): Uint8Array =>
  sequence(type, encode(TAG.set, value));

/** The type of an attribute as an OID element, made once. */
export const attributeType = (id: string): Uint8Array => oid(id);
