/** The request that a challenge is made for: the one that the device's profile makes it send. */
import { catchDerError } from '../asn1/limits.ts';
import { KEY_USAGES, type KeyUsage } from '../pkix/extensions.ts';
import { generalNameFromText } from '../pkix/general-name.ts';
import { nameFromText } from '../pkix/name.ts';
import { EXTENDED_KEY_USAGES } from '../pkix/oids.ts';
import { type BodyField, FIELD, oneOf, readBody } from './control-body.ts';

/** The expected request. Names of the members as in the JSON of `POST /challenges`. */
export type Expectation = {
  /** RFC 4514; empty when the profile names the device only in `san`. */
  subject: string;
  /** All names, each with the prefix `dns:`, `email:`, `upn:`, `uri:` or `ip:`. Absent: the request must have none. */
  san?: readonly string[];
  /** Absent: not compared. The same holds for the next two. */
  keyUsage?: readonly KeyUsage[];
  /** Names such as clientAuth, or dotted OIDs. */
  extendedKeyUsage?: readonly string[];
  /** Bits of the modulus. */
  keyLength?: number;
  /** Validity of the challenge; one hour when absent. Zero or less makes one that has expired. */
  validitySeconds?: number;
  /** Ids in the challenge; random when absent. */
  deviceId?: string;
  userId?: string;
  profileId?: string;
  /** Keys that the device has registered, SHA-256 of their SubjectPublicKeyInfo in base64. Absent: not compared. */
  registeredKeys?: readonly string[];
  /** `replaced`: signed with a key of Intune that is not the present one. */
  signer?: 'replaced';
};

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isKeyUsage = (value: unknown): boolean => (KEY_USAGES as readonly unknown[]).includes(value);

const FIELDS: Readonly<Record<keyof Expectation, BodyField>> = {
  subject: {
    accepts: (value) => isText(value) && isParsable(() => nameFromText(value)),
    description: 'a distinguished name, such as "CN=device-1,O=Contoso"',
  },
  san: {
    accepts: (value) => isTexts(value) && value.every((name) => isParsable(() => generalNameFromText(name))),
    description: 'a list of names with dns:, email:, upn:, uri: or ip: before each',
  },
  keyUsage: {
    accepts: (value) => Array.isArray(value) && value.length > 0 && value.every(isKeyUsage),
    description: `a list of ${KEY_USAGES.join(', ')}`,
  },
  extendedKeyUsage: {
    accepts: (value) => isTexts(value) && value.length > 0 && value.every((usage) => usageOid(usage) !== undefined),
    description: `a list of dotted OIDs or of ${Object.keys(EXTENDED_KEY_USAGES).join(', ')}`,
  },
  keyLength: {
    accepts: (value) => Number.isInteger(value) && (value as number) > 0,
    description: 'a number of bits, such as 2048',
  },
  validitySeconds: FIELD.seconds,
  deviceId: FIELD.text,
  userId: FIELD.text,
  profileId: FIELD.text,
  registeredKeys: FIELD.texts,
  signer: oneOf(['replaced']),
};

/** The expectation in a JSON body. Throws ControlError, whose message names the member and the accepted values. */
export const readExpectation = (value: unknown): Expectation => readBody<Expectation>(value, FIELDS, ['subject']);

/** The OID of an extended key usage given by name or as a dotted OID; undefined when it is neither. */
export const usageOid = (text: string): string | undefined =>
  Object.hasOwn(EXTENDED_KEY_USAGES, text)
    ? EXTENDED_KEY_USAGES[text]
    : /^[012](\.(0|[1-9]\d*))+$/.test(text)
      ? text
      : undefined;

const isParsable = (read: () => unknown): boolean =>
  catchDerError(
    () => {
      read();
      return true;
    },
    () => false,
  );
