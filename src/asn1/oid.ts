/** Converts OBJECT IDENTIFIERs between content octets (X.690 8.19) and the dotted form. */
import { DerError } from './limits.ts';

/** No standard has longer ones. Servers have hung on an OBJECT IDENTIFIER of a megabyte. */
const MOST_OCTETS = 64;

/** The dotted form of content octets. Throws DerError when they are not an OBJECT IDENTIFIER or exceed 64 octets. */
export function oidText(content: Uint8Array): string {
  if (content.length === 0 || content.length > MOST_OCTETS) throw new DerError('OBJECT IDENTIFIER of unusable length');
  let text = '';
  let arc: number | bigint = 0;
  let fresh = true;
  for (const octet of content) {
    if (fresh && octet === 0x80) throw new DerError('OBJECT IDENTIFIER arc not minimal');
    arc = appended(arc, octet & 0x7f);
    fresh = octet < 0x80;
    if (!fresh) continue;
    text += text === '' ? firstArcs(arc) : `.${arc}`;
    arc = 0;
  }
  if (!fresh) throw new DerError('OBJECT IDENTIFIER truncated');
  return text;
}

// Every request reads about thirty OIDs: plain numbers while they are exact, BigInt beyond.
const appended = (arc: number | bigint, bits: number): number | bigint =>
  typeof arc === 'number' && arc < 2 ** 46 ? arc * 128 + bits : BigInt(arc) * 128n + BigInt(bits);

function firstArcs(arc: number | bigint): string {
  if (typeof arc === 'bigint') return `2.${arc - 80n}`;
  return arc < 80 ? `${Math.floor(arc / 40)}.${arc % 40}` : `2.${arc - 80}`;
}

/** The content octets of a dotted form. Throws DerError when `text` is not a dotted OBJECT IDENTIFIER. */
export function oidContent(text: string): Uint8Array {
  if (!/^[012](\.(0|[1-9]\d*))+$/.test(text)) throw new DerError(`not an OBJECT IDENTIFIER: ${text.slice(0, 80)}`);
  const [first = '', second = '', ...rest] = text.split('.');
  if (first !== '2' && (second.length > 2 || Number(second) > 39))
    throw new DerError(`not an OBJECT IDENTIFIER: ${text.slice(0, 80)}`);
  const octets: number[] = [];
  pushArc(octets, BigInt(second) + 40n * BigInt(first));
  for (const arc of rest) pushArc(octets, arc.length < 16 ? Number(arc) : BigInt(arc));
  return Uint8Array.from(octets);
}

/** Base 128, most significant first, all but the last with the high bit. */
function pushArc(octets: number[], arc: number | bigint): void {
  if (typeof arc === 'bigint' && arc < 2n ** 46n) return pushArc(octets, Number(arc));
  let rest = typeof arc === 'bigint' ? arc >> 7n : Math.floor(arc / 128);
  const groups = [Number(typeof arc === 'bigint' ? arc & 0x7fn : arc % 128)];
  for (; rest > 0; rest = typeof rest === 'bigint' ? rest >> 7n : Math.floor(rest / 128))
    groups.push(0x80 | Number(typeof rest === 'bigint' ? rest & 0x7fn : rest % 128));
  octets.push(...groups.toReversed());
}

const MOST_31_BITS = 0x7fff_ffff;

/**
 * Whether a number of a dotted OID is encoded in more than 31 bits, which Go cannot read. The first two numbers are one:
 * 40 times the first, and the second (X.690 8.19.4).
 */
export function isBeyond31Bits(oid: string): boolean {
  const [first = 0, second = 0, ...others] = oid.split('.').map(Number);
  return [40 * first + second, ...others].some((number) => number > MOST_31_BITS);
}
