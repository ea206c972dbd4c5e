/** The CAs of one responder, and which of them a CertID means (RFC 6960 4.1.1). */
import { hash } from 'node:crypto';
import { DerReader } from '../asn1/reader.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { type IssuerIdentity, issuerIdentity } from '../pkix/issuer-id.ts';
import type { CertId } from './ocsp-request.ts';
import type { OcspSigner } from './ocsp-response.ts';

/** A CA that is answered for. `signer` is asked for each answer; undefined while there is none. */
export type OcspCa = { certificate: Uint8Array; signer: () => OcspSigner | undefined };

/** A CA with its identity in the store. */
export type ServedCa = OcspCa & { identity: IssuerIdentity };

/** The hashes by which clients name a CA. RFC 5019 knows SHA-1 alone; RFC 9919 demands SHA-256 too. */
const HASHES = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
} as const;

/** Finds the CA that a CertID means; undefined for a CA that is not served here. Throws DerError for a malformed certificate. */
export function servedCas(cas: readonly OcspCa[]): (id: CertId) => ServedCa | undefined {
  const byHashes = new Map<string, ServedCa>();
  for (const ca of cas) {
    const served = { ...ca, identity: issuerIdentity(ca.certificate) };
    for (const key of keysOf(ca.certificate)) if (!byHashes.has(key)) byHashes.set(key, served);
  }
  return ({ hashOid, issuerNameHash, issuerKeyHash }) => byHashes.get(keyOf(hashOid, issuerNameHash, issuerKeyHash));
}

function keysOf(certificate: Uint8Array): string[] {
  const { subject, spki } = readCertificate(certificate);
  const info = DerReader.over(spki).sequence();
  info.element();
  const key = info.bitString();
  return Object.entries(HASHES).map(([oid, name]) =>
    keyOf(oid, hash(name, subject, 'buffer'), hash(name, key, 'buffer')),
  );
}

const keyOf = (oid: string, name: Uint8Array, key: Uint8Array): string =>
  `${oid} ${Buffer.from(name).toString('latin1')} ${Buffer.from(key).toString('latin1')}`;
