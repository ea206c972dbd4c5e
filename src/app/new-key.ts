/** Makes the key of a new CA where it will live. */
import { ConfigError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import { assertPinned, readKeyUri } from '../keys/key-uri.ts';
import type { TokenKeyKind } from '../keys/pkcs11/token-key.ts';
import type { KeyChoice } from '../keys/software.ts';
import { OID } from '../pkix/oids.ts';
import { elsewhere, type KeyPlace, tokenPlace } from './key-ring.ts';
import { tokenSigner } from './token-signer.ts';

const KINDS: Readonly<Partial<Record<KeyChoice, TokenKeyKind>>> = {
  'rsa-2048': { rsaBits: 2048 },
  'rsa-3072': { rsaBits: 3072 },
  'rsa-4096': { rsaBits: 4096 },
  p256: { curve: OID.p256 },
  p384: { curve: OID.p384 },
};

/** A new key in a token, which only signs and cannot leave it. Its user closes it. Throws ConfigError. */
export async function newKeyElsewhere(place: KeyPlace, choice: KeyChoice): Promise<KeyProvider> {
  const uri = readKeyUri(place.uri);
  const kind = KINDS[choice];
  if (uri.scheme !== 'pkcs11')
    throw new ConfigError(
      `no key can be made with the scheme \`${uri.scheme}:\``,
      'Make a PKCS#11 key here, or make the key with the tools of its service.',
    );
  if (!kind) throw new ConfigError(`no ${choice} key can be made in a token`, 'Choose an RSA or EC key.');
  const key = elsewhere(await tokenSigner(await tokenPlace(uri, place), kind), place, uri);
  assertPinned(key.spki, uri.pin, place.what);
  return key;
}
