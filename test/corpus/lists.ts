/** Revocation lists and OCSP responses of the corpus, of each shape that there is. */
import { createHash } from 'node:crypto';
import { nullValue, octetString, oid, sequence, unsignedInteger } from '../../src/asn1/writer.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../src/core/issuer.ts';
import { type CertStatus, responseWriter, type SingleResponse } from '../../src/ocsp/ocsp-response.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { DerReader } from '../../src/asn1/reader.ts';
import { writeCrl } from '../../src/revocation/certificate-list.ts';
import type { Revocation } from '../../src/revocation/list-entries.ts';
import { type CorpusCa, NOW } from './authorities.ts';

const DAY = 86_400_000;
const REASONS = Object.keys(REVOCATION_REASONS) as RevocationReason[];
const before = (days: number): Date => new Date(NOW.getTime() - days * DAY);
const later = (days: number): Date => new Date(NOW.getTime() + days * DAY);

const serialOf = (n: number): Buffer => Buffer.from((0x10_0000 + n).toString(16), 'hex');

const revoked = (n: number, reason: RevocationReason): Revocation => ({
  serialNumber: serialOf(n),
  revokedAt: before(1),
  reason,
  notAfter: later(100),
});

const LISTS: Readonly<Record<string, readonly Revocation[]>> = {
  'no entry': [],
  ...Object.fromEntries(REASONS.map((reason, n) => [`reason ${reason}`, [revoked(n, reason)]])),
  'a thousand entries': Array.from({ length: 1000 }, (_, n) => revoked(n, REASONS[n % REASONS.length]!)),
};

/** The URL of a shard, as the certificates of the option `in a shard` have it. */
export const shardUrl = (n: number): string => `http://pki.example.com/crl/issuing/${n}.crl`;

const SHARDS = {
  'shard 1': { revoked: [revoked(1, 'keyCompromise')], onlyAt: [shardUrl(1)] },
  'shard 1 with two URLs': { revoked: [], onlyAt: [shardUrl(1), 'http://other.example.com/crl/issuing/1.crl'] },
  'shard 2': { revoked: [], onlyAt: [shardUrl(2)] },
};

/** The lists of one CA, and that of its root, DER. */
export async function corpusLists({ issuing, root }: CorpusCa): Promise<Map<string, Uint8Array>> {
  const plan = { thisUpdate: NOW, validity: 7 * DAY, number: 4711 };
  const all = new Map<string, Uint8Array>();
  for (const [name, entries] of Object.entries(LISTS))
    all.set(name, await writeCrl({ ...plan, issuer: issuing, revoked: entries }));
  for (const [name, shard] of Object.entries(SHARDS))
    all.set(name, await writeCrl({ ...plan, issuer: issuing, ...shard }));
  all.set('of the root', await writeCrl({ ...plan, issuer: root, revoked: [] }));
  return all;
}

const HASHES = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1' } as const;

function certId(ca: CorpusCa, n: number, hash: keyof typeof HASHES = 'sha1'): Uint8Array {
  const { subject, spki } = readCertificate(ca.issuing.certificate);
  const info = DerReader.over(spki).sequence();
  info.element();
  const digest = (octets: Uint8Array): Uint8Array => octetString(createHash(hash).update(octets).digest());
  const serial = unsignedInteger(serialOf(n));
  return sequence(sequence(oid(HASHES[hash]), nullValue), digest(subject), digest(info.bitString()), serial);
}

const STATUSES: Readonly<Record<string, CertStatus>> = {
  good: { kind: 'good' },
  unknown: { kind: 'unknown' },
  'not issued': { kind: 'not issued' },
  ...Object.fromEntries(
    REASONS.map((reason) => [`revoked ${reason}`, { kind: 'revoked', at: before(1), reason } as const]),
  ),
};

/** The responses of one CA, DER, by each kind of signer. */
export async function corpusResponses(ca: CorpusCa): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>();
  const single = (status: CertStatus, id = certId(ca, 1)): SingleResponse => ({
    certId: id,
    status,
    thisUpdate: NOW,
    nextUpdate: later(1),
  });
  const several = Object.values(STATUSES).map((status, n) => single(status, certId(ca, n)));
  for (const [kind, signer] of Object.entries(ca.ocspSigners)) {
    const write = responseWriter(signer);
    const add = async (name: string, responses: readonly SingleResponse[], nonce?: Uint8Array): Promise<void> =>
      void all.set(`${name}, ${kind} signer`, await write({ producedAt: NOW, responses, nonce }));
    for (const [name, status] of Object.entries(STATUSES)) await add(name, [single(status)]);
    await add('SHA-256', [single({ kind: 'good' }, certId(ca, 1, 'sha256'))]);
    await add('a nonce', [single({ kind: 'good' })], Buffer.alloc(32, 7));
    await add('several', several);
  }
  return all;
}
