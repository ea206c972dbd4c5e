/** Writes the nameConstraints of a CA (RFC 5280 4.2.1.10) from text, in the words in which `constraintsText` shows them. */
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, implicit, TAG } from '../asn1/tags.ts';
import { encode, ia5String, sequence } from '../asn1/writer.ts';
import type { Extension } from '../core/request.ts';
import { generalNameFromText } from '../pkix/general-name.ts';
import { nameFromText } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';

/** Subtrees as text: `dns:example.com`, `email:example.com`, `uri:.example.com`, `ip:10.0.0.0/8` or `directory:O=Example`. */
export type NameSubtrees = { permit: readonly string[]; exclude: readonly string[] };

/** The extension, critical as RFC 5280 demands; undefined without a subtree. Throws DerError for text that is none. */
export function nameConstraints({ permit, exclude }: NameSubtrees): Extension | undefined {
  const lists = [listOf(0, permit), listOf(1, exclude)].filter((list) => list !== undefined);
  if (lists.length === 0) return undefined;
  return { oid: OID.nameConstraints, critical: true, value: sequence(...lists) };
}

/** `minimum` has its default, 0, which DER leaves out. */
const listOf = (choice: number, subtrees: readonly string[]): Uint8Array | undefined =>
  subtrees.length === 0
    ? undefined
    : encode(explicit(choice), ...subtrees.map((text) => sequence(subtreeFromText(text))));

const FORMS: ReadonlyMap<string, (base: string) => Uint8Array> = new Map([
  ['dns', (base) => ascii(2, base)],
  ['email', (base) => ascii(1, base)],
  ['uri', (base) => ascii(6, hostOnly(base))],
  ['directory', (base) => encode(explicit(4), nameFromText(base))],
  ['ip', (base) => encode(implicit(7), range(base))],
]);

function subtreeFromText(text: string): Uint8Array {
  const [, form = '', base = ''] = /^([a-z]+):(\S.*)$/s.exec(text) ?? [];
  const write = FORMS.get(form);
  if (!write)
    throw new DerError(
      `not a subtree of names: ${text.slice(0, 80)}; write ${[...FORMS.keys()].join(':, ')}: before it`,
    );
  return write(base);
}

const ascii = (choice: number, base: string): Uint8Array =>
  encode(implicit(choice), DerReader.over(ia5String(base)).read(TAG.ia5String));

/** RFC 5280 4.2.1.10: the constraint of a URI is on its host. */
function hostOnly(base: string): string {
  if (/[/:@]/.test(base)) throw new DerError(`not the host of a URI: ${base.slice(0, 80)}`);
  return base;
}

/** Address and mask, 8 or 32 octets. */
function range(text: string): Uint8Array {
  const [, address = '', digits = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const octets = DerReader.over(generalNameFromText(`ip:${address || text}`)).read(implicit(7));
  const bits = Number(digits);
  if (digits === '' || bits > octets.length * 8)
    throw new DerError(`not a range of addresses: ${text.slice(0, 80)}; write it as 10.0.0.0/8`);
  const mask = octets.map((_, at) => 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - 8 * at))));
  return Uint8Array.from([...octets.map((octet, at) => octet & (mask[at] ?? 0)), ...mask]);
}
