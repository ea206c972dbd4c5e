/** SignedData (RFC 5652 5): reading, verifying and writing with one signer, and the certificates-only form. */
import { hash } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, implicit, TAG } from '../asn1/tags.ts';
import { encode, octetString, sequence, setOf, smallInteger } from '../asn1/writer.ts';
import type { Digest, KeyProvider } from '../core/keys.ts';
import type { CertificateView } from '../pkix/certificate.ts';
import type { PublicKey } from '../pkix/public-key.ts';
import {
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  signatureIdentifier,
  verifySignature,
} from '../pkix/signature.ts';
import { digestByOid, digestIdentifier, RSA_ENCRYPTION } from './algorithms.ts';
import {
  ATTRIBUTE,
  attributeType,
  type Attributes,
  readAttributes,
  singleValue,
  writeAttribute,
} from './attributes.ts';
import { CONTENT_TYPE, contentTypeOid, enterContentInfo, writeContentInfo } from './content-info.ts';

const MOST_CERTIFICATES = 16;
const MOST_DIGEST_ALGORITHMS = 16;
const MOST_CRL_ENTRIES = 16;

/** Who signed: RFC 5652 5.3 SignerIdentifier. */
export type SignerId = { issuer: Uint8Array; serialNumber: Uint8Array } | { keyIdentifier: Uint8Array };

export type SignerInfo = {
  id: SignerId;
  /** undefined: a digest that is in no row, such as MD5. */
  digest: Digest | undefined;
  /** The `[0]` element as received: what was signed, but for its tag. */
  signedAttributes: Uint8Array;
  attributes: Attributes;
  /** undefined: a signature algorithm that is not known. */
  algorithm: SignatureAlgorithm | undefined;
  signature: Uint8Array;
};

export type SignedData = {
  contentType: string;
  /** The octets that the messageDigest covers; undefined when there is no eContent. */
  content: Uint8Array | undefined;
  /** The same content as a message of its own: differs only in the form of PKCS#7 1.5, without an OCTET STRING. */
  message: Uint8Array | undefined;
  certificates: Uint8Array[];
  crls: Uint8Array[];
  signers: SignerInfo[];
};

/** Reads a ContentInfo with SignedData, strict DER. Throws DerError when it is none, or exceeds a bound. */
export function readSignedData(der: Uint8Array): SignedData {
  const signed = enterContentInfo(der, CONTENT_TYPE.signedData).sequence();
  signed.smallInteger();
  signed.set().each(MOST_DIGEST_ALGORITHMS, (list) => list.element());
  const encapsulated = signed.sequence();
  const contentType = encapsulated.oid();
  const content = readContent(encapsulated.enterIf(explicit(0)));
  const certificates = signed.enterIf(explicit(0))?.each(MOST_CERTIFICATES, (list) => list.element()) ?? [];
  const crls = signed.enterIf(explicit(1))?.each(MOST_CRL_ENTRIES, (list) => list.element().der) ?? [];
  const signers = signed.set().each(2, readSignerInfo);
  return {
    ...content,
    contentType,
    // Attribute certificates and other formats carry context tags; nobody here needs them.
    certificates: certificates.filter(({ tag }) => tag === TAG.sequence).map((element) => element.der),
    crls,
    signers,
  };
}

/** PKCS#7 1.5 put the content itself where CMS puts an OCTET STRING; the digest then covers its content octets. */
function readContent(reader: DerReader | undefined): Pick<SignedData, 'content' | 'message'> {
  if (!reader) return { content: undefined, message: undefined };
  const { tag, der, content } = reader.element();
  if (tag !== TAG.octetString && tag !== TAG.sequence) throw new DerError(`eContent with tag 0x${tag.toString(16)}`);
  return { content, message: tag === TAG.octetString ? content : der };
}

function readSignerInfo(list: DerReader): SignerInfo {
  const info = list.sequence();
  info.smallInteger();
  const id = readSignerId(info);
  const digest = digestByOid(info.sequence().oid())?.digest;
  const signedAttributes = info.raw(explicit(0));
  const algorithm = readSignatureAlgorithm(info.sequence());
  const signature = info.octetString();
  return {
    id,
    digest,
    signedAttributes,
    attributes: readAttributes(signedAttributes, explicit(0)),
    algorithm,
    signature,
  };
}

/** issuerAndSerialNumber, or subjectKeyIdentifier as `[0]`. Shared by signers and recipients, which differ in nothing. */
export function readSignerId(reader: DerReader): SignerId {
  if (reader.tag === implicit(0)) return { keyIdentifier: reader.read(implicit(0)) };
  const issuerAndSerial = reader.sequence();
  return { issuer: issuerAndSerial.raw(TAG.sequence), serialNumber: issuerAndSerial.read(TAG.integer) };
}

