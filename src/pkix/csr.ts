/** Reads and writes certification requests (PKCS#10, RFC 2986) with the attributes of RFC 2985 that SCEP uses. */
import { catchDerError, DerError, readingPart } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, TAG } from '../asn1/tags.ts';
import { encode, oid, printableString, sequence, setOf, smallInteger, utf8String } from '../asn1/writer.ts';
import { isPrintable, stringText } from '../asn1/strings.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import type { KeyProvider } from '../core/keys.ts';
import { algorithmText } from './algorithm-names.ts';
import { assertDistinct, readExtensions, writeExtension } from './extensions.ts';
import { nameText } from './name.ts';
import { readNameValuePairs, requestedValidity } from './name-value-pair.ts';
import { OID } from './oids.ts';
import { type PublicKey, type ReadKey, readKey } from './public-key.ts';
import {
  digestFor,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  signStructure,
  verifySignature,
} from './signature.ts';

const MOST_ATTRIBUTES = 64;
/**
 * Enough for a challenge of many kilobytes, an RSA-8192 key and a thousand names. A pending request takes this much.
 */
export const MOST_CSR_OCTETS = 128 * 1024;

/** A request whose proof of possession is not verified yet; `signed`, `algorithm` and `signature` are that proof. */
export type UnprovenRequest = CertificationRequest & {
  signed: Uint8Array;
  algorithm: SignatureAlgorithm | undefined;
  /** The OID of `algorithm`, dotted, also of one that is not supported. */
  algorithmOid: string;
  signature: Uint8Array;
  /** Its key, which is not imported yet. */
  publicKey: ReadKey;
};

/**
 * Reads a PKCS#10 request. Octets after it are ignored, because some clients pad. Throws DerError when it is malformed
 * or larger than 128 KiB, or has more than one challenge or a repeated extension; UnsupportedAlgorithm as `readKeyKind`.
 */
export function readCertificationRequest(der: Uint8Array): UnprovenRequest {
  const outer = DerReader.over(der);
  const whole = outer.raw(TAG.sequence);
  if (whole.length > MOST_CSR_OCTETS) throw new DerError(`a certification request of ${whole.length} octets`);
  const request = DerReader.over(whole).sequence();
  const signed = request.raw(TAG.sequence);
  const algorithmIdentifier = request.raw(TAG.sequence);
  const algorithm = readSignatureAlgorithm(DerReader.over(algorithmIdentifier).sequence());
  const signature = request.bitString();
  const info = DerReader.over(signed).sequence();
  info.smallInteger();
  const subject = info.raw(TAG.sequence);
  const publicKey = readKey(info.raw(TAG.sequence));
  // RFC 2986 4.1 demands the attributes; some writers leave them out when there are none.
  const attributes = readingPart('attributes', () => readAttributes(info.enterIf(explicit(0))));
  return {
    ...attributes,
    der: whole,
    subject,
    subjectText: readingPart('subject', () => nameText(subject)),
    spki: publicKey.spki,
    key: publicKey.kind,
    publicKey,
    signed,
    algorithm,
    algorithmOid: DerReader.over(algorithmIdentifier).sequence().oid(),
    signature,
  };
}

/** The SubjectPublicKeyInfo of a request, DER. What follows it is not read. Throws DerError. */
export function requestedKey(der: Uint8Array): Uint8Array {
  const info = DerReader.over(der).sequence().sequence();
  info.smallInteger();
  info.raw(TAG.sequence);
  return info.raw(TAG.sequence);
}

type CsrAttributes = Pick<CertificationRequest, 'challenge' | 'extensions' | 'requestedValidity'>;

function readAttributes(attributes: DerReader | undefined): CsrAttributes {
  let challenge: string | undefined;
  const lists: Uint8Array[] = [];
  const pairs = new Map<string, string>();
  attributes?.each(MOST_ATTRIBUTES, (list) => {
    const attribute = list.sequence();
    const type = attribute.oid();
    const values = attribute.set();
    if (type === OID.challengePassword) challenge = onlyChallenge(challenge, readChallenge(values));
    else if (type === OID.extensionRequest || type === OID.microsoftExtensionRequest)
      lists.push(...values.each(MOST_ATTRIBUTES, () => values.raw(TAG.sequence)));
    else if (type === OID.enrollmentNameValuePair)
      for (const [name, value] of readNameValuePairs(values)) pairs.set(name, value);
  });
  const validity = requestedValidity(pairs);
  // An empty challenge means none: Windows and clients of old drafts send "" when they renew.
  return {
    challenge: challenge === '' ? undefined : challenge,
    extensions: requestedExtensions(lists),
    ...(validity && { requestedValidity: validity }),
  };
}

