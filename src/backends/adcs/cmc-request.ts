/** A request of PKCS #10 inside CMC (RFC 2797), as MS-WCCE 3.1.1.4.3.1.3 demands it: with attributes for the CA, and without a signature. */
import { hash } from 'node:crypto';
import { explicit } from '../../asn1/tags.ts';
import { encode, nullValue, octetString, oid, sequence, setOf, smallInteger, utf8String } from '../../asn1/writer.ts';
import { ConfigError } from '../../core/errors.ts';

const ID = {
  signedData: oid('1.2.840.113549.1.7.2'),
  pkiData: oid('1.3.6.1.5.5.7.12.2'),
  regInfo: oid('1.3.6.1.5.5.7.7.18'),
  contentType: oid('1.2.840.113549.1.9.3'),
  messageDigest: oid('1.2.840.113549.1.9.4'),
  noSignature: oid('1.3.6.1.5.5.7.6.2'),
  sha256: oid('2.16.840.1.101.3.4.2.1'),
  dummySigner: oid('1.3.6.1.4.1.311.21.9'),
} as const;

/** Attributes of MS-WCCE 2.2.2.7.10 by name. An attribute `SAN` is never among them: names stand in the request that the device signed. */
export type CmcAttributes = { CertificateTemplate: string; ExpirationDate?: string };

/** ContentInfo, DER. `csr` is in it octet by octet. Throws ConfigError for an attribute that would become two. */
export function cmcRequest(csr: Uint8Array, attributes: CmcAttributes): Uint8Array {
  const content = pkiData(csr, regInfo(attributes));
  return sequence(
    ID.signedData,
    encode(
      explicit(0),
      sequence(
        smallInteger(3),
        setOf(SHA256),
        sequence(ID.pkiData, encode(explicit(0), octetString(content))),
        setOf(unsigned(content)),
      ),
    ),
  );
}

/** PKIData with one control and one request; their body part ids are 2 and 1. */
const pkiData = (csr: Uint8Array, info: Uint8Array): Uint8Array =>
  sequence(
    sequence(sequence(smallInteger(2), ID.regInfo, setOf(octetString(info)))),
    sequence(encode(explicit(0), smallInteger(1), csr)),
    sequence(),
    sequence(),
  );

/** MS-WCCE 2.2.2.6.3. */
function regInfo(attributes: CmcAttributes): Uint8Array {
  const pairs = Object.entries(attributes).map(([name, value]) => {
    if (/[&=%\r\n]/.test(value)) throw new ConfigError(`AD CS: ${name} has a character that separates attributes`, '');
    return `${name}=${value}`;
  });
  return Buffer.from(pairs.join('&'), 'utf8');
}

const SHA256 = sequence(ID.sha256, nullValue);
/** The signer of requests that nobody signs: a name that says so, and the serial number 0. */
const NOBODY = sequence(sequence(setOf(sequence(ID.dummySigner, utf8String('Dummy Signer')))), smallInteger(0));

/** SignerInfo of the No-Signature mechanism (RFC 2797 3.3.3.1): the hash stands where a signature would. */
function unsigned(content: Uint8Array): Uint8Array {
  const attributes = setOf(
    sequence(ID.contentType, setOf(ID.pkiData)),
    sequence(ID.messageDigest, setOf(octetString(hash('sha256', content, 'buffer')))),
  );
  const asImplicit = Buffer.from(attributes);
  asImplicit[0] = explicit(0);
  const value = octetString(hash('sha256', attributes, 'buffer'));
  return sequence(smallInteger(1), NOBODY, SHA256, asImplicit, sequence(ID.noSignature, nullValue), value);
}
