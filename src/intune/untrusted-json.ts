/** Other people's JSON and words: keys in any letter case, text without blobs and without end. */

/** A JSON object, or undefined for everything else: other JSON, HTML, nothing. */
export function parseObject(text: string): object | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // Not JSON is one of the answers this function gives; the caller says what was expected.
    return undefined;
  }
}

/** The value itself when it is a JSON object. */
export const asObject = (value: unknown): object | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;

/** The value under this key, the exact key first, then in any letter case: Microsoft's services differ in it. */
export function field(object: object | undefined, name: string): unknown {
  const entries = Object.entries(object ?? {});
  const wanted = name.toLowerCase();
  const entry = entries.find(([key]) => key === name) ?? entries.find(([key]) => key.toLowerCase() === wanted);
  return entry?.[1];
}

/** The same, when it is a string. */
export function textField(object: object | undefined, name: string): string | undefined {
  const value = field(object, name);
  return typeof value === 'string' ? value : undefined;
}

/** Longer than any GUID, name or word; challenges, requests and tokens are longer. */
const BLOB = /[A-Za-z0-9+/_-]{48,}={0,2}/g;

/**
 * Text of a service made fit for a log: a service may echo what it was sent, so everything that looks like base64
 * is withheld, control characters become spaces, and 500 characters are enough.
 */
export const quotable = (text: string): string =>
  text
    .replace(BLOB, '[withheld]')
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .slice(0, 500)
    .trim();