function readChallenge(values: DerReader): string {
  const { tag, content } = readingPart('challengePassword', () => values.element());
  const text = catchDerError(
    () => stringText(tag, content),
    () => {
      // Without the cause, which can name an octet of the secret.
      throw new DerError('challengePassword is not a character string that can be read');
    },
  );
  readingPart('challengePassword has several values', () => values.end());
  // Some writers include the terminating NUL of a C string.
  return text.endsWith('\0') ? text.slice(0, -1) : text;
}

function onlyChallenge(earlier: string | undefined, challenge: string): string {
  if (earlier !== undefined) throw new DerError('challengePassword is repeated (RFC 2985 5.4.1)');
  return challenge;
}

/**
 * The extensions of all extension requests. Tools made for AD CS write several, each with other extensions; some clients
 * send the same one under both OIDs, which counts once. Throws DerError when an extension is repeated otherwise.
 */
function requestedExtensions(lists: readonly Uint8Array[]): Extension[] {
  if (lists.length > MOST_ATTRIBUTES) throw new DerError(`${lists.length} extension requests`);
  const [only] = lists;
  if (only && lists.length === 1) return readExtensions(DerReader.over(only));
  const different = new Map(lists.map((list) => [Buffer.from(list).toString('latin1'), list]));
  const extensions = [...different.values()].flatMap((list) => readExtensions(DerReader.over(list)));
  assertDistinct(extensions);
  return extensions;
}

/** What is wrong with the proof of possession of a request for which `provesPossession` is false. */
export const unprovenText = ({ algorithm, algorithmOid }: UnprovenRequest): string =>
  algorithm
    ? 'the proof of possession is wrong: the certification request is not signed with the key that it names'
    : `the signature algorithm of the certification request is not supported: ${algorithmText(algorithmOid)}`;

/** SCEP's proof of possession: whether the request is signed with its own key, `key` (RFC 2986 4.2). */
export const provesPossession = ({ algorithm, signed, signature }: UnprovenRequest, { key }: PublicKey): boolean =>
  algorithm !== undefined && verifySignature({ algorithm, key, data: signed, signature });

/** The request without the fields of its proof, after `provesPossession` was checked. */
export function withoutProof(request: UnprovenRequest): CertificationRequest {
  const { signed: _1, algorithm: _2, algorithmOid: _3, signature: _4, publicKey: _5, ...csr } = request;
  return csr;
}

/** What a client puts into a request. `subject` is a Name, DER. */
export type RequestPlan = {
  subject: Uint8Array;
  challenge?: string;
  extensions?: readonly Extension[];
};

/** A PKCS#10 request, DER, for `key` and signed with it. */
export function writeCertificationRequest(plan: RequestPlan, key: KeyProvider): Promise<Uint8Array> {
  const attributes = [
    plan.challenge === undefined ? undefined : attribute(OID.challengePassword, directoryString(plan.challenge)),
    plan.extensions?.length
      ? attribute(OID.extensionRequest, sequence(...plan.extensions.map(writeExtension)))
      : undefined,
  ].filter((der) => der !== undefined);
  const sorted = attributes.toSorted((a, b) => Buffer.compare(a, b));
  const info = sequence(smallInteger(0), plan.subject, key.spki, encode(explicit(0), ...sorted));
  return signStructure(info, key, digestFor(key.kind));
}

const attribute = (type: string, value: Uint8Array): Uint8Array => sequence(oid(type), setOf(value));

// RFC 2985 5.4.1: a DirectoryString. PrintableString when the text allows it, because Windows reads no other type.
const directoryString = (text: string): Uint8Array => (isPrintable(text) ? printableString(text) : utf8String(text));
