/**
 * Subject templates, such as `CN={{UserName}},E={{EmailAddress}},O=Contoso`. A template is split into RDNs first and values are put in later, so that
 * no value can become an RDN, whatever characters it has.
 */
import { catchDerError } from '../asn1/limits.ts';
import { TAG } from '../asn1/tags.ts';
import { sequence, setOf } from '../asn1/writer.ts';
import { MOST_CHARACTERS } from '../pkix/attribute-bounds.ts';
import { certifiedName, textFault } from '../pkix/certified-name.ts';
import { ATTRIBUTES, attributeName, attributeType, nameAttribute } from '../pkix/name.ts';
import {
  filledIn,
  TemplateError,
  type TemplatePiece,
  type TemplateRules,
  type TemplateValues,
  variablePiece,
} from './template-variables.ts';

/** One attribute: its type, a dotted OID, and the pieces of its value. */
export type AttributeTemplate = { type: string; pieces: readonly TemplatePiece[] };
/** The RDNs in the order of the template. */
export type SubjectTemplate = readonly (readonly AttributeTemplate[])[];

type Cursor = { text: string; at: number };

/** What matches at the cursor, which moves behind it. `pattern` is sticky. */
function taken(cursor: Cursor, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found) cursor.at = pattern.lastIndex;
  return found;
}

