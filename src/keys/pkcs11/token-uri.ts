/** `pkcs11:` URIs (RFC 7512) as this product reads them. */
import { ConfigError } from '../../core/errors.ts';
import { assertKnown, attributesOf, type KeyUri } from '../key-uri.ts';

/** What a token must have to be the one that is meant: its label, and so on. */
export type TokenChoice = { token?: string; serial?: string; manufacturer?: string; model?: string; slotId?: number };

/** Which key of which token of which module. `id` is CKA_ID, `object` CKA_LABEL; `pinSource` is the path of a file. */
export type TokenUri = {
  module: string;
  choice: TokenChoice;
  object?: string;
  id?: Uint8Array;
  pinSource?: string;
  /** Whether a key that can leave the token is accepted. */
  extractable: boolean;
};

const PATH = ['token', 'serial', 'manufacturer', 'model', 'slot-id', 'object', 'id', 'type'];
const QUERY = ['module-path', 'pin-source', 'extractable'];

/** Throws ConfigError; no error repeats a value. */
export function readTokenUri({ path, query }: KeyUri): TokenUri {
  const { id, rest } = withoutId(path);
  const named = attributesOf(rest, ';');
  if (query.has('pin-value')) throw new ConfigError('a `pkcs11:` key with `pin-value`', PIN);
  assertKnown(named, PATH, 'pkcs11');
  assertKnown(query, QUERY, 'pkcs11');
  if (named.has('type') && named.get('type') !== 'private')
    throw new ConfigError('a `pkcs11:` key with another `type` than `private`', 'Leave it out: the private key signs.');
  const object = named.get('object');
  if (object === undefined && id === undefined)
    throw new ConfigError('a `pkcs11:` key without `object` and without `id`', `Name the key: ${EXAMPLE}.`);
  const source = query.get('pin-source');
  const pinSource = source === undefined ? undefined : absolute(source, 'pin-source');
  return {
    module: absolute(query.get('module-path') ?? '', 'module-path'),
    choice: choiceOf(named),
    extractable: query.get('extractable') === 'allow',
    ...(object !== undefined && { object }),
    ...(id && { id }),
    ...(pinSource !== undefined && { pinSource }),
  };
}

const EXAMPLE =
  '`pkcs11:token=ca;object=issuing?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/openndes/pin`';
const PIN = 'Put the PIN into a file that only openndes may read, and name it: `pin-source=/etc/openndes/pin`.';

function choiceOf(named: ReadonlyMap<string, string>): TokenChoice {
  const slot = named.get('slot-id');
  if (slot !== undefined && !/^\d{1,10}$/.test(slot))
    throw new ConfigError('`slot-id` of a `pkcs11:` key is not a number', 'Better name the token: slots can move.');
  const texts = ['token', 'serial', 'manufacturer', 'model'].flatMap((name) => {
    const value = named.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(texts), ...(slot !== undefined && { slotId: Number(slot) }) };
}

/** A path, or a `file:` URI of one. */
function absolute(value: string, name: string): string {
  const path = value.replace(/^file:(\/\/(?=\/))?/, '');
  if (/^([a-z]:)?[\\/]/i.test(path)) return path;
  throw new ConfigError(
    `\`${name}\` of a \`pkcs11:\` key is not the absolute path of a file`,
    `Write it like ${EXAMPLE}.`,
  );
}

/** `id` is octets and no text, so that it is decoded here. */
function withoutId(path: string): { id?: Uint8Array; rest: string } {
  const parts = path.split(';').filter(Boolean);
  const written = parts.find((each) => each.startsWith('id='))?.slice(3);
  if (written === undefined) return { rest: path };
  if (!/^(%[0-9a-f]{2}|[^%])+$/i.test(written))
    throw new ConfigError(
      '`id` of a `pkcs11:` key cannot be decoded',
      'Write each octet as `%` and two hexadecimal digits.',
    );
  const octets = written.replace(
    /%([0-9a-f]{2})|(.)/gis,
    (_all, hex?: string, plain?: string) => hex ?? Buffer.from(plain ?? '').toString('hex'),
  );
  return { id: Buffer.from(octets, 'hex'), rest: parts.filter((each) => !each.startsWith('id=')).join(';') };
}
