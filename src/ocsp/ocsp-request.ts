/** Reads an OCSP request (RFC 6960 4.1), within limits. */
import { DerError, type Limits } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, TAG } from '../asn1/tags.ts';
import type { Extension } from '../core/request.ts';
import { serialText } from '../pkix/certificate.ts';
import { findExtension, readExtensions } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';

/** Which certificate is asked about. `der` is the CertID as it came; `hashOid` is dotted; `serial` as in `serialText`. */
export type CertId = {
  der: Uint8Array;
  hashOid: string;
  issuerNameHash: Uint8Array;
  issuerKeyHash: Uint8Array;
  serial: string;
};

/** `nonce` is the content of the Nonce, absent when there is none to repeat. */
export type OcspRequest = { ids: readonly CertId[]; nonce?: Uint8Array };

/** Octets of a request. One certificate takes about 110, and its nonce at most 150. */
export const LONGEST_REQUEST = 16 * 1024;
/** Certificates in one request. */
export const MOST_IDS = 32;

const LIMITS: Limits = { depth: 12, nodes: 1_024, size: LONGEST_REQUEST };

/** Whether it is signed is not looked at: who asks makes no difference. Throws DerError when malformed. */
export function readOcspRequest(octets: Uint8Array): OcspRequest {
  const outer = DerReader.over(octets, LIMITS);
  const request = outer.sequence();
  outer.end();
  const tbs = request.sequence();
  if (request.tag === explicit(0)) request.element();
  request.end();
  const version = tbs.enterIf(explicit(0));
  if (version && version.smallInteger() !== 0) throw new DerError('not version 1');
  if (tbs.tag === explicit(1)) tbs.element();
  const ids = tbs.sequence().each(MOST_IDS, readId);
  if (ids.length === 0) throw new DerError('a request for no certificate');
  const wrapped = tbs.enterIf(explicit(2));
  const nonce = wrapped && readNonce(understood(readExtensions(wrapped)));
  tbs.end();
  return { ids, ...(nonce && { nonce }) };
}

function readId(list: DerReader): CertId {
  const request = list.sequence();
  const der = request.raw(TAG.sequence);
  const wrapped = request.enterIf(explicit(0));
  if (wrapped) understood(readExtensions(wrapped));
  request.end();
  const id = DerReader.over(der, LIMITS).sequence();
  const algorithm = id.sequence();
  const hashOid = algorithm.oid();
  const [issuerNameHash, issuerKeyHash] = [id.octetString(), id.octetString()];
  const serial = serialText(id.integer());
  id.end();
  return { der, hashOid, issuerNameHash, issuerKeyHash, serial };
}

/** A critical extension changes what is asked, so one that is not known is refused. */
function understood(extensions: readonly Extension[]): readonly Extension[] {
  const unknown = extensions.find(({ oid, critical }) => critical && oid !== OID.ocspNonce);
  if (unknown) throw new DerError(`the critical extension ${unknown.oid}`);
  return extensions;
}

/** RFC 9654 2.1: octets that a nonce has, and those up to which it is repeated. */
const MOST_NONCE = 128;
const REPEATED_NONCE = 32;

/** Undefined for one that is longer than what is repeated: the answer then has none. Throws DerError for an empty or longer one. */
function readNonce(extensions: readonly Extension[]): Uint8Array | undefined {
  const extension = findExtension(extensions, OID.ocspNonce);
  if (!extension) return undefined;
  const reader = DerReader.over(extension.value, LIMITS);
  const nonce = reader.octetString();
  reader.end();
  if (nonce.length === 0 || nonce.length > MOST_NONCE) throw new DerError(`a nonce of ${nonce.length} octets`);
  return nonce.length <= REPEATED_NONCE ? nonce : undefined;
}
