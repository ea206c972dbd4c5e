/** The HTTP requests of a SCEP client (RFC 8894 4): GetCACaps, GetCACert, PKIOperation. */
import { catchDerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { readDerOrBer } from '../cms/content-info.ts';
import { readSignedData } from '../cms/signed-data.ts';
import type { Digest } from '../core/keys.ts';
import { certificateExtensions, readCertificate } from '../pkix/certificate.ts';
import { findExtension, type KeyUsage, readBasicConstraints, readKeyUsage } from '../pkix/extensions.ts';
import { hasMlKemKey } from '../pkix/ml-kem.ts';
import { OID } from '../pkix/oids.ts';

/** `fetch` or a function with the same signature. */
export type Fetch = typeof globalThis.fetch;

/** The server cannot be used. The message names the operation and the fault of the answer. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
}

/** Octets of an answer. */
export const MOST_OCTETS = 4 * 1024 * 1024;

async function get(fetch: Fetch, url: URL, operation: string): Promise<Uint8Array> {
  url.searchParams.set('operation', operation);
  return bodyOf(await fetch(url, { redirect: 'error' }), operation);
}

async function bodyOf(response: Response, operation: string): Promise<Uint8Array> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new ServerError(`${operation}: HTTP ${response.status}`);
  }
  const body = await octetsOf(response, MOST_OCTETS).catch((cause: unknown) => {
    throw new ServerError(`${operation}: the answer did not come to its end: ${(cause as Error).message}`, { cause });
  });
  if (!body) throw new ServerError(`${operation}: the answer has more than ${MOST_OCTETS} octets`);
  return body;
}

/** The body of a response; undefined when it has more octets than `most`, and the rest is not read then. */
export async function octetsOf({ body }: Response, most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const content: AsyncIterable<Uint8Array> | readonly Uint8Array[] = body ?? [];
  for await (const part of content) {
    length += part.length;
    if (length > most) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The keywords of GetCACaps. RFC 8894 3.5.2. Throws ServerError. */
export async function getCapabilities(fetch: Fetch, url: string): Promise<Set<string>> {
  const body = await get(fetch, new URL(url), 'GetCACaps');
  // Some servers write spaces at the end of lines.
  const lines = Buffer.from(body).toString('latin1').split('\n');
  return new Set(lines.map((line) => line.trim()).filter(Boolean));
}

/** The certificates of GetCACert, DER, in the order of the answer (RFC 8894 4.2.1). Throws ServerError. */
export async function getCaCertificates(fetch: Fetch, url: string): Promise<Uint8Array[]> {
  const body = await get(fetch, new URL(url), 'GetCACert');
  return catchDerError(
    () => readDerOrBer(body, readCertificates),
    (cause) => {
      throw new ServerError('GetCACert: the answer is neither a certificate nor a list of them', { cause });
    },
  );
}

/** A ContentInfo starts with an OBJECT IDENTIFIER, a certificate does not. */
const readCertificates = (der: Uint8Array): Uint8Array[] =>
  DerReader.over(der).sequence().tag === TAG.oid ? readSignedData(der).certificates : [readCertificate(der).der];

/**
 * The certificate to encrypt messages to, DER: one for key encipherment, with an ML-KEM key where there is one, or for key
 * agreement with an EC key, and an RA before a CA. Throws ServerError when there is none.
 */
export function recipientOf(certificates: readonly Uint8Array[]): Uint8Array {
  const fitFor = (usage: KeyUsage): Uint8Array[] => certificates.filter((der) => usages(der).includes(usage));
  const fit = [...fitFor('keyEncipherment').toSorted(postQuantumFirst), ...fitFor('keyAgreement')];
  const ra = fit.find((der) => !isCa(der)) ?? fit[0] ?? certificates[0];
  if (!ra) throw new ServerError('GetCACert: no certificate');
  return ra;
}

const postQuantumFirst = (a: Uint8Array, b: Uint8Array): number => Number(isKem(b)) - Number(isKem(a));

/** Whether the key of a certificate, DER, is ML-KEM. Throws DerError. */
export const isKem = (der: Uint8Array): boolean => hasMlKemKey(readCertificate(der).spki);

const extension = (der: Uint8Array, oid: string): Uint8Array | undefined =>
  findExtension(certificateExtensions(readCertificate(der)), oid)?.value;

/** Without the extension, every usage is allowed (RFC 5280 4.2.1.3). */
function usages(der: Uint8Array): readonly KeyUsage[] {
  const value = extension(der, OID.keyUsage);
  return value ? readKeyUsage(value) : ['keyEncipherment'];
}

/** Whether a certificate, DER, is a CA (RFC 5280 4.2.1.9). Throws DerError. */
export function isCa(der: Uint8Array): boolean {
  const value = extension(der, OID.basicConstraints);
  return value !== undefined && readBasicConstraints(value).ca;
}

/**
 * The algorithms of a request that the server accepts. Throws ServerError when it offers no safe ones. RFC 8894 3.5.2.
 */
export function chooseAlgorithms(capabilities: ReadonlySet<string>): { digest: Digest; cipher: string } {
  const standard = capabilities.has('SCEPStandard');
  const digest =
    standard || capabilities.has('SHA-256') ? 'sha256' : capabilities.has('SHA-512') ? 'sha512' : undefined;
  if (!digest || !(standard || capabilities.has('AES')))
    throw new ServerError('GetCACaps: the server offers neither SCEPStandard nor AES and SHA-256');
  return { digest, cipher: 'aes-128-cbc' };
}

/** Sends a pkiMessage, by POST or else by GET, and returns the reply. RFC 8894 4.3. Throws ServerError. */
export async function pkiOperation(fetch: Fetch, url: string, message: Uint8Array, post: boolean): Promise<Uint8Array> {
  const target = new URL(url);
  target.searchParams.set('operation', 'PKIOperation');
  if (!post) target.searchParams.set('message', Buffer.from(message).toString('base64'));
  const headers = { 'content-type': 'application/x-pki-message' };
  const response = await fetch(target, {
    redirect: 'error',
    ...(post ? { method: 'POST', body: Buffer.from(message), headers } : {}),
  });
  return bodyOf(response, 'PKIOperation');
}
