/** pkijs as a second reader and writer of CMS, independent of ours. */
import { Crypto } from '@peculiar/webcrypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { CONTENT_TYPE } from '../../src/cms/content-info.ts';
import type { Keyed } from './pki.ts';

// @peculiar/webcrypto has RSAES-PKCS1-v1_5, and Node's own WebCrypto has not.
const engine = new pkijs.CryptoEngine({ name: 'peculiar', crypto: new Crypto() });

const owned = (octets: Uint8Array): ArrayBuffer => new Uint8Array(octets).buffer;
const pkcs8 = (keyed: Keyed): ArrayBuffer => owned(keyed.key.privateKey.export({ format: 'der', type: 'pkcs8' }));
const parsed = (der: Uint8Array): asn1js.BaseBlock => asn1js.fromBER(owned(der)).result;

/** The SignedData in a ContentInfo. */
export const readSigned = (message: Uint8Array): pkijs.SignedData =>
  new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(owned(message)).content });

/** The EnvelopedData in a ContentInfo. */
export const readEnveloped = (message: Uint8Array): pkijs.EnvelopedData =>
  new pkijs.EnvelopedData({ schema: pkijs.ContentInfo.fromBER(owned(message)).content });

/** Values of the signed attributes of the only signer, by OID. */
export const signedAttributes = ({ signerInfos }: pkijs.SignedData): Map<string, asn1js.BaseBlock[]> =>
  new Map(signerInfos[0]!.signedAttrs!.attributes.map(({ type, values }) => [type, values as asn1js.BaseBlock[]]));

/** The octets of the eContent. */
export const contentOf = ({ encapContentInfo }: pkijs.SignedData): Uint8Array =>
  new Uint8Array(encapContentInfo.eContent!.getValue());

/** The certificates, DER, in the order in which they are written. */
export const certificatesOf = ({ certificates }: pkijs.SignedData): Buffer[] =>
  (certificates ?? []).map((one) => Buffer.from((one as pkijs.Certificate).toSchema().toBER()));

/**
 * Whether messageDigest and signature of the only signer are right. Of empty content pkijs cannot say it, because its
 * verify() takes it for detached: there only the signature over the attributes is verified by it.
 */
export async function verifies(signed: pkijs.SignedData): Promise<boolean> {
  if (contentOf(signed).length > 0) return signed.verify({ signer: 0, checkChain: false }, engine);
  const [signer] = signed.signerInfos;
  const attributes = new Uint8Array(signer!.signedAttrs!.encodedValue);
  attributes[0] = 0x31;
  return engine.verifyWithPublicKey(
    attributes,
    signer!.signature,
    (signed.certificates![0] as pkijs.Certificate).subjectPublicKeyInfo,
    signer!.signatureAlgorithm,
    engine.getAlgorithmByOID<{ name: string }>(signer!.digestAlgorithm.algorithmId, true).name,
  );
}

/** The content of an EnvelopedData. pkijs supports only the AES ciphers, and OAEP with one hash. */
export const decrypted = async (enveloped: pkijs.EnvelopedData, to: Keyed): Promise<Uint8Array> =>
  new Uint8Array(
    await enveloped.decrypt(
      0,
      { recipientCertificate: pkijs.Certificate.fromBER(owned(to.certificate)), recipientPrivateKey: pkcs8(to) },
      engine,
    ),
  );

export type PkijsEnvelope = { content: Uint8Array; to: Keyed; oaep: string | undefined; keyLength: number };

/** A ContentInfo with EnvelopedData in indefinite-length BER, as pkijs writes it. */
export async function writeEnveloped({ content, to, oaep, keyLength }: PkijsEnvelope): Promise<Uint8Array> {
  const enveloped = new pkijs.EnvelopedData();
  const certificate = pkijs.Certificate.fromBER(owned(to.certificate));
  enveloped.addRecipientByCertificate(certificate, { useOAEP: oaep !== undefined, oaepHashAlgorithm: oaep }, 1, engine);
  const cipher = { name: 'AES-CBC', length: keyLength };
  await enveloped.encrypt(cipher, owned(content), engine);
  return contentInfo(CONTENT_TYPE.envelopedData, enveloped.toSchema());
}

const contentInfo = (contentType: string, content: asn1js.BaseBlock): Uint8Array =>
  new Uint8Array(new pkijs.ContentInfo({ contentType, content }).toSchema().toBER());

/** toSchema() of SignedData has no type of its own. */
function sequenceOf(signed: pkijs.SignedData): asn1js.BaseBlock {
  const schema: unknown = signed.toSchema(true);
  if (!(schema instanceof asn1js.Sequence)) throw new TypeError('SignedData that is no SEQUENCE');
  return schema;
}

export type PkijsSigned = { content: Uint8Array; by: Keyed; hash: string; attributes: readonly Uint8Array[] };

/** A ContentInfo with SignedData, its attributes in the order given, as pkijs writes it. */
export async function writeSigned({ content, by, hash, attributes }: PkijsSigned): Promise<Uint8Array> {
  const certificate = pkijs.Certificate.fromBER(owned(by.certificate));
  const { issuer, serialNumber } = certificate;
  const digest = await engine.digest(hash, owned(content));
  const own = [
    new pkijs.Attribute({
      type: '1.2.840.113549.1.9.3',
      values: [new asn1js.ObjectIdentifier({ value: CONTENT_TYPE.data })],
    }),
    new pkijs.Attribute({ type: '1.2.840.113549.1.9.4', values: [new asn1js.OctetString({ valueHex: digest })] }),
  ];
  const scep = attributes.map((der) => new pkijs.Attribute({ schema: parsed(der) }));
  const signed = new pkijs.SignedData({
    version: 1,
    encapContentInfo: new pkijs.EncapsulatedContentInfo({
      eContentType: CONTENT_TYPE.data,
      eContent: new asn1js.OctetString({ valueHex: owned(content) }),
    }),
    signerInfos: [
      new pkijs.SignerInfo({
        version: 1,
        sid: new pkijs.IssuerAndSerialNumber({ issuer, serialNumber }),
        signedAttrs: new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes: [...own, ...scep] }),
      }),
    ],
    certificates: [certificate],
  });
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash };
  await signed.sign(await engine.importKey('pkcs8', pkcs8(by), algorithm, false, ['sign']), 0, hash, undefined, engine);
  return contentInfo(CONTENT_TYPE.signedData, sequenceOf(signed));
}
