/** The entries of a revocation list (RFC 5280 5.1.2.6), many at a time: a list can have a million. */
import { encode, headerSize, sequence, time, writeHeader } from '../asn1/writer.ts';
import { TAG } from '../asn1/tags.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../core/issuer.ts';
import { writeExtension } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';

/** An entry of the list, and when the certificate expires. */
export type Revocation = {
  /** Unsigned magnitude, big-endian. */
  serialNumber: Uint8Array;
  revokedAt: Date;
  reason: RevocationReason;
  notAfter: Date;
};

/** Octets of an entry without its serial number: headers, a GeneralizedTime, and a reason. */
const MOST_BESIDE_SERIAL = 64;

/** Writes entries. It keeps the last time that it wrote: those that were revoked together have the same. */
export function entryWriter(): (listed: readonly Revocation[]) => Uint8Array {
  let second = Number.NaN;
  let written: Uint8Array = new Uint8Array(0);

  function timeOf(at: Date): Uint8Array {
    const rounded = Math.floor(at.getTime() / 1000);
    if (rounded !== second) [second, written] = [rounded, time(at)];
    return written;
  }

  function write(der: Uint8Array, at: number, { serialNumber, revokedAt, reason }: Revocation): number {
    const skipped = leadingZeros(serialNumber);
    const magnitude = serialNumber.length - skipped;
    const padding = magnitude === 0 || (serialNumber[skipped] ?? 0) >= 0x80 ? 1 : 0;
    const when = timeOf(revokedAt);
    const extensions = ENTRY_EXTENSIONS[reason];
    const integer = magnitude + padding;
    const length = headerSize(integer) + integer + when.length + extensions.length;
    let next = writeHeader(der, writeHeader(der, at, TAG.sequence, length), TAG.integer, integer);
    if (padding > 0) der[next++] = 0;
    der.set(skipped > 0 ? serialNumber.subarray(skipped) : serialNumber, next);
    next += magnitude;
    der.set(when, next);
    der.set(extensions, next + when.length);
    return next + when.length + extensions.length;
  }

  return (listed) => {
    let room = 0;
    for (const { serialNumber } of listed) room += serialNumber.length + MOST_BESIDE_SERIAL;
    const der = Buffer.allocUnsafe(room);
    let at = 0;
    for (const each of listed) at = write(der, at, each);
    return der.subarray(0, at);
  };
}

function leadingZeros(octets: Uint8Array): number {
  let zeros = 0;
  while (octets[zeros] === 0) zeros++;
  return zeros;
}

const reasonCode = (reason: RevocationReason): Uint8Array =>
  writeExtension({
    oid: OID.reasonCode,
    critical: false,
    value: encode(TAG.enumerated, Uint8Array.of(REVOCATION_REASONS[reason])),
  });

/** RFC 5280 5.3.1: `unspecified` is expressed by no reason code. Encoded once, because entries repeat them. */
const ENTRY_EXTENSIONS = Object.fromEntries(
  (Object.keys(REVOCATION_REASONS) as RevocationReason[]).map((reason) => [
    reason,
    reason === 'unspecified' ? new Uint8Array(0) : sequence(reasonCode(reason)),
  ]),
) as Record<RevocationReason, Uint8Array>;
