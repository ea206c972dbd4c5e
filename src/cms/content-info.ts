/** ContentInfo (RFC 5652 3), the outermost structure, and the choice between strict DER and BER. */
import { berToDer } from '../asn1/ber.ts';
import { catchDerError, DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit } from '../asn1/tags.ts';
import { encode, oid, sequence } from '../asn1/writer.ts';
import { UnsupportedAlgorithm } from '../pkix/algorithm-names.ts';

/** The content types of RFC 5652 that SCEP uses, dotted OIDs. */
export const CONTENT_TYPE = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
} as const;

/** AuthEnvelopedData (RFC 5083 2.1), an envelope with authenticated encryption such as AES-GCM; not supported. */
const AUTH_ENVELOPED_DATA = '1.2.840.113549.1.9.16.1.23';

const OIDS = {
  [CONTENT_TYPE.data]: oid(CONTENT_TYPE.data),
  [CONTENT_TYPE.signedData]: oid(CONTENT_TYPE.signedData),
  [CONTENT_TYPE.envelopedData]: oid(CONTENT_TYPE.envelopedData),
};

/** The OBJECT IDENTIFIER element of a content type, DER. */
export const contentTypeOid = (id: (typeof CONTENT_TYPE)[keyof typeof CONTENT_TYPE]): Uint8Array => OIDS[id];

/** ContentInfo, DER, with this content, DER. */
export const writeContentInfo = (id: 'signedData' | 'envelopedData', content: Uint8Array): Uint8Array =>
  sequence(contentTypeOid(CONTENT_TYPE[id]), encode(explicit(0), content));

/**
 * Enters a ContentInfo of this type. Octets after it are ignored, because clients pad. Throws DerError on another type,
 * and UnsupportedAlgorithm on AuthEnvelopedData.
 */
export function enterContentInfo(der: Uint8Array, id: string): DerReader {
  const info = DerReader.over(der).sequence();
  const type = info.oid();
  if (type === AUTH_ENVELOPED_DATA) throw new UnsupportedAlgorithm('the content', type);
  if (type !== id) throw new DerError(`content type ${type}`);
  return info.enter(explicit(0));
}

/**
 * What `read` returns for `bytes` as strict DER. When that throws DerError, `bytes` is converted from BER within the
 * same limits and read again. Throws the DerError of the second attempt.
 */
export const readDerOrBer = <T>(bytes: Uint8Array, read: (der: Uint8Array) => T): T =>
  catchDerError(
    () => read(bytes),
    () => read(berToDer(bytes).der),
  );
