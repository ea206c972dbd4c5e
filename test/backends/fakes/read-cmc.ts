/** A CMC request as a CA reads it, by pkijs and asn1js: independent of what writes it. */
import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import { contentOf, readSigned, signedAttributes } from '../../kit/pkijs.ts';

/** `csr`: the PKCS#10, DER, cut out of the octets. `attributes`: those of RegInfo. */
export type ReadCmc = { csr: Buffer; attributes: Record<string, string>; bodyParts: number[] };

type Block = asn1js.BaseBlock & { valueBlock: { value: Block[] } };

const children = (block: asn1js.BaseBlock): Block[] => (block as Block).valueBlock.value;
const octets = (block: asn1js.BaseBlock): Buffer => Buffer.from((block as asn1js.OctetString).getValue());
const number = (block: asn1js.BaseBlock): number => (block as asn1js.Integer).valueBlock.valueDec;
const id = (block: asn1js.BaseBlock): string => (block as asn1js.ObjectIdentifier).getValue();
const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();

/** Throws Error, which says what MS-WCCE or RFC 2797 demands otherwise. */
export function readCmc(der: Uint8Array): ReadCmc {
  const signed = readSigned(der);
  if (signed.version !== 3) throw new Error('SignedData is not of version 3');
  if (signed.encapContentInfo.eContentType !== '1.3.6.1.5.5.7.12.2') throw new Error('no PKIData');
  assertUnsigned(signed);
  const content = contentOf(signed);
  const { result, offset } = asn1js.fromBER(new Uint8Array(content).buffer);
  if (offset !== content.length) throw new Error('octets after PKIData');
  const [controls, requests, messages, others] = children(result);
  if (children(messages!).length + children(others!).length > 0) throw new Error('more than one request');
  const [control, secondControl] = children(controls!);
  const [request, secondRequest] = children(requests!);
  if (!request || secondRequest || !control || secondControl) throw new Error('not one control and one request');
  if (request.idBlock.tagClass !== 3 || request.idBlock.tagNumber !== 0)
    throw new Error('the request is not tagged as tcr');
  const [part, csr] = children(request);
  const [controlPart, type, values] = children(control);
  if (id(type!) !== '1.3.6.1.5.5.7.7.18') throw new Error('the control is not RegInfo');
  const text = octets(children(values!)[0]!).toString('utf8');
  return {
    csr: Buffer.from(csr!.valueBeforeDecodeView),
    attributes: Object.fromEntries(text.split('&').map((pair) => pair.split('=', 2) as [string, string])),
    bodyParts: [number(controlPart!), number(part!)],
  };
}

/** RFC 2797 3.3.3.1: the hash of the signed attributes stands where a signature would. */
function assertUnsigned(signed: ReturnType<typeof readSigned>): void {
  const [signer, second] = signed.signerInfos;
  if (!signer || second) throw new Error('not one SignerInfo');
  if (signer.signatureAlgorithm.algorithmId !== '1.3.6.1.5.5.7.6.2') throw new Error('not the No-Signature mechanism');
  if (!(signer.signatureAlgorithm.algorithmParams instanceof asn1js.Null)) throw new Error('no NULL as parameters');
  const attributes = Buffer.from(signer.signedAttrs!.encodedValue);
  attributes[0] = 0x31;
  const value = Buffer.from(signer.signature.valueBlock.valueHexView);
  if (!value.equals(sha256(attributes))) throw new Error('the hash in place of a signature is wrong');
  const digest = octets(signedAttributes(signed).get('1.2.840.113549.1.9.4')![0]!);
  if (!digest.equals(sha256(contentOf(signed)))) throw new Error('the messageDigest is wrong');
}
