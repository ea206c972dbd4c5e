/** A device over HTTP. What the server decided is read out of the octets of the CertRep, by a reader that is not ours. */
import { X509Certificate } from 'node:crypto';
import type * as asn1js from 'asn1js';
import type * as pkijs from 'pkijs';
import { printableString } from '../../src/asn1/writer.ts';
import { discover, enroll, type EnrollmentPlan, poll } from '../../src/client/scep-client.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import {
  type EnvelopeParts,
  forge,
  forgeEnvelope,
  recipientInfo,
  scepAttributes,
  type SignedParts,
} from '../kit/forge.ts';
import { rsaKey } from '../kit/keys.ts';
import { kept as keptCertificate } from '../kit/kept-certificates.ts';
import type { Keyed } from '../kit/pki.ts';
import { readSigned, signedAttributes } from '../kit/pkijs.ts';
import { clock, ra, random } from './files.ts';
import { CHALLENGE } from './server.ts';

/** `issued`, `pending`, or the number of the failInfo: `failInfo 2`. */
export type Status = string;

/** `message` is the CertRep as it came; `der` is the certificate in it, empty when there is none. */
export type Answer = { status: Status; message: Buffer; der: Uint8Array };

/** What a device asks for. Without `challenge` it is the usual one, without `subject` a new one. */
export type Wish = Partial<Pick<EnrollmentPlan, 'extensions' | 'signer' | 'csr'>> & {
  subject?: string;
  challenge?: string;
  key?: SoftwareKey;
};

export const deviceKey = rsaKey('wiring device');

let count = 0;
export const newSubject = (): string => `CN=device-${++count}`;

/** PKCSReq, or RenewalReq with a `signer`. */
export const enrolled = (url: string, wish: Wish = {}): Promise<Answer> => sent(url, planOf(wish), enroll);

/** CertPoll for the request of the same key. */
export const polled = (url: string, wish: Wish & { subject: string }): Promise<Answer> => sent(url, planOf(wish), poll);

/** The certificate that a PKCSReq got. Throws when it got none. */
export async function certified(url: string, wish: Wish = {}): Promise<X509Certificate> {
  return new X509Certificate((await enrolled(url, wish)).der);
}

const planOf = ({ subject = newSubject(), challenge = CHALLENGE, key = deviceKey, ...rest }: Wish): EnrollmentPlan => ({
  subject: nameFromText(subject),
  challenge,
  key,
  ...rest,
});

async function sent(url: string, plan: EnrollmentPlan, send: typeof enroll): Promise<Answer> {
  let message = Buffer.of();
  const kept: typeof fetch = async (...args) => {
    const response = await fetch(...args);
    message = Buffer.from(await response.clone().arrayBuffer());
    return response;
  };
  const context = { fetch: kept, clock, random };
  const reply = await send(await discover(url, context), plan, context);
  const [der = Uint8Array.of()] = reply.status === 'success' ? reply.certificates : [];
  return { status: statusOf(message), message, der: keptCertificate(der) };
}

const PKI_STATUS = '2.16.840.1.113733.1.9.3';
const FAIL_INFO = '2.16.840.1.113733.1.9.4';
const STATUS: Readonly<Record<string, string>> = { '0': 'issued', '3': 'pending' };

/** RFC 8894 3.2.1.3 and 3.2.1.4. */
export function statusOf(message: Uint8Array): Status {
  const attributes = signedAttributes(readSigned(message));
  return STATUS[textOf(attributes.get(PKI_STATUS))] ?? `failInfo ${textOf(attributes.get(FAIL_INFO))}`;
}

/** The content of a CertRep, hexadecimal; `none` when it is absent. */
export function contentHex(message: Uint8Array): string {
  const { eContent } = readSigned(message).encapContentInfo;
  return eContent ? Buffer.from(eContent.getValue()).toString('hex') : 'none';
}

const textOf = (values: readonly asn1js.BaseBlock[] = []): string =>
  (values[0] as asn1js.PrintableString | undefined)?.valueBlock.value ?? 'absent';

/** What is odd about a message that is put together by hand. */
export type Odd = {
  envelope?: Partial<EnvelopeParts>;
  signed?: Partial<SignedParts>;
  /** Signed attributes, DER, beside those of every message. */
  attributes?: readonly Uint8Array[];
  /** The RA to which it is encrypted. */
  to?: Keyed;
};

/** A PKCSReq for the device's key, signed with another key. */
export async function forgery({ envelope, signed, attributes = [], to = ra }: Odd = {}): Promise<Uint8Array> {
  const subject = newSubject();
  const plan = { subject: nameFromText(subject), challenge: CHALLENGE };
  const content = await writeCertificationRequest(plan, deviceKey);
  const recipients = (contentKey: Uint8Array) => [recipientInfo(to, contentKey)];
  return forge({
    content: forgeEnvelope({ content, recipients, ...envelope }),
    attributes: [...scepAttributes({ transactionId: printableString(subject.slice(3)) }), ...attributes],
    ...signed,
  });
}

/** Sends such a message. `HTTP 400` and the like when the answer is no CertRep. */
export async function forged(url: string, odd: Odd = {}): Promise<Status> {
  const { status, body } = await posted(url, await forgery(odd));
  return status === 200 ? statusOf(body) : `HTTP ${status}`;
}

type Reply = { status: number; body: Buffer };
const replyOf = async (response: Response): Promise<Reply> => ({
  status: response.status,
  body: Buffer.from(await response.arrayBuffer()),
});

/** POST of a PKIOperation. */
export const posted = async (url: string, message: Uint8Array): Promise<Reply> =>
  replyOf(await fetch(`${url}?operation=PKIOperation`, { method: 'POST', body: Buffer.from(message) }));

/** GET of an operation without a message. */
export const asked = async (url: string, operation: string): Promise<Reply> =>
  replyOf(await fetch(`${url}?operation=${operation}`));

/** The serial number of the certificate that signed, as node:crypto writes it. */
export function signerSerial(message: Uint8Array): string {
  const sid = readSigned(message).signerInfos[0]!.sid as pkijs.IssuerAndSerialNumber;
  return Buffer.from(sid.serialNumber.valueBlock.valueHexView).toString('hex').toUpperCase().replace(/^00/, '');
}
