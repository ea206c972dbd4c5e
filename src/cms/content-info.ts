/** ContentInfo (RFC 5652 3), the outermost wrapper, and the one place that decides between strict DER and BER. */
import { berToDer } from '../asn1/ber.ts';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit } from '../asn1/tags.ts';
import { encode, oid, sequence } from '../asn1/writer.ts';

export const CONTENT_TYPE = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
} as const;

const OIDS = Object.fromEntries(Object.values(CONTENT_TYPE).map((id) => [id, oid(id)]));

/** The OBJECT IDENTIFIER element of a content type, DER. */
export const contentTypeOid = (id: (typeof CONTENT_TYPE)[keyof typeof CONTENT_TYPE]): Uint8Array => OIDS[id]!;

export const writeContentInfo = (id: 'signedData' | 'envelopedData', content: Uint8Array): Uint8Array =>
  sequence(contentTypeOid(CONTENT_TYPE[id]), encode(explicit(0), content));

/** Enters a ContentInfo of this type. Octets after it are left alone: clients pad. Throws DerError on another type. */
export function enterContentInfo(der: Uint8Array, id: string): DerReader {
  const info = DerReader.over(der).sequence();
  const type = info.oid();
  if (type !== id) throw new DerError(`content type ${type}`);
  return info.enter(explicit(0));
}

/**
 * Reads strictly first. Only when that fails are the bytes taken for BER, made DER within the same bounds, and read
 * again. Throws the DerError of the last attempt.
 */
export function readDerOrBer<T>(bytes: Uint8Array, read: (der: Uint8Array) => T): T {
  try {
    return read(bytes);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return read(berToDer(bytes).der);
  }
}
