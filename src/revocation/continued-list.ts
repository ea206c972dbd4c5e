/** The entries and the number of an earlier list of ours, for the next one: what an offline root has in place of a store. */
import { DerReader } from '../asn1/reader.ts';
import { explicit, TAG } from '../asn1/tags.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../core/issuer.ts';
import { findExtension, readExtensions } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import type { Revocation } from './list-entries.ts';
import { listOctets } from './read-list.ts';

/** `number`: its cRLNumber, 0 when it has none. The ends of the certificates are not in a list, so none is ever left out. */
export type EarlierEntries = { revoked: Revocation[]; number: number };

const NEVER = new Date('9999-12-31T23:59:59Z');
/** More CAs than any root has above it. */
const MOST_ENTRIES = 10_000;

/** Reads a list, DER or PEM, whose signature was verified by `readList`. Throws DerError. */
export function earlierEntries(list: Uint8Array): EarlierEntries {
  const tbs = DerReader.over(listOctets(list)).sequence().sequence();
  if (tbs.tag === TAG.integer) tbs.smallInteger();
  tbs.raw(TAG.sequence);
  tbs.raw(TAG.sequence);
  tbs.time();
  tbs.time();
  const revoked = tbs.enterIf(TAG.sequence)?.each(MOST_ENTRIES, (entries) => entryOf(entries.sequence())) ?? [];
  const extensions = tbs.tag === explicit(0) ? readExtensions(tbs.enter(explicit(0))) : [];
  const number = findExtension(extensions, OID.cRLNumber)?.value;
  return { revoked, number: number ? DerReader.over(number).smallInteger() : 0 };
}

function entryOf(entry: DerReader): Revocation {
  const serialNumber = entry.integer();
  const revokedAt = entry.time();
  const extensions = entry.done ? [] : readExtensions(entry);
  const code = findExtension(extensions, OID.reasonCode)?.value;
  return { serialNumber, revokedAt, reason: code ? reasonOf(code) : 'unspecified', notAfter: NEVER };
}

function reasonOf(value: Uint8Array): RevocationReason {
  const code = DerReader.over(value).read(TAG.enumerated)[0];
  const names = Object.keys(REVOCATION_REASONS) as RevocationReason[];
  return names.find((name) => REVOCATION_REASONS[name] === code) ?? 'unspecified';
}
