/** Devices with everything that they send, made before the measurement: a PKCSReq costs a device more than the server. */
import { createHash, randomBytes } from 'node:crypto';
import { readCertRep } from '../../../src/client/reply.ts';
import {
  type ClientSigner,
  issuerAndSubject,
  type RequestMessage,
  selfSigned,
  writeRequest,
} from '../../../src/client/request-message.ts';
import { writeCertificationRequest } from '../../../src/pkix/csr.ts';
import { readCertificate } from '../../../src/pkix/certificate.ts';
import { nameFromText } from '../../../src/pkix/name.ts';
import { clientKeys } from '../corpus.ts';
import { type ClientName, kindOf } from './clients.ts';

/** `message` is a PKCSReq; `senderNonce` that of the message which was sent last; `reply` the CertRep with the certificate. */
export type Device = {
  subject: string;
  kind: ClientName;
  transactionId: string;
  senderNonce: Uint8Array;
  signer: ClientSigner;
  message: Uint8Array;
  reply?: Uint8Array;
};

/** The certificates of GetCACert, and the one of them to encrypt to, DER. */
export type CaAnswer = { certificates: readonly Uint8Array[]; recipient: Uint8Array };

/** Devices share so many keys: making one takes longer than a hundred enrolments. Each has a request of its own. */
const KEYS = 16;

const random = (length: number): Uint8Array => randomBytes(length);

/** The subject of the n-th device, and the device with a challenge for this subject. */
export type DeviceMaker = { subject: (n: number) => string; device: (n: number, challenge: string) => Promise<Device> };

export async function deviceMaker({ recipient }: CaAnswer): Promise<DeviceMaker> {
  const name = nameFromText('CN=SCEP Protocol Certificate');
  const signers = await Promise.all(
    clientKeys(KEYS).map(async (key) => ({ key, certificate: await selfSigned(key, name, () => new Date(), random) })),
  );
  const subjectOf = (n: number): string => `CN=burst-${n}`;
  const made = async (n: number, challenge: string): Promise<Device> => {
    const subject = subjectOf(n);
    const signer = signers[n % KEYS]!;
    const content = await writeCertificationRequest({ subject: nameFromText(subject), challenge }, signer.key);
    const transactionId = createHash('sha1').update(subject).digest('hex');
    const device = { subject, kind: kindOf(n), transactionId, senderNonce: random(16), signer };
    return { ...device, message: await write(device, { messageType: 'PKCSReq', content, recipient }) };
  };
  return { subject: subjectOf, device: made };
}

type Sender = Pick<Device, 'transactionId' | 'senderNonce' | 'signer'>;

/** As devices that Intune manages send them. */
const write = (
  { transactionId, senderNonce, signer }: Sender,
  message: Pick<RequestMessage, 'messageType' | 'content' | 'recipient'>,
): Promise<Uint8Array> =>
  writeRequest({
    ...message,
    transactionId,
    senderNonce,
    signer,
    digest: 'sha256',
    cipher: 'aes-128-cbc',
    transport: { scheme: 'pkcs1' },
    random,
  });

/** A CertPoll for the request of this device (RFC 8894 3.3.3). Keeps its nonce. */
export function certPoll(device: Device, { recipient }: CaAnswer): Promise<Uint8Array> {
  device.senderNonce = random(16);
  const content = issuerAndSubject(readCertificate(recipient).issuer, nameFromText(device.subject));
  return write(device, { messageType: 'CertPoll', content, recipient });
}

/** SHA-1 of the certificate that the device got, verified and decrypted as a client does. Throws ReplyError. */
export async function thumbprintHeld(device: Device, { certificates }: CaAnswer): Promise<string> {
  const { transactionId, senderNonce, signer } = device;
  const expected = { transactionId, senderNonce, signer, trusted: certificates, random };
  const reply = await readCertRep(device.reply!, expected);
  if (reply.status !== 'success') throw new Error(`${device.subject} holds a CertRep without a certificate`);
  return createHash('sha1').update(reply.certificates[0]!).digest('hex');
}
