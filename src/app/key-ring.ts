/** Opens the keys that a configuration names by URI, and closes them again. */
import type { KeyProvider } from '../core/keys.ts';
import { ConfigError } from '../core/errors.ts';
import { keyDeadline, systemClock } from '../embed/system.ts';
import { assertPinned, type KeyUri, readKeyUri } from '../keys/key-uri.ts';
import { readTokenUri } from '../keys/pkcs11/token-uri.ts';
import { remoteKey, type RemoteSigner } from '../keys/remote-key.ts';
import { keyFromPem } from '../keys/software.ts';
import { readPrivateFile } from './files.ts';
import { assertSigns, openAwsKey, openAzureKey, openGoogleKey } from './kms-keys.ts';
import { forgetPassphrase, promptedPassphrase } from './passphrase-prompt.ts';
import { type TokenKeyPlace, tokenSigner } from './token-signer.ts';

/** `what` says whose key it is, for errors: `the key of the issuing CA`. */
export type KeyPlace = { uri: string; passphrase?: string; what: string };

/** Throws ConfigError. */
type OpenElsewhere = (uri: KeyUri, place: KeyPlace) => Promise<RemoteSigner>;

/** `form`: how its URI begins, and for what. */
type ElsewhereRow = { form: string; open: OpenElsewhere };

/** Schemes of keys that live elsewhere. Another place of keys is another row. */
const ELSEWHERE: ReadonlyMap<string, ElsewhereRow> = new Map<string, ElsewhereRow>([
  ['pkcs11', { form: '`pkcs11:` for a token or HSM (RFC 7512)', open: (uri, place) => openTokenKey(uri, place) }],
  ['awskms', { form: '`awskms:` for AWS KMS', open: openAwsKey }],
  ['azurekms', { form: '`azurekms:` for Azure Key Vault', open: openAzureKey }],
  ['gcpkms', { form: '`gcpkms:` for Google Cloud KMS', open: openGoogleKey }],
]);

/** Opens one key. Throws ConfigError, which names the scheme and never the rest of an unknown URI: it may hold a PIN. */
export async function openKey(place: KeyPlace): Promise<KeyProvider> {
  const colon = place.uri.indexOf(':');
  const scheme = place.uri.slice(0, colon).toLowerCase();
  if (scheme === 'file') return keyFromFile(place.uri.slice(colon + 1), place);
  const row = ELSEWHERE.get(scheme);
  if (row) return keyElsewhere(readKeyUri(place.uri), place, row.open);
  const known = ['`file:PATH` for a PEM file', ...[...ELSEWHERE.values()].map(({ form }) => form)].join(', ');
  throw new ConfigError(`keys with the scheme \`${scheme}:\` are not supported`, `Supported: ${known}.`);
}

/** An encrypted file whose passphrase is not configured is opened by the person at the terminal. */
async function keyFromFile(path: string, { passphrase, what }: KeyPlace): Promise<KeyProvider> {
  const pem = readPrivateFile(path, what).toString();
  if (passphrase !== undefined || !pem.includes('ENCRYPTED')) return keyFromPem(pem, path, passphrase);
  const asked = `${what} (${path})`;
  try {
    return keyFromPem(pem, path, await promptedPassphrase(asked));
  } catch (error) {
    forgetPassphrase(asked);
    throw error;
  }
}

async function keyElsewhere(uri: KeyUri, place: KeyPlace, open: OpenElsewhere): Promise<KeyProvider> {
  const signer = await open(uri, place);
  try {
    const key = elsewhere(signer, place, uri);
    assertPinned(key.spki, uri.pin, place.what);
    await assertSigns(key);
    return key;
  } catch (error) {
    await signer.close?.();
    throw error;
  }
}

/** A signer as a key, with the time limits of this system. */
export const elsewhere = (signer: RemoteSigner, { what }: KeyPlace, { scheme }: KeyUri): KeyProvider =>
  remoteKey(signer, { what: `${what} (${scheme})`, deadline: keyDeadline, clock: systemClock });

const openTokenKey: OpenElsewhere = async (uri, place) => tokenSigner(await tokenPlace(uri, place));

/** The PIN is in the file that the URI names, or it is the passphrase of the key. Throws ConfigError. */
export async function tokenPlace(uri: KeyUri, { passphrase, what }: KeyPlace): Promise<TokenKeyPlace> {
  const { pinSource, ...token } = readTokenUri(uri);
  const pin =
    pinSource === undefined
      ? (passphrase ?? (await promptedPassphrase(`${what} (PIN of the PKCS#11 token)`)))
      : pinFrom(pinSource);
  return { ...token, ...(pin !== undefined && { pin }) };
}

const pinFrom = (path: string): string =>
  readPrivateFile(path, 'the PIN of a PKCS#11 token')
    .toString()
    .replace(/\r?\n$/, '');

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
