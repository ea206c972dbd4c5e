/** PKIOperation messages out of HTTP: base64 in every dialect on GET, DER or text on POST. */
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
  // A space inside a line was a '+'; base64 itself has none. Line breaks are wrapping.
  return fromBase64(once.replace(/[\r\n\t]/g, '').replaceAll(' ', '+'));
}

const PEM = /-----BEGIN [^-]+-----([\s\S]*?)-----END [^-]+-----/;
const SEQUENCE = 0x30;

/** The body of a POST: DER or BER as it should be, else base64 text or PEM. Throws HttpError `message_undecodable`. */
export function messageFromBody(body: Uint8Array | undefined): Uint8Array {
  if (!body?.length) throw new HttpError('message_undecodable', 'POST without body');
  if (body[0] === SEQUENCE) return body;
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  return fromBase64((PEM.exec(text)?.[1] ?? text).replace(/\s/g, ''));
}

function fromBase64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) throw new HttpError('message_undecodable', 'neither DER nor base64');
  return Buffer.from(text, 'base64');
}
