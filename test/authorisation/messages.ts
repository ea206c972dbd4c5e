/** Messages of a device with an EC key: a certification request of any attributes, signed in any way. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { DAY } from '../../src/core/durations.ts';
import { explicit } from '../../src/asn1/tags.ts';
import { encode, octetString, printableString, sequence, smallInteger } from '../../src/asn1/writer.ts';
import { type SoftwareKey, softwareKey } from '../../src/keys/software.ts';
import { writeCertificate } from '../../src/pkix/certificate.ts';
import { subjectAltName, writeExtension } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { OID } from '../../src/pkix/oids.ts';
import { signatureIdentifier, signStructure } from '../../src/pkix/signature.ts';
import { attribute, forge, forgeEnvelope, recipientInfo, scepAttributes, type SignedParts } from '../kit/forge.ts';
import type { Keyed } from '../kit/pki.ts';

/** A new key. EC, because making one takes no time. */
export const newKey = (): SoftwareKey => softwareKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);

/** What a request asks for. `attributes` are those of the challenge, DER; `names` as `generalNameFromText` takes them. */
export type Wish = {
  subject: string;
  key: SoftwareKey;
  attributes: readonly Uint8Array[];
  names?: readonly string[];
};

/** A PKCS#10 request, DER. */
export function certificationRequest({ subject, key, attributes, names = [] }: Wish): Promise<Uint8Array> {
  const extensions = names.length ? [subjectAltName(names.map(generalNameFromText))] : [];
  const all = [
    ...attributes,
    ...(extensions.length ? [attribute(OID.extensionRequest, sequence(...extensions.map(writeExtension)))] : []),
  ];
  const info = sequence(smallInteger(0), nameFromText(subject), key.spki, encode(explicit(0), ...all));
  return signStructure(info, key, 'sha256');
}

/** What a certificate says that a device or an unknown signer made. Names are Names, DER. */
export type Made = {
  key: SoftwareKey;
  subject: Uint8Array;
  issuer?: Uint8Array;
  serialNumber?: Uint8Array;
  signedBy?: SoftwareKey;
};

/** Such a certificate, self-signed unless it says otherwise, and its key. */
export async function made({ key, subject, issuer = subject, serialNumber, signedBy = key }: Made): Promise<Keyed> {
  const now = Date.now();
  const plan = {
    serialNumber: serialNumber ?? randomBytes(15),
    issuer,
    subject,
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + DAY),
    spki: key.spki,
    extensions: [],
  };
  return { key, certificate: await writeCertificate(plan, signedBy) };
}

/** The parts of a message: who signs, its messageType attributes, its request, and the RA to which it is encrypted. */
export type Message = {
  transactionId: string;
  type: readonly Uint8Array[];
  content: Uint8Array;
  signer: Keyed;
  to: Keyed;
  different?: Partial<SignedParts>;
};

/** The attributes of SCEP for this transactionID and type. */
export const attributesFor = ({ transactionId, type }: Pick<Message, 'transactionId' | 'type'>): Uint8Array[] => [
  ...scepAttributes({
    messageType: undefined,
    transactionId: printableString(transactionId),
    senderNonce: octetString(randomBytes(16)),
  }),
  ...type,
];

/** The EnvelopedData, DER, for this RA. */
export const envelopeFor = ({ content, to }: Pick<Message, 'content' | 'to'>): Uint8Array =>
  forgeEnvelope({ content, recipients: (contentKey) => [recipientInfo(to, contentKey)] });

/** A pkiMessage, DER. */
export const messageOf = (message: Message): Uint8Array =>
  forge({
    content: envelopeFor(message),
    signer: message.signer,
    signatureIdentifier: signatureIdentifier(message.signer.key.kind, 'sha256'),
    attributes: attributesFor(message),
    ...message.different,
  });
