/** The URI of a key that lives elsewhere: what every scheme has in common. */
import { ConfigError } from '../core/errors.ts';
import { publicKeyHash } from '../pkix/public-key.ts';

/** `path`: what stands between the scheme and `?`, not decoded. `query`: decoded, without the pin. */
export type KeyUri = { scheme: string; path: string; query: ReadonlyMap<string, string>; pin?: string };

/** The attribute of the query by which a key is pinned: SHA-256 of its SubjectPublicKeyInfo, DER, in hexadecimal. */
export const PIN_ATTRIBUTE = 'spki-sha256';

/** Throws ConfigError, which names attributes and never a value: it may be a PIN. */
export function readKeyUri(uri: string): KeyUri {
  const { scheme = '', path = '', query = '' } = URI.exec(uri)?.groups ?? {};
  const attributes = attributesOf(query, '&');
  const pin = attributes.get(PIN_ATTRIBUTE)?.toLowerCase();
  attributes.delete(PIN_ATTRIBUTE);
  if (pin !== undefined && !/^[0-9a-f]{64}$/.test(pin))
    throw new ConfigError(
      `\`${PIN_ATTRIBUTE}\` of a key is not 64 hexadecimal digits`,
      'It is the SHA-256 of the public key: `openssl pkey -pubin -outform DER -in key.pub | sha256sum`.',
    );
  return { scheme: scheme.toLowerCase(), path, query: attributes, ...(pin !== undefined && { pin }) };
}

const URI = /^(?<scheme>[a-z][a-z\d+.-]+):(?<path>[^?]*)(?:\?(?<query>.*))?$/is;

/** `name=value` pairs of a URI, decoded. Throws ConfigError for one that is written twice or cannot be decoded. */
export function attributesOf(text: string, separator: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const each of text.split(separator).filter(Boolean)) {
    const at = each.indexOf('=');
    const name = at < 0 ? each : each.slice(0, at);
    if (attributes.has(name)) throw new ConfigError(`\`${shown(name)}\` stands twice in a key`, 'Write it once.');
    attributes.set(name, decoded(name, at < 0 ? '' : each.slice(at + 1)));
  }
  return attributes;
}

function decoded(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ConfigError(
      `\`${shown(name)}\` of a key cannot be decoded`,
      'Write `%` as `%25`, and other octets as `%` and two hexadecimal digits (RFC 3986).',
    );
  }
}

/** Throws ConfigError for an attribute that the scheme does not have. */
export function assertKnown(attributes: ReadonlyMap<string, string>, known: readonly string[], scheme: string): void {
  for (const name of attributes.keys())
    if (!known.includes(name))
      throw new ConfigError(
        `a key with \`${scheme}:\` has no attribute \`${shown(name)}\``,
        `It has ${[...known, PIN_ATTRIBUTE].map((each) => `\`${each}\``).join(', ')}.`,
      );
}

/** A name in an error: what is longer may be a secret that was written in the wrong place. */
const shown = (name: string): string => (/^[a-z0-9-]{1,20}$/i.test(name) ? name : '…');

/** Throws ConfigError when the key is another one than the pinned one. */
export function assertPinned(spki: Uint8Array, pin: string | undefined, what: string): void {
  const found = publicKeyHash(spki);
  if (pin === undefined || found === pin) return;
  throw new ConfigError(
    `${what} is another one: the SHA-256 of its public key is ${found}, and \`${PIN_ATTRIBUTE}\` says ${pin}`,
    'Find out who replaced the key before you change the pin.',
  );
}
