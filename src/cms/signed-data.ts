/** SignedData (RFC 5652 5): reads and verifies it, writes it with one signer, and writes the certificates-only form. */
import { hash } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, implicit, TAG } from '../asn1/tags.ts';
import { encode, octetString, sequence, setOf, smallInteger } from '../asn1/writer.ts';
import { equalBytes } from '../core/bytes.ts';
import type { Digest, KeyKind, KeyProvider } from '../core/keys.ts';
import type { CertificateView } from '../pkix/certificate.ts';
import { isMlDsa } from '../pkix/ml-dsa.ts';
import type { PublicKey } from '../pkix/public-key.ts';
import {
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  signatureIdentifier,
  verifySignature,
} from '../pkix/signature.ts';
import { bareDigestIdentifier, digestByOid, digestIdentifier, RSA_ENCRYPTION } from './algorithms.ts';
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

/** SignerIdentifier, RFC 5652 5.3. `issuer` is a Name, DER; the others are content octets. */
export type SignerId = { issuer: Uint8Array; serialNumber: Uint8Array } | { keyIdentifier: Uint8Array };

/** A SignerInfo as received, not verified. RFC 5652 5.3. */
export type SignerInfo = {
  id: SignerId;
  /** undefined: a digest that is not supported, such as MD5. */
  digest: Digest | undefined;
  /** The OID of the digest, dotted, also of one that is not supported. */
  digestOid: string;
  /** The `[0]` element as received. The signature covers it with the tag of a SET. */
  signedAttributes: Uint8Array;
  attributes: Attributes;
  /** undefined: a signature algorithm that is not supported. */
  algorithm: SignatureAlgorithm | undefined;
  /** signatureAlgorithm as received, DER. */
  algorithmIdentifier: Uint8Array;
  signature: Uint8Array;
};

/** A SignedData as received. `certificates` and `crls` are DER. */
export type SignedData = {
  /** eContentType, dotted OID. */
  contentType: string;
  /** The octets that the messageDigest covers; undefined when there is no eContent. */
  content: Uint8Array | undefined;
  /** The content to parse. Differs from `content` only in PKCS#7 1.5, where it is not inside an OCTET STRING. */
  message: Uint8Array | undefined;
  certificates: Uint8Array[];
  crls: Uint8Array[];
  signers: SignerInfo[];
};

/**
 * Reads a ContentInfo with SignedData, strict DER. Throws DerError when malformed, or for more than 16 certificates or
 * CRLs.
 */
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
    // Attribute certificates and other formats have context tags and are not used.
    certificates: certificates.filter(({ tag }) => tag === TAG.sequence).map((element) => element.der),
    crls,
    signers,
  };
}

/** PKCS#7 1.5 has the content itself where CMS has an OCTET STRING. The digest then covers its content octets. */
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
  const digestOid = info.sequence().oid();
  const signedAttributes = info.raw(explicit(0));
  const algorithmIdentifier = info.raw(TAG.sequence);
  const algorithm = readSignatureAlgorithm(DerReader.over(algorithmIdentifier).sequence());
  const signature = info.octetString();
  return {
    id,
    digest: digestByOid(digestOid)?.digest,
    digestOid,
    signedAttributes,
    attributes: readAttributes(signedAttributes, explicit(0)),
    algorithm,
    algorithmIdentifier,
    signature,
  };
}

/**
 * Reads issuerAndSerialNumber, or subjectKeyIdentifier as `[0]`. SignerIdentifier and RecipientIdentifier are the same.
 */
export function readSignerId(reader: DerReader): SignerId {
  if (reader.tag === implicit(0)) return { keyIdentifier: reader.read(implicit(0)) };
  const issuerAndSerial = reader.sequence();
  return { issuer: issuerAndSerial.raw(TAG.sequence), serialNumber: issuerAndSerial.read(TAG.integer) };
}

