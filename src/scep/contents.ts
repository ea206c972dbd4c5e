/** What each message type has in its envelope (RFC 8894 3.3), one row each. A type without a row is refused. */
import { catchDerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { equalBytes } from '../core/bytes.ts';
import { type PublicKey, readPublicKey } from '../pkix/public-key.ts';
import { provesPossession, readCertificationRequest, type UnprovenRequest, withoutProof } from '../pkix/csr.ts';
import { DECOY_REQUEST } from './decoy.ts';
import type { Content } from './message.ts';

/** Decrypted octets to content; undefined when they cannot be read. Both results must take the same time. */
export type ReadContent = (plaintext: Uint8Array, signerKey: PublicKey) => Content | undefined;

/** By the name of the message type. */
export const CONTENTS: ReadonlyMap<string, ReadContent> = new Map<string, ReadContent>([
  ['PKCSReq', certificationRequest],
  ['RenewalReq', certificationRequest],
  // RFC 8894 3.3.3: IssuerAndSubject. sscep and strongSwan name the RA as issuer, others reverse the name. It is not
  // read: transactionID and key identify the request.
  ['CertPoll', () => ({ type: 'poll' })],
  ['GetCert', (plaintext) => ({ type: 'get-certificate', serialNumber: serialNumber(plaintext) })],
  ['GetCRL', () => ({ type: 'get-crl' })],
]);

/** Parses the CSR and verifies its proof of possession. Malformed input costs the same work, done with the decoy. */
function certificationRequest(plaintext: Uint8Array, signerKey: PublicKey): Content | undefined {
  const request = orUndefined(() => readCertificationRequest(plaintext));
  const candidate = request ?? readCertificationRequest(DECOY_REQUEST);
  const proves = provesPossession(candidate, keyOf(request, signerKey));
  if (!request || !proves) return undefined;
  return { type: 'certification-request', csr: withoutProof(request) };
}

/**
 * The key that verifies the CSR. The imported signer key is reused when the CSR has the same key, and for the decoy,
 * whose signature need not be valid. Importing another key takes longer, which only reveals that the CSR that the sender
 * itself wrote could be parsed.
 */
const keyOf = (request: UnprovenRequest | undefined, signerKey: PublicKey): PublicKey =>
  !request || equalBytes(request.spki, signerKey.spki) ? signerKey : readPublicKey(request.spki);

/** The serialNumber of an IssuerAndSerialNumber. Its issuer is ignored, because clients re-encode it. */
const serialNumber = (plaintext: Uint8Array): Uint8Array | undefined =>
  orUndefined(() => {
    const issuerAndSerial = DerReader.over(plaintext).sequence();
    issuerAndSerial.raw(TAG.sequence);
    return issuerAndSerial.read(TAG.integer);
  });

const orUndefined = <T>(read: () => T): T | undefined => catchDerError(read, () => undefined);