const TYPE = /\s*([a-z][a-z0-9]*|\d+(?:\.\d+)+)\s*=\s*/iy;
const VARIABLE = /\{\{([^{}]*)\}\}/y;
const OCTETS = /(?:\\[0-9a-f]{2})+/iy;
const ESCAPED = /\\([\\",;+<>=#{} ])/y;
const OUTSIDE = /[^\\",;+{]+|\{(?!\{)/y;
const INSIDE = /[^\\"{]+|\{(?!\{)/y;

const wrong = ({ text, at }: Cursor, what: string): TemplateError =>
  new TemplateError(
    `the subject template has ${what} at character ${at + 1}: ${JSON.stringify(text.slice(at, at + 40))}`,
  );

/**
 * Reads a template in the form of CertStrToName and RFC 4514: RDNs between `,` or `;`, several attributes of one RDN joined by `+`, values as they are, in double quotes (`""` is
 * one), or with a backslash before a special character. Throws TemplateError that says where for anything else, and for an unknown variable or attribute.
 */
export function parseSubjectTemplate(text: string): SubjectTemplate {
  const cursor = { text, at: 0 };
  const rdns: AttributeTemplate[][] = [];
  do {
    const rdn: AttributeTemplate[] = [];
    do rdn.push(attributeAt(cursor));
    while (taken(cursor, /\s*\+/y));
    rdns.push(rdn);
  } while (taken(cursor, /\s*[,;]/y));
  if (cursor.at < text.length) throw wrong(cursor, 'something unexpected');
  return rdns;
}

function attributeAt(cursor: Cursor): AttributeTemplate {
  const start = cursor.at;
  const name = taken(cursor, TYPE)?.[1] ?? '';
  const type = attributeType(name);
  if (type === undefined) throw wrong({ ...cursor, at: start }, 'no known attribute');
  const pieces = taken(cursor, /"/y) ? quotedAt(cursor) : plainAt(cursor);
  if (pieces.length === 0) throw wrong({ ...cursor, at: start }, 'an attribute without a value');
  return { type, pieces };
}

function plainAt(cursor: Cursor): TemplatePiece[] {
  if (cursor.text[cursor.at] === '#') throw wrong(cursor, 'a # that begins a value and has no backslash');
  const pieces: TemplatePiece[] = [];
  for (let piece = pieceAt(cursor, OUTSIDE); piece; piece = pieceAt(cursor, OUTSIDE)) pieces.push(piece);
  return pieces;
}

function quotedAt(cursor: Cursor): TemplatePiece[] {
  const pieces: TemplatePiece[] = [];
  for (;;) {
    const piece = taken(cursor, /""/y) ? { text: '"' } : pieceAt(cursor, INSIDE);
    if (piece) pieces.push(piece);
    else if (taken(cursor, /"\s*/y)) return pieces;
    else throw wrong(cursor, 'a value whose quotes are not closed');
  }
}

/** The next piece of a value; undefined where it ends. Spaces at the end of a value without quotes are no part of it. */
function pieceAt(cursor: Cursor, ordinary: RegExp): TemplatePiece | undefined {
  const variable = taken(cursor, VARIABLE);
  if (variable) return variablePiece(variable[1] ?? '');
  const octets = taken(cursor, OCTETS);
  if (octets) return { text: utf8(octets[0].replaceAll('\\', '')) };
  const escaped = taken(cursor, ESCAPED);
  if (escaped) return { text: escaped[1] ?? '' };
  if (cursor.text.startsWith('{{', cursor.at)) throw wrong(cursor, 'a {{ without }}');
  if (cursor.text[cursor.at] === '\\')
    throw wrong(cursor, 'a backslash before no special character (two stand for one)');
  const found = taken(cursor, ordinary)?.[0];
  if (found?.includes('}}')) throw wrong(cursor, 'a }} without {{');
  return found === undefined ? undefined : textPiece(cursor, found, ordinary);
}

function textPiece(cursor: Cursor, found: string, ordinary: RegExp): TemplatePiece | undefined {
  const isLast = ordinary === OUTSIDE && /^(?:[,;+]|$)/.test(cursor.text.slice(cursor.at, cursor.at + 1));
  const text = isLast ? found.trimEnd() : found;
  return text === '' ? undefined : { text };
}

function utf8(hex: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(hex, 'hex'));
  } catch {
    throw new TemplateError(`the subject template has octets that are not UTF-8: ${hex}`);
  }
}

/** With the street, which X.520 annex C bounds too. Characters of a value. */
const BOUNDS: ReadonlyMap<string, number> = new Map([...MOST_CHARACTERS, [ATTRIBUTES.street, 128]]);

/**
 * The subject, a Name, DER: the last RDN of the template first, as RFC 4514 has it. Throws TemplateError for a missing value, a value that is too long, a
 * country that is not two letters, an address for `E` outside ASCII, and control characters.
 */
export function renderSubject(template: SubjectTemplate, values: TemplateValues, rules: TemplateRules): Uint8Array {
  const rdns = template.map((rdn) => setOf(...rdn.map((each) => attributeDer(each, values, rules))));
  return catchDerError(
    () => certifiedName(sequence(...rdns.toReversed())),
    () => {
      throw new TemplateError('the subject has the same attribute with the same value twice in one RDN');
    },
  );
}

function attributeDer({ type, pieces }: AttributeTemplate, values: TemplateValues, rules: TemplateRules): Uint8Array {
  const text = filledIn(pieces, values, rules);
  const fault = valueFault(type, text, rules);
  if (fault !== undefined) throw new TemplateError(`${attributeName(type)}=${templateText(pieces)}: ${fault}`);
  return nameAttribute(type, text);
}

function valueFault(type: string, text: string, { longNames }: TemplateRules): string | undefined {
  const { length } = Array.from(text);
  const bound = longNames ? Number.POSITIVE_INFINITY : BOUNDS.get(type);
  if (bound !== undefined && length > bound) return `${length} characters, and X.520 allows ${bound}`;
  if (type === ATTRIBUTES.C && !/^[a-z]{2}$/i.test(text)) return 'a country has two letters';
  if ((type === ATTRIBUTES.E || type === ATTRIBUTES.DC) && !/^[\x20-\x7e]*$/.test(text)) return 'it is outside ASCII';
  return textFault(TAG.utf8String, text);
}

/** The pieces as they stand in a template: values of a person are in no error. */
const templateText = (pieces: readonly TemplatePiece[]): string =>
  pieces.map((piece) => ('text' in piece ? piece.text : `{{${piece.variable}}}`)).join('');
