/** One PKCSReq as bytes, to be sent as often as a test likes, also after the server was killed. */
import { randomBytes } from 'node:crypto';
import { discover, type ScepServer } from '../../../src/client/scep-client.ts';
import { selfSigned, writeRequest } from '../../../src/client/request-message.ts';
import { type CertRep, readCertRep } from '../../../src/client/reply.ts';
import { type Fetch, pkiOperation } from '../../../src/client/ca-operations.ts';
import { generateKey } from '../../../src/keys/software.ts';
import { readCertificate, serialText } from '../../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../../src/pkix/csr.ts';
import { nameFromText } from '../../../src/pkix/name.ts';
import type { Installation } from './installation.ts';

export type Answer = { status: CertRep['status']; serial?: string };

export type Message = {
  subject: string;
  /** Sends the same bytes every time. Rejects when there is no answer or not an honest one. */
  send: (url: string, by?: Fetch) => Promise<Answer>;
};

const random = (length: number): Uint8Array => randomBytes(length);
const clock = (): Date => new Date();

/** One key for all: making keys takes longer than everything else here, and the requests differ by their subject. */
const key = generateKey('rsa-2048');

/** Messages for devices of these names, each with a challenge of its own. `url` is that of a running server. */
export async function messagesFor(
  { tenant }: Installation,
  url: string,
  devices: readonly string[],
): Promise<Message[]> {
  const server = await serverAt(url);
  return Promise.all(
    devices.map(async (device) => messageFor(server, device, await tenant.mint({ subject: subjectOf(device) }))),
  );
}

/** What a running server says about itself. */
export const serverAt = (url: string): Promise<ScepServer> => discover(url, { fetch, clock, random });

export const subjectOf = (device: string): string => `CN=${device},O=Test`;

/** The message of a device of this name, with this challenge. */
export async function messageFor(server: ScepServer, device: string, challenge: string): Promise<Message> {
  const subject = subjectOf(device);
  const name = nameFromText(subject);
  const signer = { certificate: await selfSigned(key, name, clock, random), key };
  const [transactionId, senderNonce] = [`T-${device}`, random(16)];
  const bytes = await writeRequest({
    messageType: 'PKCSReq',
    transactionId,
    senderNonce,
    signer,
    random,
    content: await writeCertificationRequest({ subject: name, challenge }, key),
    recipient: server.recipient,
    transport: { scheme: 'pkcs1' },
    digest: 'sha256',
    cipher: 'aes-128-cbc',
  });
  const expected = { transactionId, senderNonce, trusted: server.certificates, signer, random };
  const send = async (to: string, by: Fetch = fetch): Promise<Answer> =>
    answer(await readCertRep(await pkiOperation(by, to, bytes, true), expected));
  return { subject, send };
}

const answer = (reply: CertRep): Answer =>
  reply.status === 'success'
    ? { status: 'success', serial: serialText(readCertificate(reply.certificates[0]!).serialNumber) }
    : { status: reply.status };
