/** Reads certificates (RFC 5280 4.1) and writes them. */
import { hash } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, TAG } from '../asn1/tags.ts';
import { encode, sequence, time, unsignedInteger } from '../asn1/writer.ts';
import { equalBytes } from '../core/bytes.ts';
import type { Digest, KeyProvider } from '../core/keys.ts';
import type { Extension } from '../core/request.ts';
import { readExtensions, writeExtension } from './extensions.ts';
import {
  digestFor,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  signatureIdentifier,
  signStructure,
} from './signature.ts';

/** The parts of a certificate, as views into its DER, tags and lengths included unless noted. */
export type CertificateView = {
  der: Uint8Array;
  tbs: Uint8Array;
  /** Content octets of the serialNumber, as encoded. */
  serialNumber: Uint8Array;
  issuer: Uint8Array;
  subject: Uint8Array;
  validity: Uint8Array;
  spki: Uint8Array;
  /** The content of the `[3]` element, or undefined. */
  extensions: Uint8Array | undefined;
};

/**
 * Reads the structure of a certificate and does not check its meaning: the signer certificate of a client may be
 * expired, or have unusual critical extensions or serial numbers (RFC 8894 2.3 needs only its key). Throws DerError
 * when malformed.
 */
export function readCertificate(der: Uint8Array): CertificateView {
  const outer = DerReader.over(der);
  const certificate = outer.sequence();
  outer.end();
  const tbs = certificate.raw(TAG.sequence);
  const body = DerReader.over(tbs).sequence();
  if (body.tag === explicit(0)) body.element();
  const serialNumber = body.read(TAG.integer);
  body.raw(TAG.sequence);
  const issuer = body.raw(TAG.sequence);
  const validity = body.raw(TAG.sequence);
  const subject = body.raw(TAG.sequence);
  const spki = body.raw(TAG.sequence);
  if (body.tag === 0x81) body.element();
  if (body.tag === 0x82) body.element();
  const extensions = body.tag === explicit(3) ? body.read(explicit(3)) : undefined;
  return { der, tbs, serialNumber, issuer, subject, validity, spki, extensions };
}

/** The validity period, both ends included (RFC 5280 4.1.2.5). Throws DerError when malformed. */
export function readValidity(view: CertificateView): { notBefore: Date; notAfter: Date } {
  const validity = DerReader.over(view.validity).sequence();
  return { notBefore: validity.time(), notAfter: validity.time() };
}

/** The extensions of a certificate; empty when it has none. Throws DerError when malformed or repeated. */
export const certificateExtensions = (view: CertificateView): Extension[] =>
  view.extensions ? readExtensions(DerReader.over(view.extensions)) : [];

/**
 * The signature of the issuer; `algorithm` is undefined when it is not supported. Throws DerError when malformed, and when
 * the signed part names another algorithm (RFC 5280 4.1.1.2): common readers refuse such a certificate.
 */
export function certificateSignature(view: CertificateView): {
  algorithm: SignatureAlgorithm | undefined;
  /** That of the algorithm, dotted. */
  oid: string;
  signature: Uint8Array;
} {
  const certificate = DerReader.over(view.der).sequence();
  certificate.element();
  const identifier = certificate.raw(TAG.sequence);
  const signature = certificate.bitString();
  certificate.end();
  if (!equalBytes(identifier, signedAlgorithm(view)))
    throw new DerError('the signature algorithm differs from that in the signed part');
  const entered = () => DerReader.over(identifier).sequence();
  return { algorithm: readSignatureAlgorithm(entered()), oid: entered().oid(), signature };
}

function signedAlgorithm({ tbs }: CertificateView): Uint8Array {
  const body = DerReader.over(tbs).sequence();
  if (body.tag === explicit(0)) body.element();
  body.element();
  return body.raw(TAG.sequence);
}

/** A serial number as the store, log and commands write it: lower-case hexadecimal without leading zero octets. */
export const serialText = (serialNumber: Uint8Array): string =>
  Buffer.from(serialNumber)
    .toString('hex')
    .replace(/^(00)+(?=..)/, '');

/** The thumbprint of Windows and Intune: SHA-1 of the certificate, DER, in upper-case hexadecimal. */
export const thumbprint = (der: Uint8Array): string => hash('sha1', der, 'hex').toUpperCase();

/** As `thumbprint`, SHA-256: the fingerprint of RFC 8894 2.2. */
export const thumbprintSha256 = (der: Uint8Array): string => hash('sha256', der, 'hex').toUpperCase();

/** The contents of a TBSCertificate. `subject`, `issuer` (Names) and `spki` are DER and are written unchanged. */
export type CertificatePlan = {
  serialNumber: Uint8Array;
  issuer: Uint8Array;
  subject: Uint8Array;
  notBefore: Date;
  notAfter: Date;
  spki: Uint8Array;
  extensions: readonly Extension[];
};

/** A version 3 certificate, DER, signed with the issuer's key. `digest` defaults to the one that matches that key. */
export function writeCertificate(
  plan: CertificatePlan,
  issuer: KeyProvider,
  digest: Digest | undefined = digestFor(issuer.kind),
): Promise<Uint8Array> {
  return signStructure(tbsCertificate(plan, signatureIdentifier(issuer.kind, digest)), issuer, digest);
}

const VERSION_3 = encode(explicit(0), unsignedInteger(Uint8Array.of(2)));

/** A TBSCertificate, DER; `signature` is the AlgorithmIdentifier of the signature that it is to get. RFC 5280 4.1.1.1. */
export const tbsCertificate = (plan: CertificatePlan, signature: Uint8Array): Uint8Array =>
  sequence(
    VERSION_3,
    unsignedInteger(plan.serialNumber),
    signature,
    plan.issuer,
    sequence(time(plan.notBefore), time(plan.notAfter)),
    plan.subject,
    plan.spki,
    // RFC 5280 4.1: an empty list of extensions is left out.
    ...(plan.extensions.length > 0 ? [encode(explicit(3), sequence(...plan.extensions.map(writeExtension)))] : []),
  );
