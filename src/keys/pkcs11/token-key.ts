/** Finds and makes keys in a token. Runs in a process of its own. */
import { bitString, nullValue, oid, sequence, unsignedInteger } from '../../asn1/writer.ts';
import { DerReader } from '../../asn1/reader.ts';
import { TAG } from '../../asn1/tags.ts';
import { ConfigError } from '../../core/errors.ts';
import { OID } from '../../pkix/oids.ts';
import { CK, type Attribute, type Handle } from './cryptoki.ts';
import type { TokenSession } from './token-session.ts';
import type { TokenUri } from './token-uri.ts';

/** How a key is named in its token. */
export type TokenObject = Pick<TokenUri, 'object' | 'id'>;

/** A private key of a token. `spki` is DER. */
export type TokenKey = { key: Handle; spki: Uint8Array; rsa: boolean; protects: boolean; mayDecrypt: boolean };

/** The one key that fits. Throws ConfigError when there is none, more than one, or one that is neither RSA nor EC. */
export function findKey(token: TokenSession, wanted: TokenObject): TokenKey {
  const [key, ...others] = objects(token, CK.CKO_PRIVATE_KEY, wanted);
  if (!key) throw new ConfigError('no private key of the PKCS#11 token fits', NAMES);
  if (others.length > 0) throw new ConfigError(`${others.length + 1} private keys of the PKCS#11 token fit`, NAMES);
  const type = numberOf(token, key, CK.CKA_KEY_TYPE);
  if (type !== CK.CKK_RSA && type !== CK.CKK_EC)
    throw new ConfigError(
      'a key of the PKCS#11 token that is neither RSA nor EC',
      'Make an RSA or EC key in the token.',
    );
  const rsa = type === CK.CKK_RSA;
  return {
    key,
    spki: rsa ? rsaPublic(token, key) : ecPublic(token, key, wanted),
    rsa,
    protects: isSet(token, key, CK.CKA_SENSITIVE) && !isSet(token, key, CK.CKA_EXTRACTABLE),
    mayDecrypt: rsa && isSet(token, key, CK.CKA_DECRYPT),
  };
}

const NAMES =
  'Name the key by its label, `object=`, or by its id, `id=%01`. `pkcs11-tool --list-objects --login` shows both.';

/** A key of this kind: bits of the modulus of RSA, or a curve of EC by its OID. */
export type TokenKeyKind = { rsaBits: number } | { curve: string };

/** Makes a key that only signs and cannot leave the token. Throws ConfigError when one with this name is there. */
export function makeKey(token: TokenSession, wanted: TokenObject, kind: TokenKeyKind): TokenKey {
  if (objects(token, CK.CKO_PRIVATE_KEY, wanted).length > 0)
    throw new ConfigError(
      'the PKCS#11 token has a key with this name already',
      'Choose another `object=`; nothing was changed.',
    );
  const names: Attribute[] = attributesOfName(wanted);
  const rsa = 'rsaBits' in kind;
  const form: Attribute[] = rsa
    ? [
        { type: CK.CKA_MODULUS_BITS, value: kind.rsaBits },
        { type: CK.CKA_PUBLIC_EXPONENT, value: Buffer.of(1, 0, 1) },
      ]
    : [{ type: CK.CKA_EC_PARAMS, value: Buffer.from(oid(kind.curve)) }];
  token.cryptoki.C_GenerateKeyPair(
    token.session,
    { mechanism: rsa ? CK.CKM_RSA_PKCS_KEY_PAIR_GEN : CK.CKM_EC_KEY_PAIR_GEN },
    [...names, ...form, { type: CK.CKA_TOKEN, value: true }, { type: CK.CKA_VERIFY, value: true }],
    [
      ...names,
      ...[CK.CKA_TOKEN, CK.CKA_PRIVATE, CK.CKA_SENSITIVE, CK.CKA_SIGN].map((type) => ({ type, value: true })),
      { type: CK.CKA_EXTRACTABLE, value: false },
      { type: CK.CKA_DECRYPT, value: false },
    ],
  );
  return findKey(token, wanted);
}

const attributesOfName = ({ object, id }: TokenObject): Attribute[] => [
  ...(object === undefined ? [] : [{ type: CK.CKA_LABEL, value: object }]),
  ...(id === undefined ? [] : [{ type: CK.CKA_ID, value: Buffer.from(id) }]),
];

function objects({ cryptoki, session }: TokenSession, type: number, named: TokenObject): Handle[] {
  cryptoki.C_FindObjectsInit(session, [{ type: CK.CKA_CLASS, value: type }, ...attributesOfName(named)]);
  try {
    return cryptoki.C_FindObjects(session, 10);
  } finally {
    cryptoki.C_FindObjectsFinal(session);
  }
}

function valueOf({ cryptoki, session }: TokenSession, object: Handle, type: number): Buffer {
  const [attribute] = cryptoki.C_GetAttributeValue(session, object, [{ type }]);
  return attribute?.value ?? Buffer.alloc(0);
}

const numberOf = (token: TokenSession, object: Handle, type: number): number => {
  const value = valueOf(token, object, type);
  return value.readUIntLE(0, Math.min(value.length, 6));
};

const isSet = (token: TokenSession, object: Handle, type: number): boolean => valueOf(token, object, type)[0] === 1;

function rsaPublic(token: TokenSession, key: Handle): Uint8Array {
  const [modulus, exponent] = [CK.CKA_MODULUS, CK.CKA_PUBLIC_EXPONENT].map((type) => valueOf(token, key, type));
  const numbers = sequence(unsignedInteger(modulus ?? key), unsignedInteger(exponent ?? key));
  return sequence(sequence(oid(OID.rsaEncryption), nullValue), bitString(numbers));
}

/** A private key of EC does not have its point: that is in the public key with the same id. */
function ecPublic(token: TokenSession, key: Handle, wanted: TokenObject): Uint8Array {
  const id = valueOf(token, key, CK.CKA_ID);
  const [found] = objects(token, CK.CKO_PUBLIC_KEY, id.length > 0 ? { id } : wanted);
  if (!found)
    throw new ConfigError(
      'the PKCS#11 token has no public key beside an EC key',
      'Import the public key into the token too, with the same `id`.',
    );
  const point = pointOf(valueOf(token, found, CK.CKA_EC_POINT));
  const curve = valueOf(token, key, CK.CKA_EC_PARAMS);
  return sequence(sequence(oid(OID.ecPublicKey), curve), bitString(point));
}

/** Octets of an uncompressed point on P-256, P-384 and P-521. Some modules give the point and not an OCTET STRING of it. */
const POINTS = [65, 97, 133];
const pointOf = (value: Buffer): Uint8Array =>
  POINTS.includes(value.length) ? value : DerReader.over(value).read(TAG.octetString);
