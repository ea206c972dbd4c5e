/** Reads the character string types of X.680 41 as text. */
import { DerError } from './limits.ts';
import { TAG } from './tags.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const latin1 = (content: Uint8Array): string =>
  Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1');

function bmpText(content: Uint8Array): string {
  if (content.length % 2 !== 0) throw new DerError('BMPString of uneven length');
  return Buffer.from(content).swap16().toString('utf16le');
}

function universalText(content: Uint8Array): string {
  if (content.length % 4 !== 0) throw new DerError('UniversalString of uneven length');
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  let text = '';
  for (let at = 0; at < content.length; at += 4) {
    const code = view.getUint32(at);
    if (code > 0x10ffff) throw new DerError('UniversalString with a character out of range');
    text += String.fromCodePoint(code);
  }
  return text;
}

function utf8Text(content: Uint8Array): string {
  try {
    return utf8.decode(content);
  } catch {
    throw new DerError(`malformed UTF8String${firstMalformed(content)}`);
  }
}

/** The first octet that is not UTF-8, for a log. */
function firstMalformed(content: Uint8Array): string {
  const at = Buffer.from(content).toString('utf8').indexOf('\ufffd');
  const before = Buffer.byteLength(Buffer.from(content).toString('utf8').slice(0, at));
  const octet = content[before];
  return at < 0 || octet === undefined ? '' : `: octet 0x${octet.toString(16).padStart(2, '0')}`;
}

/** T61String is read as Latin-1, because that is what the writers that still use it put into it. */
const DECODERS: ReadonlyMap<number, (content: Uint8Array) => string> = new Map([
  [TAG.utf8String, utf8Text],
  [TAG.numericString, latin1],
  [TAG.printableString, latin1],
  [TAG.t61String, latin1],
  [TAG.ia5String, latin1],
  [TAG.visibleString, latin1],
  [TAG.bmpString, bmpText],
  [TAG.universalString, universalText],
]);

/** Whether the tag is one of the character string types that `stringText` reads. */
export const isString = (tag: number): boolean => DECODERS.has(tag);

/** The text of a character string. Throws DerError on any other tag and on malformed content. */
export function stringText(tag: number, content: Uint8Array): string {
  const decode = DECODERS.get(tag);
  if (!decode) throw new DerError(`tag 0x${tag.toString(16)} is not a character string`);
  return decode(content);
}

/** Whether every character is in the alphabet of PrintableString (X.680 41.4). */
export const isPrintable = (text: string): boolean => /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text);