/**
 * Whether `key` signed this content: messageDigest and contentType match it (RFC 5652 11.1, 11.2), and the signature
 * covers the signed attributes as received. Some writers send them unsorted but sign the sorted form (RFC 5652 5.4), so
 * that is tried second. False also when algorithm and digest contradict each other. Throws DerError.
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
  return equalBytes(hash(digest, data.content ?? EMPTY, 'buffer'), messageDigest.content);
}

const EMPTY = new Uint8Array(0);
const VERSION_1 = smallInteger(1);
const CONTENT_TYPE_ATTRIBUTE = writeAttribute(attributeType(ATTRIBUTE.contentType), contentTypeOid(CONTENT_TYPE.data));
const MESSAGE_DIGEST = attributeType(ATTRIBUTE.messageDigest);

/** IssuerAndSerialNumber, DER, with the octets of the certificate unchanged. RFC 5652 10.2.4. */
export const issuerAndSerialNumber = (certificate: Pick<CertificateView, 'issuer' | 'serialNumber'>): Uint8Array =>
  sequence(certificate.issuer, encode(TAG.integer, certificate.serialNumber));

/** The contents of a new SignedData. */
export type SignedDataPlan = {
  /**
   * id-data content; undefined leaves eContent out. Not empty: GnuTLS, NSS and wolfSSL do not read an empty OCTET STRING.
   */
  content: Uint8Array | undefined;
  /** Signed attributes, DER, in addition to contentType and messageDigest. */
  attributes: readonly Uint8Array[];
  /** Of the content; for an ML-DSA key one of `isStrongEnough`. */
  digest: Digest;
  signer: { certificate: CertificateView; key: KeyProvider };
  /** DER, written in this order. The signer's certificate is not added automatically. */
  certificates: readonly Uint8Array[];
};

/** ContentInfo with SignedData version 1, DER, with one signer. Throws whatever the key throws. */
export async function writeSignedData(plan: SignedDataPlan): Promise<Uint8Array> {
  const { digest, signer } = plan;
  const messageDigest = writeAttribute(MESSAGE_DIGEST, octetString(hash(digest, plan.content ?? EMPTY, 'buffer')));
  const signedAttributes = setOf(CONTENT_TYPE_ATTRIBUTE, messageDigest, ...plan.attributes);
  const { identifier, signatureAlgorithm, signedWith } = algorithmsFor(signer.key.kind, digest);
  const signature = await signer.key.sign({ data: signedAttributes, digest: signedWith, scheme: 'pkcs1' });
  const asImplicit = Buffer.from(signedAttributes);
  asImplicit[0] = explicit(0);
  const signerInfo = sequence(
    VERSION_1,
    issuerAndSerialNumber(signer.certificate),
    identifier,
    asImplicit,
    signatureAlgorithm,
    octetString(signature),
  );
  return writeContentInfo(
    'signedData',
    sequence(
      VERSION_1,
      setOf(identifier),
      plan.content ? withContent(plan.content) : EMPTY_CONTENT,
      encode(explicit(0), ...plan.certificates),
      setOf(signerInfo),
    ),
  );
}

/** AlgorithmIdentifiers of the digest and of the signature, and the digest that the key itself is given. */
function algorithmsFor(key: KeyKind, digest: Digest) {
  const signedWith = isMlDsa(key.type) ? undefined : digest;
  return {
    signedWith,
    identifier: signedWith ? digestIdentifier(digest) : bareDigestIdentifier(digest),
    signatureAlgorithm: key.type === 'rsa' ? RSA_ENCRYPTION : signatureIdentifier(key, signedWith),
  };
}

const EMPTY_SET = setOf();
/** EncapsulatedContentInfo (RFC 5652 5.2) without eContent. */
const EMPTY_CONTENT = sequence(contentTypeOid(CONTENT_TYPE.data));
const withContent = (content: Uint8Array): Uint8Array =>
  sequence(contentTypeOid(CONTENT_TYPE.data), encode(explicit(0), octetString(content)));

/**
 * ContentInfo with the degenerate SignedData of RFC 8894 3.4, DER: certificates and CRLs, no content, no signer. They
 * stay in this order: the client's own certificate must be first. Sorting the SET, as DER demands, made iOS use the
 * CA's.
 */
export const writeDegenerate = (certificates: readonly Uint8Array[], crls: readonly Uint8Array[] = []): Uint8Array =>
  writeContentInfo(
    'signedData',
    sequence(
      VERSION_1,
      EMPTY_SET,
      EMPTY_CONTENT,
      ...(certificates.length ? [encode(explicit(0), ...certificates)] : []),
      ...(crls.length ? [encode(explicit(1), ...crls)] : []),
      EMPTY_SET,
    ),
  );
