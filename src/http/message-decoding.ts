/** Decodes PKIOperation messages from HTTP: every known form of base64 with GET; DER, BER or text with POST. */
import { HttpError } from '../core/errors.ts';
import { percentDecoded } from './query.ts';

/**
 * The `message` of a GET. Seen: iOS sends '+' and '/' as they are; proxies turn '+' into ' '; Cisco, sscep and
 * strongSwan wrap at 64 columns; micromdm used the URL alphabet without padding; some encode twice.
 * Throws HttpError `message_undecodable`.
 */
export function messageFromQuery(value: string | undefined): Uint8Array {
  if (!value) throw new HttpError('message_undecodable', 'GET without message');
  const once = value.includes('%') ? percentDecoded(value) : value;
  // A space inside a line was a '+', because base64 has no spaces. Line breaks come from wrapping.
  return fromBase64(once.replace(/[\r\n\t]/g, '').replaceAll(' ', '+'));
}

const SEQUENCE = 0x30;

/** The body of a POST: DER or BER as specified, or base64 text or PEM. Throws HttpError `message_undecodable`. */
export function messageFromBody(body: Uint8Array | undefined): Uint8Array {
  if (!body?.length) throw new HttpError('message_undecodable', 'POST without body');
  if (body[0] === SEQUENCE) return body;
  if (body.length > LONGEST_TEXT)
    throw new HttpError('message_too_large', `text of ${body.length} octets; messages of more than 192 KB are binary`);
  return fromBase64(unwrapped(withoutSpace(body)));
}

/** Octets. Text costs more to decode than DER, and the clients that send it send short messages. */
const LONGEST_TEXT = 256 * 1024;
const SPACE = 0x20;

/** The text without white space and control characters, latin1. */
function withoutSpace(body: Uint8Array): string {
  const text = Buffer.allocUnsafe(body.length);
  let length = 0;
  for (const octet of body) if (octet > SPACE) text[length++] = octet;
  return text.toString('latin1', 0, length);
}

const BEGIN = '-----BEGIN';
const DASHES = '-----';

/** The text between the two lines of PEM, or all of it without them. Reads each octet once. */
function unwrapped(text: string): string {
  const begin = text.indexOf(BEGIN);
  if (begin < 0) return text;
  const label = text.indexOf(DASHES, begin + BEGIN.length);
  const end = label < 0 ? -1 : text.indexOf('-----END', label + DASHES.length);
  if (end < 0) throw new HttpError('message_undecodable', 'PEM without its last line');
  return text.slice(label + DASHES.length, end);
}

function fromBase64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) throw new HttpError('message_undecodable', 'neither DER nor base64');
  return Buffer.from(text, 'base64');
}
