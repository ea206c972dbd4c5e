/** The parts of a FAILURE that a sender can see; of nonce and signature only the length. */
import { readSignedData } from '../../src/cms/signed-data.ts';
import { SCEP_ATTRIBUTE } from '../../src/scep/message-attributes.ts';

export type Shape = Readonly<Record<string, string>>;

export function shapeOf(reply: Uint8Array): Shape {
  const { signers, certificates, content, contentType } = readSignedData(reply);
  const [signer] = signers;
  const attributes = [...signer!.attributes].map(([type, [value]]) => [
    type,
    type === SCEP_ATTRIBUTE.senderNonce ? `${value!.content.length} octets` : hex(value!.der),
  ]);
  return {
    octets: String(reply.length),
    contentType,
    content: hex(content ?? new Uint8Array()),
    certificates: certificates.map(hex).join(),
    signature: `${signer!.signature.length} octets`,
    ...(Object.fromEntries(attributes) as Shape),
  };
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

/** The name of the first part in which two replies differ, or undefined. */
export const differs = (a: Shape, b: Shape): string | undefined =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].find((part) => a[part] !== b[part]);
