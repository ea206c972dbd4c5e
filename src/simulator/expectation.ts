/** What a challenge is minted for: the request that the device's profile makes it send. */
import { DerError } from '../asn1/limits.ts';
import { KEY_USAGES, type KeyUsage, generalNameFromText } from '../pkix/extensions.ts';
import { nameFromText } from '../pkix/name.ts';
import { EXTENDED_KEY_USAGES } from '../pkix/oids.ts';
import { ControlError } from './control-error.ts';

export type Expectation = {
  /** RFC 4514; empty when the profile names the device in `san` alone. */
  subject: string;
  /** All of the names, each with `dns:`, `email:`, `upn:`, `uri:` or `ip:` before it. Absent: the request has none. */
  san?: readonly string[];
  /** Absent: not compared, and so for the following two. */
  keyUsage?: readonly KeyUsage[];
  /** Names such as clientAuth, or dotted OIDs. */
  extendedKeyUsage?: readonly string[];
  /** Bits of the modulus. */
  keyLength?: number;
  /** How long the challenge is good for; one hour when absent. Zero or less makes one that has expired. */
  validitySeconds?: number;
};

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isKeyUsage = (value: unknown): boolean => (KEY_USAGES as readonly unknown[]).includes(value);

type Field = { accepts: (value: unknown) => boolean; words: string };
const FIELDS: Readonly<Record<keyof Expectation, Field>> = {
  subject: {
    accepts: (value) => isText(value) && readable(() => nameFromText(value)),
    words: 'a distinguished name, such as "CN=device-1,O=Contoso"',
  },
  san: {
    accepts: (value) => isTexts(value) && value.every((name) => readable(() => generalNameFromText(name))),
    words: 'a list of names with dns:, email:, upn:, uri: or ip: before each',
  },
  keyUsage: {
    accepts: (value) => Array.isArray(value) && value.length > 0 && value.every(isKeyUsage),
    words: `a list of ${KEY_USAGES.join(', ')}`,
  },
  extendedKeyUsage: {
    accepts: (value) => isTexts(value) && value.length > 0 && value.every((usage) => usageOid(usage) !== undefined),
    words: `a list of dotted OIDs or of ${Object.keys(EXTENDED_KEY_USAGES).join(', ')}`,
  },
  keyLength: {
    accepts: (value) => Number.isInteger(value) && (value as number) > 0,
    words: 'a number of bits, such as 2048',
  },
  validitySeconds: {
    accepts: (value) => Number.isSafeInteger(value) && Math.abs(value as number) <= 1e9,
    words: 'a whole number of seconds',
  },
};

/** The expectation in a JSON body. Throws ControlError that names the field and what it may be. */
export function readExpectation(value: unknown): Expectation {
  if (typeof value !== 'object' || value === null) throw new ControlError('Send a JSON object with a `subject`.');
  const given = Object.entries(value).filter(([, part]) => part !== undefined);
  const fields: Readonly<Record<string, Field>> = FIELDS;
  for (const [name, part] of given) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!field) throw new ControlError(`${name}: unknown; there are ${Object.keys(FIELDS).join(', ')}`);
    if (!field.accepts(part)) throw new ControlError(`${name}: must be ${field.words}`);
  }
  if (!('subject' in value)) throw new ControlError(`subject: is missing; it is ${FIELDS.subject.words}`);
  return Object.fromEntries(given) as Expectation;
}

/** The OID of an extended key usage given by name or as a dotted OID; undefined when it is neither. */
export const usageOid = (text: string): string | undefined =>
  Object.hasOwn(EXTENDED_KEY_USAGES, text)
    ? EXTENDED_KEY_USAGES[text]
    : /^[012](\.(0|[1-9]\d*))+$/.test(text)
      ? text
      : undefined;

function readable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}
