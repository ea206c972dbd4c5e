/** Requests as our own client writes them, and what `open` must say of a message. */
import assert from 'node:assert/strict';
import { type RequestMessage, writeRequest } from '../../src/client/request-message.ts';
import { HttpError, type RefusalCode } from '../../src/core/errors.ts';
import { type RequestPlan, writeCertificationRequest } from '../../src/pkix/csr.ts';
import { extendedKeyUsage, keyUsage, subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import type { RefusedMessage, ScepRequest } from '../../src/scep/message.ts';
import { open } from '../../src/scep/open.ts';
import { client, context, ra, random } from './pki.ts';

export const CHALLENGE = 'A1B2C3D4E5F60718';
export const REQUEST_PLAN: RequestPlan = {
  subject: nameFromText('CN=device-1,O=Example'),
  challenge: CHALLENGE,
  extensions: [
    keyUsage(['digitalSignature', 'keyEncipherment']),
    extendedKeyUsage(['1.3.6.1.5.5.7.3.2']),
    subjectAltName(['dns:device-1.example.com'].map(generalNameFromText)),
  ],
};

/** A certification request of the client's key. */
export const CSR: Uint8Array = await writeCertificationRequest(REQUEST_PLAN, client.key);

export const TRANSACTION_ID = '5F1C29E77B0A4D6E8F00112233445566778899AA';
export const SENDER_NONCE = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

/** A PKCSReq of our client, SHA-256, AES-128, PKCS#1 v1.5, but for what is given. */
export const requestMessage = (different: Partial<RequestMessage> = {}): Promise<Uint8Array> =>
  writeRequest({
    messageType: 'PKCSReq',
    transactionId: TRANSACTION_ID,
    senderNonce: SENDER_NONCE,
    content: CSR,
    signer: client,
    recipient: ra.certificate,
    digest: 'sha256',
    cipher: 'aes-128-cbc',
    transport: { scheme: 'pkcs1' },
    random,
    ...different,
  });

/** Opens a message that must be a request, of whatever type. */
export async function openedAny(message: Uint8Array, by = context()): Promise<ScepRequest> {
  const result = await open(message, by);
  assert.ok(result.kind === 'request', result.kind === 'refused' ? `${result.code}: ${result.detail}` : '');
  return result;
}

/** A request that holds a certification request. */
export type Enrolment = ScepRequest & { content: { type: 'certification-request' } };

/** Opens a message that must hold a certification request. */
export async function opened(message: Uint8Array, by = context()): Promise<Enrolment> {
  const request = await openedAny(message, by);
  const { content } = request;
  assert.ok(content.type === 'certification-request', content.type);
  return { ...request, content };
}

/** Opens a message that must be refused with this code. */
export async function refused(message: Uint8Array, code: RefusalCode, by = context()): Promise<RefusedMessage> {
  const result = await open(message, by);
  assert.equal(result.kind, 'refused');
  assert.equal(result.code, code, result.detail);
  return result;
}

/** Opens a message to which there is no answer but a status. */
export const undecodable = (message: Uint8Array, by = context()): Promise<void> =>
  assert.rejects(open(message, by), (error) => error instanceof HttpError && error.code === 'message_undecodable');

/** As `opened`, for a test that wants no more than that. */
export async function accepts(message: Uint8Array, by = context()): Promise<void> {
  await opened(message, by);
}

/** As `refused`, for a test that wants no more than that. */
export async function refuses(message: Uint8Array, code: RefusalCode, by = context()): Promise<void> {
  await refused(message, code, by);
}