/**
 * Whether the signer's key signed this content: messageDigest and contentType agree (RFC 5652 11), and the signature
 * covers the signed attributes as received. Some writers send them unsorted but sign the sorted form (5.4), so that is
 * tried second. False also where algorithm and digest contradict each other.
 */
export function verifySigner(data: SignedData, signer: SignerInfo, key: PublicKey): boolean {
  const { digest, algorithm, signature } = signer;
  if (!digest || !algorithm || (algorithm.digest && algorithm.digest !== digest)) return false;
  if (!bindsContent(data, signer, digest)) return false;
  const asSet = Buffer.from(signer.signedAttributes);
  asSet[0] = TAG.set;
  const signed = { algorithm, key: key.key, data: asSet, signature, digest };
  return verifySignature(signed) || verifySignature({ ...signed, data: sortedSet(asSet) });
}

const sortedSet = (set: Uint8Array): Uint8Array =>
  setOf(
    ...DerReader.over(set)
      .set()
      .each(Number.POSITIVE_INFINITY, (list) => list.element().der),
  );

function bindsContent(data: SignedData, { attributes }: SignerInfo, digest: Digest): boolean {
  const messageDigest = singleValue(attributes, ATTRIBUTE.messageDigest);
  const contentType = singleValue(attributes, ATTRIBUTE.contentType);
  if (messageDigest?.tag !== TAG.octetString || contentType?.tag !== TAG.oid) return false;
  if (DerReader.over(contentType.der).oid() !== data.contentType) return false;
  return Buffer.compare(hash(digest, data.content ?? NOTHING, 'buffer'), messageDigest.content) === 0;
}

const NOTHING = new Uint8Array(0);
const VERSION_1 = smallInteger(1);
const CONTENT_TYPE_ATTRIBUTE = writeAttribute(attributeType(ATTRIBUTE.contentType), contentTypeOid(CONTENT_TYPE.data));
const MESSAGE_DIGEST = attributeType(ATTRIBUTE.messageDigest);

/** IssuerAndSerialNumber, DER, with both parts octet for octet as the certificate has them. RFC 5652 10.2.4. */
export const issuerAndSerialNumber = (certificate: Pick<CertificateView, 'issuer' | 'serialNumber'>): Uint8Array =>
  sequence(certificate.issuer, encode(TAG.integer, certificate.serialNumber));

export type SignedDataPlan = {
  /** id-data content; empty content is written as an empty OCTET STRING, because OpenSSL verifies nothing absent. */
  content: Uint8Array;
  /** Signed attributes, DER, beside contentType and messageDigest. */
  attributes: readonly Uint8Array[];
  digest: Digest;
  signer: { certificate: CertificateView; key: KeyProvider };
  /** Written in this order; the signer's own certificate is not added by itself. */
  certificates: readonly Uint8Array[];
};

/** ContentInfo with SignedData version 1, DER, one signer. */
export async function writeSignedData(plan: SignedDataPlan): Promise<Uint8Array> {
  const { digest, signer } = plan;
  const messageDigest = writeAttribute(MESSAGE_DIGEST, octetString(hash(digest, plan.content, 'buffer')));
  const signedAttributes = setOf(CONTENT_TYPE_ATTRIBUTE, messageDigest, ...plan.attributes);
  const signature = await signer.key.sign({ data: signedAttributes, digest, scheme: 'pkcs1' });
  const asImplicit = Buffer.from(signedAttributes);
  asImplicit[0] = explicit(0);
  const signerInfo = sequence(
    VERSION_1,
    issuerAndSerialNumber(signer.certificate),
    digestIdentifier(digest),
    asImplicit,
    signer.key.kind.type === 'rsa' ? RSA_ENCRYPTION : signatureIdentifier(signer.key.kind, digest),
    octetString(signature),
  );
  return writeContentInfo(
    'signedData',
    sequence(
      VERSION_1,
      setOf(digestIdentifier(digest)),
      sequence(contentTypeOid(CONTENT_TYPE.data), encode(explicit(0), octetString(plan.content))),
      encode(explicit(0), ...plan.certificates),
      setOf(signerInfo),
    ),
  );
}

const EMPTY_SET = setOf();
const ENCAPSULATED_NOTHING = sequence(contentTypeOid(CONTENT_TYPE.data));

/**
 * The degenerate form (RFC 8894 3.4): certificates and CRLs, no content, no signer. They stay in the order given: the
 * client's own certificate must come first, and sorting the SET as DER wants has made iOS take the CA for it.
 */
export const writeDegenerate = (certificates: readonly Uint8Array[], crls: readonly Uint8Array[] = []): Uint8Array =>
  writeContentInfo(
    'signedData',
    sequence(
      VERSION_1,
      EMPTY_SET,
      ENCAPSULATED_NOTHING,
      ...(certificates.length ? [encode(explicit(0), ...certificates)] : []),
      ...(crls.length ? [encode(explicit(1), ...crls)] : []),
      EMPTY_SET,
    ),
  );
