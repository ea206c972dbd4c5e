/** The certification request of a device, put together from octets, so that a test decides about each of them. */
import { explicit } from '../../../src/asn1/tags.ts';
import {
  bitString,
  boolean,
  encode,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  setOf,
  smallInteger,
} from '../../../src/asn1/writer.ts';
import type { Digest, KeyProvider } from '../../../src/core/keys.ts';

/** Octets are hexadecimal. */
export type RequestOctets = {
  /** Name. */
  subject: string;
  /** Values of extensions by OID, with `critical ` before those that are to be. */
  extensions: Readonly<Record<string, string>>;
  /** Whole Attributes beside the challenge and the extensions. */
  attributes?: readonly string[];
  /** The digest of its signature. */
  digest?: Digest;
};

const SIGNATURES: Readonly<Partial<Record<Digest, string>>> = {
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7';

const octets = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
const attribute = (type: string, value: Uint8Array): Uint8Array => sequence(oid(type), setOf(value));

function extension([id, text]: [string, string]): Uint8Array {
  const value = octetString(octets(text.replace('critical ', '')));
  return text.startsWith('critical ') ? sequence(oid(id), boolean(true), value) : sequence(oid(id), value);
}

/** A PKCS#10 request, DER, signed with an RSA key. */
export async function certificationRequest(
  { subject, extensions, attributes = [], digest = 'sha256' }: RequestOctets,
  challenge: string,
  key: KeyProvider,
): Promise<Uint8Array> {
  const requested = Object.entries(extensions).map(extension);
  const all = [
    attribute(CHALLENGE_PASSWORD, printableString(challenge)),
    ...(requested.length > 0 ? [attribute(EXTENSION_REQUEST, sequence(...requested))] : []),
    ...attributes.map(octets),
  ];
  const info = sequence(smallInteger(0), octets(subject), key.spki, encode(explicit(0), ...all));
  const signature = await key.sign({ data: info, digest, scheme: 'pkcs1' });
  return sequence(info, sequence(oid(SIGNATURES[digest] ?? ''), nullValue), bitString(signature));
}
