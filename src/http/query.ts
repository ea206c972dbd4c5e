/** The raw query string of old clients (RFC 8894 4.1): parameter names in any case, `+` that means `+`. */

/** Value of a parameter, percent-decoded once and with `+` left alone; undefined when absent. First one wins. */
export function queryValue(url: string, name: string): string | undefined {
  const start = url.indexOf('?');
  if (start < 0) return undefined;
  for (const pair of url.slice(start + 1).split('&')) {
    const equals = pair.indexOf('=');
    const key = equals < 0 ? pair : pair.slice(0, equals);
    if (key.toLowerCase() === name) return equals < 0 ? '' : percentDecoded(pair.slice(equals + 1));
  }
  return undefined;
}

/** Decodes what is a valid escape and leaves the rest: a stray `%` must not turn into an error. */
export const percentDecoded = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
