/** Reads JSON of a remote service: keys in any letter case, and text redacted for a log. */

/** A JSON object, or undefined for everything else: other JSON, HTML, nothing. A byte order mark is left out (RFC 8259 8.1). */
export function parseObject(text: string): object | undefined {
  try {
    return asObject(JSON.parse(text.replace(/^\ufeff/, '')));
  } catch {
    // Expected: the caller reports what it wanted in place of this text.
    return undefined;
  }
}

/** A string of JSON, with the colon behind it when it is a key; or a bracket. */
const TOKENS = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;

/** The keys of a JSON object as they stand in its text, which `parseObject` has read: a repeated one is there each time. */
export function keysIn(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (const [token, name, colon] of text.matchAll(TOKENS)) {
    if (name === undefined) depth += token === '{' || token === '[' ? 1 : -1;
    else if (depth === 1 && colon !== undefined) keys.push(String(JSON.parse(name)));
  }
  return keys;
}

/** The value when it is a JSON object, not an array and not null; else undefined. */
export const asObject = (value: unknown): object | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;

/** The value of this key; the exact key first, then any letter case, because Microsoft's services differ. */
export function field(object: object | undefined, name: string): unknown {
  const entries = Object.entries(object ?? {});
  const wanted = name.toLowerCase();
  const entry = entries.find(([key]) => key === name) ?? entries.find(([key]) => key.toLowerCase() === wanted);
  return entry?.[1];
}

/** The value of this key when it is a string; the key is found as `field` does. */
export function textField(object: object | undefined, name: string): string | undefined {
  const value = field(object, name);
  return typeof value === 'string' ? value : undefined;
}

/** 48 characters are longer than any GUID or name, and shorter than any challenge, request or token. */
const BLOB = /[A-Za-z0-9+/_-]{48,}={0,2}/g;

/**
 * Text of a service, redacted for a log. A service may echo secrets that it was sent, so these are replaced, of any
 * length, and all that looks like base64. Control characters become spaces; at most 500 characters are kept.
 */
export const redacted = (text: string, sent: readonly string[]): string =>
  sent
    .reduce(withoutSecret, text)
    .replace(BLOB, '[withheld]')
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .slice(0, 500)
    .trim();

/** In any letter case, because a host name loses it, and also as a form writes it. */
const withoutSecret = (text: string, secret: string): string =>
  [secret, encodeURIComponent(secret), new URLSearchParams([['', secret]]).toString().slice(1)]
    .filter((form) => form !== '')
    .reduce((rest, form) => rest.replace(new RegExp(literally(form), 'gi'), '[withheld]'), text);

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
