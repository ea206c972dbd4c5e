/** What each message type has in its envelope (RFC 8894 3.3), one row each. A type without a row is refused. */
import { catchDerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { UnsupportedAlgorithm } from '../pkix/algorithm-names.ts';
import {
  provesPossession,
  readCertificationRequest,
  requestedKey,
  type UnprovenRequest,
  withoutProof,
} from '../pkix/csr.ts';
import { type PublicKey, readKeyKind, readPublicKey } from '../pkix/public-key.ts';
import { DECOY_REQUEST } from './decoy.ts';
import type { Content } from './message.ts';

/** A request for a key that is not supported: the sender, who wrote the request, is told so (badAlg). */
export type Unsupported = { type: 'unsupported'; error: UnsupportedAlgorithm };

/** Decrypted octets to content; undefined when they cannot be read. All results must take the same time. */
export type ReadContent = (plaintext: Uint8Array) => Content | Unsupported | undefined;

/** By the name of the message type. */
export const CONTENTS: ReadonlyMap<string, ReadContent> = new Map<string, ReadContent>([
  ['PKCSReq', certificationRequest],
  ['RenewalReq', certificationRequest],
  // RFC 8894 3.3.3: IssuerAndSubject. sscep and strongSwan name the RA as issuer, others reverse the name. It is not
  // read: transactionID and key identify the request.
  ['CertPoll', () => ({ type: 'poll' })],
  ['GetCert', (plaintext) => ({ type: 'get-certificate', certificate: issuerAndSerialNumber(plaintext) })],
  ['GetCRL', () => ({ type: 'get-crl' })],
]);

/**
 * Parses the CSR, imports its key and verifies its proof of possession. Malformed input costs the same work, done with
 * the decoy; so does a key that is already imported because it signed the message. Otherwise the time would tell
 * whether a captured request, changed in its ciphertext, can still be parsed.
 */
function certificationRequest(plaintext: Uint8Array): Content | Unsupported | undefined {
  const error = unsupportedKey(plaintext);
  const received = orUndefined(() => verifiable(plaintext));
  const { request, key } = received ?? verifiable(DECOY_REQUEST);
  const proves = provesPossession(request, key);
  if (error) return { type: 'unsupported', error };
  return received && proves ? { type: 'certification-request', csr: withoutProof(request) } : undefined;
}

/** A request and its imported key. Throws DerError. */
function verifiable(der: Uint8Array): { request: UnprovenRequest; key: PublicKey } {
  const request = readCertificationRequest(der);
  return { request, key: readPublicKey(request.spki) };
}

/**
 * Depends only on the request as far as its key, never on what follows: the challenge follows, and the answer to a
 * changed message must not tell whether its string can still be read.
 */
const unsupportedKey = (plaintext: Uint8Array): UnsupportedAlgorithm | undefined =>
  catchDerError(
    () => void readKeyKind(requestedKey(plaintext)),
    (error) => (error instanceof UnsupportedAlgorithm ? error : undefined),
  );

/** An IssuerAndSerialNumber (RFC 5652 10.2.4): `issuer` is a Name, DER, and `serialNumber` content octets. */
const issuerAndSerialNumber = (plaintext: Uint8Array) =>
  orUndefined(() => {
    const issuerAndSerial = DerReader.over(plaintext).sequence();
    return { issuer: issuerAndSerial.raw(TAG.sequence), serialNumber: issuerAndSerial.read(TAG.integer) };
  });

const orUndefined = <T>(read: () => T): T | undefined => catchDerError(read, () => undefined);
