/** Reads the certificate revocation list of a CA that is not ours (RFC 5280 5). */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DerError, type Limits } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, TAG } from '../asn1/tags.ts';
import type { CaCertificate } from '../ca/ca-certificate.ts';
import { serialText } from '../pkix/certificate.ts';
import { findExtension, readExtensions } from '../pkix/extensions.ts';
import { nameText, sameName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { readSignatureAlgorithm, verifyLongSignature } from '../pkix/signature.ts';

/** A full list that the CA signed. `revoked`: serial numbers as in `serialText`. */
export type ReadList = { thisUpdate: Date; nextUpdate: Date; revoked: ReadonlySet<string> };

/** When a list of ours was made and ends. `number`: RFC 5280 5.2.3; absent where it has none. */
export type ListTimes = { thisUpdate: Date; nextUpdate: Date; number?: number };

/** Reads these of a list that this server has signed, DER, and no entry. Throws DerError when it is malformed. */
export function listTimes(list: Uint8Array): ListTimes {
  const limits = { ...LIMITS, size: list.length };
  const tbs = DerReader.over(DerReader.over(list, limits).sequence().raw(TAG.sequence), limits).sequence();
  if (tbs.tag === TAG.integer) tbs.smallInteger();
  tbs.raw(TAG.sequence);
  tbs.raw(TAG.sequence);
  const times = { thisUpdate: tbs.time(), nextUpdate: tbs.time() };
  if (tbs.tag === TAG.sequence) tbs.element();
  const extensions = tbs.tag === explicit(0) ? readExtensions(tbs.enter(explicit(0))) : [];
  const number = findExtension(extensions, OID.cRLNumber)?.value;
  return { ...times, ...(number && { number: Number(`0x${serialText(DerReader.over(number).integer())}`) }) };
}

/** Octets of a list: about half a million entries. */
export const LONGEST_LIST = 16 * 1024 * 1024;

/** An entry has up to ten elements; the shortest has 20 octets. */
const LIMITS: Limits = { depth: 16, nodes: LONGEST_LIST / 2, size: LONGEST_LIST };

/**
 * `list` is DER or PEM. Throws DerError when it is malformed or longer than LONGEST_LIST, and Error, which says why, when it
 * is not a full list of this CA: of another CA, signed with another key or with SHA-1, without nextUpdate, or with a
 * critical extension, as deltas and parts of a list have one.
 */
export async function readList(
  list: Uint8Array,
  ca: Pick<CaCertificate, 'subject' | 'publicKey' | 'text'>,
): Promise<ReadList> {
  const { tbs, issuer, ...times } = await readOuter(list, ca);
  if (!sameName(issuer, ca.subject)) throw new Error(`it is a list of ${nameText(issuer)}, not of ${ca.text}`);
  return { ...times, revoked: await serialsIn(tbs) };
}

type Outer = { tbs: DerReader; issuer: Uint8Array; thisUpdate: Date; nextUpdate: Date };

/** `tbs` stands before revokedCertificates. Throws as `readList`. */
async function readOuter(list: Uint8Array, ca: Pick<CaCertificate, 'publicKey' | 'text'>): Promise<Outer> {
  const signed = DerReader.over(listOctets(list), LIMITS).sequence();
  const data = signed.raw(TAG.sequence);
  const algorithm = readSignatureAlgorithm(signed.sequence());
  const signature = signed.bitString();
  signed.end();
  if (algorithm?.digest === 'sha1') throw new Error('it is signed with SHA-1');
  if (!algorithm || !(await verifyLongSignature({ algorithm, key: ca.publicKey.key, data, signature })))
    throw new Error(`it is not signed with the key of ${ca.text}`);
  const tbs = DerReader.over(data, LIMITS).sequence();
  if (tbs.tag === TAG.integer) tbs.smallInteger();
  tbs.raw(TAG.sequence);
  const issuer = tbs.raw(TAG.sequence);
  const thisUpdate = tbs.time();
  if (tbs.tag !== TAG.utcTime && tbs.tag !== TAG.generalizedTime) throw new Error('it has no nextUpdate');
  return { tbs, issuer, thisUpdate, nextUpdate: tbs.time() };
}

/** Entries that are read before other work gets its turn: a few milliseconds. */
const AT_ONCE = 500;

async function serialsIn(tbs: DerReader): Promise<Set<string>> {
  const revoked = new Set<string>();
  const entries = tbs.enterIf(TAG.sequence);
  for (let read = 1; entries && !entries.done; read++) {
    revoked.add(serialText(entries.sequence().integer()));
    if (read % AT_ONCE === 0) await nextTurn();
  }
  const extensions = tbs.tag === explicit(0) ? readExtensions(tbs.enter(explicit(0))) : [];
  tbs.end();
  const critical = extensions.find((extension) => extension.critical);
  if (critical)
    throw new Error(`it has the critical extension ${critical.oid}, so it may not be a full list of all certificates`);
  return revoked;
}

const PEM = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/;

/** A list as DER, from DER or PEM. Throws DerError when it is neither, and when it is longer than LONGEST_LIST. */
export function listOctets(list: Uint8Array): Uint8Array {
  if (list.length > LONGEST_LIST) throw new DerError(`${list.length} octets exceed the limit of ${LONGEST_LIST}`);
  if (list[0] === TAG.sequence) return list;
  const base64 = PEM.exec(Buffer.from(list).toString('latin1'))?.[1];
  if (base64 === undefined) throw new DerError('not a revocation list in DER or PEM');
  return Buffer.from(base64, 'base64');
}
