/** The raw query string of old clients (RFC 8894 4.1): parameter names in any letter case, and `+` is not a space. */

/** The first value of a parameter, percent-decoded once and with `+` unchanged; undefined when absent. */
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

/** Decodes valid escapes to Latin-1 characters and leaves the rest: an invalid escape must not become an error. */
export const percentDecoded = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
