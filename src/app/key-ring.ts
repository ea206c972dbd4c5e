/** Opens the keys that a configuration names by URI, and closes them again. */
import type { KeyProvider } from '../core/keys.ts';
import { ConfigError } from '../core/errors.ts';
import { keyFromPem } from '../keys/software.ts';
import { readPrivateFile } from './files.ts';

/** `what` says whose key it is, for errors: `the key of the issuing CA`. */
export type KeyPlace = { uri: string; passphrase?: string; what: string };

/** Opens what follows the scheme. Throws ConfigError. */
type Opener = (rest: string, place: KeyPlace) => Promise<KeyProvider>;

/** The schemes of key URIs. Another kind of key is another row. */
const OPENERS: ReadonlyMap<string, { form: string; open: Opener }> = new Map([
  [
    'file',
    {
      form: '`file:PATH` for a PEM file',
      open: async (path, { passphrase, what }) => keyFromPem(readPrivateFile(path, what).toString(), path, passphrase),
    },
  ],
]);

/** Opens one key. Throws ConfigError, which names the scheme and never the rest of an unknown URI: it may hold a PIN. */
export async function openKey(place: KeyPlace): Promise<KeyProvider> {
  const colon = place.uri.indexOf(':');
  const scheme = place.uri.slice(0, colon).toLowerCase();
  const opener = OPENERS.get(scheme);
  if (opener) return opener.open(place.uri.slice(colon + 1), place);
  const known = [...OPENERS.values()].map(({ form }) => form).join(', ');
  throw new ConfigError(`keys with the scheme \`${scheme}:\` are not supported`, `Supported: ${known}.`);
}

/** The keys that one server or one command has opened. */
export type KeyRing = { open: typeof openKey; close: () => Promise<void> };

/** `close` closes every key that `open` has returned. */
export function keyRing(opener: typeof openKey = openKey): KeyRing {
  const opened: KeyProvider[] = [];
  return {
    async open(place) {
      const key = await opener(place);
      opened.push(key);
      return key;
    },
    async close() {
      await Promise.all(opened.splice(0).map(async (key) => key.close?.()));
    },
  };
}
