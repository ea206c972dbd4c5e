/** What each message type has in its envelope (RFC 8894 3.3), one row each. A type without a row is refused. */
import { catchDerError, DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { equalBytes } from '../core/bytes.ts';
import { UnsupportedAlgorithm } from '../pkix/algorithm-names.ts';
import {
  provesPossession,
  readCertificationRequest,
  requestedKey,
  unprovenText,
  type UnprovenRequest,
  withoutProof,
} from '../pkix/csr.ts';
import { importKey, type PublicKey, type ReadKey, readKey } from '../pkix/public-key.ts';
import { DECOY_REQUEST } from './decoy.ts';
import type { Content } from './message.ts';
import { standIn } from './stand-in.ts';

/** A request for a key that is not supported: the sender, who wrote the request, is told so (badAlg). */
export type Unsupported = { type: 'unsupported'; error: UnsupportedAlgorithm };

/** Octets that are not what the message type carries. `why` is for the log and never for the sender. */
export type UnreadableContent = { type: 'unreadable'; why: string };

/** Decrypted octets to content. `signer`: the key that signed the message, where it is known. All refusals must take the same time. */
export type ReadContent = (plaintext: Uint8Array, signer?: PublicKey) => Content | Unsupported | UnreadableContent;

/** By the name of the message type. */
export const CONTENTS: ReadonlyMap<string, ReadContent> = new Map<string, ReadContent>([
  ['PKCSReq', certificationRequest],
  ['RenewalReq', certificationRequest],
  // RFC 8894 3.3.3: IssuerAndSubject. sscep and strongSwan name the RA as issuer, others reverse the name. It is not
  // read: transactionID and key identify the request.
  ['CertPoll', () => ({ type: 'poll' })],
  ['GetCert', (plaintext) => ({ type: 'get-certificate', certificate: issuerAndSerialNumber(plaintext) })],
  ['GetCRL', (plaintext) => ({ type: 'get-crl', certificate: issuerAndSerialNumber(plaintext) })],
]);

/**
 * Parses the CSR and verifies its proof of possession, with the key of the signer where the request is for that key: it
 * is imported already. Every refusal costs the same work: one request parsed, one key imported and used, the key of the
 * signer used once. Otherwise the time would tell whether a captured request, changed in its ciphertext, can still be
 * parsed. What is missing of that work is done with the decoy, see `standIn`.
 */
function certificationRequest(plaintext: Uint8Array, signer?: PublicKey): Content | Unsupported | UnreadableContent {
  const received = orError(() => verifiable(plaintext, signer));
  const early = received instanceof DerError ? asFarAsItsKey(plaintext) : undefined;
  const { request, key } = received instanceof DerError ? standIn(early?.named, signer) : received;
  const proves = provesPossession(request, key);
  if (proves && !(received instanceof DerError)) return { type: 'certification-request', csr: withoutProof(request) };
  provesPossession(DECOY, signer && key !== signer ? signer : importKey(DECOY.publicKey));
  const { isRequest, unsupported } = early ?? asFarAsItsKey(plaintext);
  if (unsupported) return { type: 'unsupported', error: unsupported };
  if (received instanceof DerError) return unreadable(isRequest ? broken(received) : NO_REQUEST);
  return unreadable(unprovenText(request));
}

const DECOY = readCertificationRequest(DECOY_REQUEST);

const unreadable = (why: string): UnreadableContent => ({ type: 'unreadable', why });
const broken = ({ message }: DerError): string => `the certification request is wrong: ${message}`;

/** One text for everything that decrypts to random octets: which of them it was cannot be known. */
export const NO_REQUEST =
  'the envelope contains no certification request: it was encrypted to another key, or damaged, or the client is at fault';

/** A request and its imported key, that of the signer when they are the same. Throws DerError. */
function verifiable(der: Uint8Array, signer?: PublicKey): { request: UnprovenRequest; key: PublicKey } {
  const request = readCertificationRequest(der);
  return { request, key: signer && equalBytes(request.spki, signer.spki) ? signer : importKey(request.publicKey) };
}

/**
 * Depends only on the request as far as its key, never on what follows: the challenge follows, and the answer to a
 * changed message must not tell whether its string can still be read.
 */
function asFarAsItsKey(plaintext: Uint8Array): {
  isRequest: boolean;
  unsupported?: UnsupportedAlgorithm;
  named?: ReadKey;
} {
  const spki = orUndefined(() => requestedKey(plaintext));
  if (!spki) return { isRequest: false };
  const named = orError(() => readKey(spki));
  if (named instanceof UnsupportedAlgorithm) return { isRequest: true, unsupported: named };
  return { isRequest: true, ...(!(named instanceof DerError) && { named }) };
}

/** An IssuerAndSerialNumber (RFC 5652 10.2.4): `issuer` is a Name, DER, and `serialNumber` content octets. */
const issuerAndSerialNumber = (plaintext: Uint8Array) =>
  orUndefined(() => {
    const issuerAndSerial = DerReader.over(plaintext).sequence();
    return { issuer: issuerAndSerial.raw(TAG.sequence), serialNumber: issuerAndSerial.read(TAG.integer) };
  });

const orError = <T>(read: () => T): T | DerError => catchDerError(read, (error) => error);
const orUndefined = <T>(read: () => T): T | undefined => catchDerError(read, () => undefined);
